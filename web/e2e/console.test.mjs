// The console against the real binary with the demo city: what an operator does, by keyboard where it can be.
// Waiting is for a state of the page, never for a time.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { listedAndDrawn } from './map.mjs';
import { api, signIn, startConsole } from './platform.mjs';

let platform, context, page, faults, server, stop;

before(async () => {
  ({ platform, context, page, faults, server, stop } = await startConsole({ kept: null }));
  await page.addInitScript(() => localStorage.setItem('vigiles', JSON.stringify({ theme: 'dark', locale: 'en', tourDone: sessionStorage.getItem('tour') !== 'again' })));
});

after(() => stop?.());

const open = (path) => page.goto(platform.url + path);
/** Layers of the map that draw something now, with how much. */
const drawn = (layer) => page.evaluate((name) => globalThis.vigilesMap?.getLayer(name) ? globalThis.vigilesMap.queryRenderedFeatures({ layers: [name] }).length : 0, layer);
const until = (fn, argument = undefined) => page.waitForFunction(fn, argument, { timeout: 90_000 });
const mapDraws = (layer) => until((name) => globalThis.vigilesMap?.getLayer(name) && globalThis.vigilesMap.queryRenderedFeatures({ layers: [name] }).length > 0, layer);

test('a one-time link signs in and leads to the map', async () => {
  await signIn(page, platform.link);
  await page.getByRole('region', { name: 'Live map' }).first().waitFor();
  assert.ok(!page.url().includes('link='), 'the token stays in the address');
});

test('the map draws the base map, the assets and their values', async () => {
  for (const layer of ['road', 'building', 'asset-disc', 'value']) await mapDraws(layer);
  assert.ok((await drawn('asset-disc')) > 10);
});

test('an incident appears in the queue and on the map by itself', async () => {
  await page.locator('[data-entry=incident]').first().waitFor({ timeout: 120_000 });
  await mapDraws('entry');
  const entries = await listedAndDrawn(page);
  assert.deepEqual(entries.drawn, entries.listed);
  assert.ok(entries.drawn.length > 0);
});

test('queue and map show the same set under a filter', async () => {
  await page.keyboard.press('/');
  await page.keyboard.type('nothing is called so');
  await page.getByText('Nothing matches the filters').waitFor();
  await until(() => globalThis.vigilesMap.queryRenderedFeatures({ layers: ['entry'] }).length === 0);
  await page.getByRole('button', { name: 'Clear filters' }).first().click();
  await mapDraws('entry');
});

test('pointing at an entry flashes its mark on the map', async () => {
  const id = (await page.locator('[data-entry=incident]').first().getAttribute('id')).replace('entry-', '');
  // The queue lives: an entry that arrives above moves this one from under the pointer, which then follows it.
  const entry = page.locator(`#entry-${id}`);
  const flashes = (held) => globalThis.vigilesMap.getFeatureState({ source: 'entries', id: held }).h === true;
  let seen = false;
  for (let moves = 0; moves < 40 && !seen; moves += 1) {
    await page.mouse.move(5, 5);
    await entry.hover();
    seen = await page.waitForFunction(flashes, id, { timeout: 2000 }).then(() => true, () => false);
  }
  assert.ok(seen, `the mark of ${id} never flashed`);
});

test('an incident is handled by keyboard alone', async () => {
  const made = await server.post('/incidents', { title: 'Smoke in the tunnel', incident_type: 'fire', priority: 'p1', severity: 'extreme', place: { type: 'Point', coordinates: [7.4232, 43.7362] } });
  assert.equal(made.status, 201);
  await page.locator(`#entry-${made.body.id}`).waitFor();
  await page.locator('body').press('Escape');
  await page.keyboard.press('j');
  const view = page.locator(`[data-incident="${made.body.id}"]`);
  await view.waitFor();
  // As when an alarm has joined a moment ago and the page does not know it yet.
  await server.post(`/incidents/${made.body.id}/notes`, { text: 'Meanwhile' });
  await page.evaluate((id) => {
    const { incidents } = globalThis.vigilesLive.live;
    incidents.set(id, { ...incidents.get(id), version: 1 });
  }, made.body.id);
  await page.keyboard.press('a');
  await view.locator('[data-state=acknowledged]').waitFor();
  await page.keyboard.press('w');
  await view.locator('[data-state=in_progress]').waitFor();
  await page.keyboard.press('n');
  await page.keyboard.type('Fire brigade is on its way');
  await page.keyboard.press('Control+Enter');
  await view.getByText('Fire brigade is on its way').last().waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('r');
  await view.getByLabel('What settled it?').waitFor();
  await page.keyboard.type('False alarm, a welder');
  await page.keyboard.press('Enter');
  await view.locator('[data-state=resolved]').waitFor();
  const stored = await server.get(`/incidents/${made.body.id}`);
  assert.equal(stored.body.state, 'resolved');
  assert.ok(JSON.stringify(stored.body.timeline).includes('a welder'));
});

