// Zones: drawn, reshaped corner by corner, renamed, deleted, by mouse and by keyboard, on the real binary with the demo city.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clickAt, near, ready } from './map.mjs';
import { signIn, startConsole } from './platform.mjs';

let platform, page, faults, server, stop;

before(async () => {
  // Refusals are part of what is tried here; the browser writes each of them to its console.
  ({ platform, page, faults, server, stop } = await startConsole({ expected: [/status of (409|412|422)/] }));
  await signIn(page, platform.link);
  await ready(page);
});

after(() => stop?.());

const open = async (path) => {
  await page.goto(platform.url + path);
  await ready(page);
};

test('a zone is drawn by clicks, renamed, drawn anew by keyboard and deleted', async () => {
  await open('/zones/new');
  await page.getByLabel('Name', { exact: true }).fill('Harbour front');
  await page.getByLabel('Class').fill('geofence');
  await page.getByRole('button', { name: 'Draw on the map' }).click();
  const bar = page.getByRole('region', { name: 'Draw an area' });
  await bar.waitFor();
  const corners = await page.evaluate(() => { const { width, height } = globalThis.vigilesMap.getCanvas().getBoundingClientRect(); return [[0.4, 0.5], [0.7, 0.5], [0.7, 0.75]].map(([x, y]) => globalThis.vigilesMap.unproject([width * x, height * y]).toArray()); });
  for (let index = 0; index < corners.length; index += 1) {
    await clickAt(page, corners[index]);
    await bar.getByText(index === 0 ? '1 corner' : `${index + 1} corners`).waitFor();
  }
  await bar.getByRole('button', { name: 'Finish' }).click();
  await page.locator('[data-corners="3"]').waitFor();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL('**/zones/harbour-front');
  const stored = (await server.get('/zones/harbour-front')).body;
  assert.equal(stored.area.coordinates[0].length, 4);
  near(stored.area.coordinates[0][1], corners[1]);

  await page.locator('[data-corners="3"]').waitFor();
  await page.getByLabel('Name', { exact: true }).fill('Quay');
  await page.getByRole('button', { name: 'Draw anew' }).press('Enter');
  await page.waitForFunction(() => document.activeElement === globalThis.vigilesMap.getCanvas());
  for (const [index, key] of ['ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp'].entries()) {
    await page.keyboard.press('Enter');
    await bar.getByText(index === 0 ? '1 corner' : `${index + 1} corners`).waitFor();
    const before = await page.locator('[data-crosshair]').textContent();
    await page.keyboard.press(key);
    await page.waitForFunction((held) => document.querySelector('[data-crosshair]').textContent !== held && !globalThis.vigilesMap.isMoving(), before);
  }
  await page.keyboard.press('Backspace');
  await bar.getByText('3 corners').waitFor();
  await bar.getByRole('textbox').fill('43.7300, 7.4200');
  await page.keyboard.press('Enter');
  await bar.getByText('4 corners').waitFor();
  await bar.getByRole('button', { name: 'Finish' }).press('Enter');
  await page.locator('[data-corners="4"]').waitFor();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('version 2').waitFor();
  const renamed = (await server.get('/zones/harbour-front')).body;
  assert.equal(renamed.name, 'Quay');
  assert.deepEqual(renamed.area.coordinates[0][3], [7.42, 43.73]);

  await page.getByLabel('Area as GeoJSON').fill('{"type": "Point"');
  await page.getByText('This is not JSON.').waitFor();
  assert.ok(await page.getByRole('button', { name: 'Save' }).isDisabled());
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.waitForURL('**/zones');
  assert.equal((await server.get('/zones/harbour-front')).status, 404);
});

test('somebody else changed the zone meanwhile: nothing is overwritten', async () => {
  const area = { type: 'Polygon', coordinates: [[[7.42, 43.73], [7.43, 43.73], [7.43, 43.74], [7.42, 43.73]]] };
  const { agency } = (await server.get('/session')).body.person;
  const zone = { id: 'shared', name: 'Shared', class: 'district', area, agency, version: 0 };
  assert.equal((await server.put('/zones/shared', zone)).status, 201);
  await open('/zones/shared');
  await page.locator('[data-corners="3"]').waitFor();
  assert.equal((await server.put('/zones/shared', { ...zone, name: 'Theirs' }, { 'If-Match': '"1"' })).status, 200);
  await page.getByLabel('Name', { exact: true }).fill('Mine');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('alert').filter({ hasText: /version|changed/i }).first().waitFor();
  assert.equal((await server.get('/zones/shared')).body.name, 'Theirs');
});

