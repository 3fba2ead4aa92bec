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