test('two incidents are merged in the dialog', async () => {
  const place = { type: 'Point', coordinates: [7.4201, 43.7341] };
  const [into, from] = await Promise.all(['Water on the road', 'Water in the cellar'].map((title) => server.post('/incidents', { title, incident_type: 'water', priority: 'p1', severity: 'extreme', place })));
  await page.locator(`#entry-${from.body.id}`).waitFor();
  await page.locator(`#entry-${into.body.id}`).click();
  await page.locator(`[data-incident="${into.body.id}"]`).waitFor();
  await page.keyboard.press('m');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Water in the cellar').click();
  await dialog.getByRole('button', { name: 'Merge', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.locator(`#entry-${from.body.id}`).waitFor({ state: 'detached' });
  assert.equal((await server.get(`/incidents/${from.body.id}`)).body.merged_into, into.body.id);
});

test('alarms are split off into a new incident', async () => {
  // A rule of the control room's own that every reading of a common kind meets, so that its alarms share an incident.
  const { observations } = (await server.get('/picture')).body;
  const kind = observations.map((observation) => observation.kind).find((name) => observations.filter((o) => o.kind === name && o.asset && typeof o.value === 'number').length > 2);
  const { agency } = (await server.get('/session')).body.person;
  const rule = { id: 'everything', name: 'Everything', description: '', reason: 'For the test', stage: 'live', enabled: true, agency, kinds: [kind], key: 'asset', detector: { condition: { expression: 'value <= window("60s").max', for_s: 0, clear_for_s: 0 } }, alarm: { title: 'Reading at {asset}', severity: 'minor' }, cooldown_s: 0, incident: { incident_type: 'everything', priority: 'p4', radius_m: 20_000, window_s: 3600 } };
  assert.ok((await server.put('/rules/everything?untried=for+a+test', rule)).status < 300);
  const found = await until(() => [...globalThis.vigilesLive.live.incidents.values()].find((held) => held.incident_type === 'everything' && held.alarms.length > 1)?.id);
  const incident = { id: await found.jsonValue() };
  await open(`/incidents/${incident.id}`);
  await page.locator(`[data-incident="${incident.id}"]`).waitFor();
  await page.getByRole('button', { name: 'Split…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('checkbox').first().check();
  await dialog.getByLabel('Title of the new incident').fill('Split by hand');
  await dialog.getByRole('button', { name: 'Split', exact: true }).click();
  await page.getByRole('heading', { name: 'Split by hand' }).waitFor();
  assert.equal((await server.get(`/incidents/${page.url().split('/').pop()}`)).body.split_from, incident.id);
});

test('the rule editor names the column of an error while typing', async () => {
  await open('/rules/new');
  await page.getByLabel('Name', { exact: true }).fill('Column test');
  await page.getByText('Fine dust PM2.5').click();
  await page.getByRole('radio', { name: /Condition/ }).check();
  await page.getByLabel('Condition (CEL)').fill('value > and 3');
  // The fault of the empty condition stands at column 1 until the typed one has been checked.
  await page.locator('[data-column]:not([data-column="1"])').first().waitFor();
  await page.getByLabel('Condition (CEL)').fill('value > 3.0');
  await page.getByLabel('Title of the alarm').fill('Too high');
  await page.getByText('No faults').waitFor();
  await page.getByPlaceholder('Why this rule?').fill('For the test');
  await page.getByRole('button', { name: 'Save' }).click();
  await until(() => location.pathname === '/rules/column-test');
  assert.equal((await server.get('/rules/column-test')).body.detector.condition.expression, 'value > 3.0');
});

test('the scrubber moves the whole picture into the past and back', async () => {
  const made = await server.post('/incidents', { title: 'Just now', incident_type: 'fire', priority: 'p1', severity: 'severe', place: { type: 'Point', coordinates: [7.423, 43.736] } });
  await open('/');
  await page.locator(`#entry-${made.body.id}`).waitFor();
  await page.keyboard.press('[');
  await page.getByText('Past moment:').waitFor();
  await page.locator(`#entry-${made.body.id}`).waitFor({ state: 'detached' });
  assert.equal(await page.getByRole('button', { name: 'Acknowledge' }).count(), 0, 'the past cannot be changed');
  await page.keyboard.press('0');
  await page.locator(`#entry-${made.body.id}`).waitFor();
  await page.getByText('Past moment:').waitFor({ state: 'detached' });
});

test('the past shows the zones of then', async () => {
  const { agency } = (await server.get('/session')).body.person;
  const area = { type: 'Polygon', coordinates: [[[7.42, 43.73], [7.43, 43.73], [7.43, 43.74], [7.42, 43.73]]] };
  assert.equal((await server.put('/zones/fresh', { id: 'fresh', name: 'Drawn just now', class: 'district', area, agency, version: 0 })).status, 201);
  await open('/zones');
  await page.getByRole('link', { name: 'Drawn just now' }).waitFor();
  await page.keyboard.press('[');
  await page.getByText('Past moment:').waitFor();
  await page.getByRole('link', { name: 'Drawn just now' }).waitFor({ state: 'detached' });
  await page.keyboard.press('0');
  await page.getByRole('link', { name: 'Drawn just now' }).waitFor();
});

test('the palette goes to a page, the theme and the language by keyboard', async () => {
  await page.keyboard.press('Control+k');
  await page.keyboard.type('system');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'System', level: 1 }).waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('deutsch');
  await page.keyboard.press('Enter');
  await until(() => document.documentElement.lang === 'de');
  // The texts of the city's own tour have their German too.
  const [stop] = (await server.get('/city')).body.tour;
  await page.keyboard.press('Control+k');
  await page.keyboard.type('rundgang');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: stop.title_de }).waitFor();
  await page.getByText(stop.text_de).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('helles');
  await page.keyboard.press('Enter');
  await until(() => document.documentElement.dataset.theme === 'light');
});