const cornersAre = (n) => page.locator(`[data-corners="${n}"]`).waitFor();
const focused = (name) => page.waitForFunction((held) => (document.activeElement.ariaLabel ?? document.activeElement.textContent) === held && !globalThis.vigilesMap.isMoving(), name);
const ring = async () => JSON.parse(await page.getByLabel('Area as GeoJSON').inputValue()).coordinates[0];
const pixels = (place) => page.evaluate((held) => { const { x, y } = globalThis.vigilesMap.project(held); return [x, y]; }, place);
/** Within a pixel: corners are stored with six decimals. */
const drawnAt = async (place, wanted) => (await pixels(place)).forEach((at, axis) => assert.ok(Math.abs(at - wanted[axis]) < 1, `${at} is not ${wanted[axis]}`));
/** A square zone, stored, with its corners ready to be changed. */
async function editCorners(id) {
  const area = { type: 'Polygon', coordinates: [[[7.42, 43.73], [7.43, 43.73], [7.43, 43.74], [7.42, 43.74], [7.42, 43.73]]] };
  const { agency } = (await server.get('/session')).body.person;
  assert.equal((await server.put(`/zones/${id}`, { id, name: id, class: 'district', area, agency, version: 0 })).status, 201);
  await open(`/zones/${id}`);
  await cornersAre(4);
  await page.waitForFunction(() => !globalThis.vigilesMap.isMoving());
  await page.getByRole('button', { name: 'Edit corners' }).press('Enter');
  await focused('Corner 1 of 4');
}
/** The whole square in the middle of the map, away from what lies on its edges. */
async function showAll() {
  await page.waitForFunction(() => !globalThis.vigilesMap.isMoving());
  await page.evaluate(() => globalThis.vigilesMap.fitBounds([[7.42, 43.73], [7.43, 43.74]], { padding: 200, animate: false }));
}
async function drag(selector, dx, dy) {
  const { x, y, width, height } = await page.locator(selector).boundingBox();
  const [from, to] = [0, 1].map((share) => [x + width / 2 + dx * share, y + height / 2 + dy * share]);
  await page.mouse.move(...from);
  await page.mouse.down();
  await page.mouse.move(...to, { steps: 3 });
  await page.mouse.up();
}

test('single corners of a zone are dragged, added, removed and placed by mouse', async () => {
  await editCorners('bent');
  const bar = page.getByRole('region', { name: 'Edit corners' });
  const square = await ring();
  const [x, y] = await pixels(square[2]);
  await drag('[data-corner="0-2"]', -40, 30);
  await drawnAt((await ring())[2], [x - 40, y + 30]);
  await page.keyboard.press('Control+z');
  assert.deepEqual(await ring(), square);
  await drag('[data-middle="0-0"]', 0, -50);
  await cornersAre(5);
  await page.locator('[data-corner="0-3"]').dblclick();
  await cornersAre(4);
  // A corner that is put beyond the edge across. What is chosen is brought into view, so the others may have left it.
  const bent = await ring();
  await showAll();
  await page.locator('[data-corner="0-0"]').click();
  await clickAt(page, [7.43, 43.737]);
  await bar.getByRole('alert').filter({ hasText: 'crosses' }).waitFor();
  assert.ok(await page.getByRole('button', { name: 'Save' }).isDisabled());
  await page.keyboard.press('Control+z');
  await bar.getByRole('alert').waitFor({ state: 'detached' });
  await bar.getByRole('button', { name: 'Finish' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('version 2').waitFor();
  assert.deepEqual((await server.get('/zones/bent')).body.area.coordinates, [bent]);
});

test('single corners of a zone are moved, added and removed by keyboard; Escape leaves it as it was', async () => {
  await editCorners('stepped');
  const square = await ring();
  await page.keyboard.press('Tab');
  await focused('Corner 2 of 4');
  const [x, y] = await pixels(square[1]);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+ArrowUp');
  await drawnAt((await ring())[1], [x + 2, y - 20]);
  await page.keyboard.press('Insert');
  await focused('Corner 3 of 5');
  for (const left of ['Corner 2 of 4', 'Corner 1 of 3']) {
    await page.keyboard.press('Delete');
    await focused(left);
  }
  await page.keyboard.press('Delete');
  await page.getByText('at least three corners').waitFor();
  await page.keyboard.press('Control+z');
  await cornersAre(4);
  await page.keyboard.press('Escape');
  await focused('Edit corners');
  assert.deepEqual(await ring(), square);
});

test('no page said an error', () => assert.deepEqual(faults, []));
