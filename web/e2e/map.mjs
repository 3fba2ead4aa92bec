// What the tests ask of the map, and do on it.

import assert from 'node:assert/strict';

export const ready = (page) => page.waitForFunction(() => globalThis.vigilesMap?.getLayer('draft') && document.querySelector('[data-ready=true]'), undefined, { timeout: 90_000 });

export const near = (place, [lon, lat]) => assert.ok(Math.abs(place[0] - lon) < 0.0005 && Math.abs(place[1] - lat) < 0.0005, `${place} is not near ${lon}, ${lat}`);

/** Clicks the map where these places are drawn. */
export async function clickAt(page, ...places) {
  for (const place of places) {
    const at = await page.evaluate((held) => { const box = globalThis.vigilesMap.getCanvas().getBoundingClientRect(); const p = globalThis.vigilesMap.project(held); return { x: box.x + p.x, y: box.y + p.y }; }, place);
    await page.mouse.click(at.x, at.y);
  }
}

/** What the queue lists and the map draws, as soon as they agree; else how they differ. What has no place is not on the map. */
export const listedAndDrawn = (page) => page.evaluate(async () => {
  const end = performance.now() + 60_000;
  for (;;) {
    const listed = [...document.querySelectorAll('[data-entry]:not([data-placeless])')].map((entry) => entry.id.replace('entry-', '')).sort();
    const { features } = await globalThis.vigilesMap.getSource('entries').getData();
    const drawn = features.map((feature) => feature.properties.id).sort();
    if (listed.join() === drawn.join() || performance.now() > end) return { listed, drawn };
    // The map follows the queue by a frame.
    await new Promise((next) => requestAnimationFrame(next));
  }
});