test('no key is lost between two frames: the page acts before the next one is drawn', async () => {
  await open('/');
  await page.locator('.state.live').waitFor();
  await page.locator('[data-entry]').first().waitFor();
  // All within one task's turn of the event loop, as on a machine whose frames take seconds.
  const seen = await page.evaluate(async () => {
    const told = [];
    for (const [key, ctrlKey] of [['?'], ['Escape'], ['k', true], ['Escape'], ['k', true], ['Escape'], ['l'], ['Escape']]) {
      document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, ctrlKey: ctrlKey ?? false, bubbles: true, cancelable: true }));
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
      told.push(`${key}: ${document.querySelectorAll('dialog').length} ${document.querySelectorAll('#map-layers .panel').length}`);
    }
    return told;
  });
  assert.deepEqual(seen, ['?: 1 0', 'Escape: 0 0', 'k: 1 0', 'Escape: 0 0', 'k: 1 0', 'Escape: 0 0', 'l: 0 1', 'Escape: 0 0']);
});

test('a second window shares the one stream and takes it over', async () => {
  await open('/');
  await page.locator('.state.live').waitFor();
  const second = await context.newPage();
  second.setDefaultTimeout(60_000);
  await second.goto(platform.url);
  await second.locator('.state.live').waitFor();
  await page.close();
  const made = await api(second, platform.url).post('/incidents', { title: 'After the first window', incident_type: 'fire', priority: 'p1', severity: 'severe' });
  await second.locator(`#entry-${made.body.id}`).waitFor();
  await second.close();
});

test('no page said an error', () => assert.deepEqual(faults, []));
