// What is done on one incident, and where incidents are found: on the map, in the queue, on their page. Against the real
// binary with the demo city, by its supervisor.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage } from './browser.mjs';
import { asAdministrator } from './drill.mjs';
import { listedAndDrawn, ready } from './map.mjs';
import { api, signIn, startConsole } from './platform.mjs';

let platform, browser, page, faults, server, stop;
/** On the water in front of the harbour: nothing else of the demo stands there. */
const WATER = { type: 'Point', coordinates: [7.4335, 43.733] };

before(async () => {
  // An answer that is cut off stands in the browser's console.
  ({ platform, browser, page, faults, server, stop } = await startConsole({ expected: [/ERR_CONNECTION_RESET/] }));
  await signIn(page, platform.link);
  await ready(page);
});

after(() => stop?.());

const open = (path) => page.goto(platform.url + path);
const view = (incident) => page.locator(`[data-incident="${incident.id}"]`);
const stored = async (incident) => (await server.get(`/incidents/${incident.id}`)).body;

async function make(title, part = {}) {
  const made = await server.post('/incidents', { title, incident_type: 'fire', priority: 'p3', severity: 'severe', place: WATER, ...part });
  assert.equal(made.status, 201);
  return made.body;
}

/** Moves an incident through these states by the API. */
async function lead(incident, ...states) {
  for (const to of states) assert.equal((await server.post(`/incidents/${incident.id}/state`, { to, reason: 'By the test' })).status, 200, to);
}

test('the sliders of what is near change what is asked and what is listed', async () => {
  const asset = (await server.get('/assets?limit=1000')).body.items.find((held) => held.place.type === 'Point');
  const incident = await make('Smell of gas', { place: asset.place });
  const answer = (radius, window) => page.waitForResponse((response) => response.url().endsWith(`/incidents/${incident.id}/nearby?radius_m=${radius}&window_s=${window}`));
  const asks = async (act, radius, window) => {
    const [response] = await Promise.all([answer(radius, window), act()]);
    return response.json();
  };
  /** As many assets stand in the list as the answer names, eight at most. */
  const lists = ({ assets }) => page.waitForFunction((count) => document.querySelectorAll('section:has(input[type=range]) > ul a[href^="/assets/"]').length === count, Math.min(8, assets.length));
  await lists(await asks(() => open(`/incidents/${incident.id}`), 500, 1800));
  const radius = view(incident).getByRole('slider', { name: 'Within' });
  const near = await asks(() => radius.press('Home'), 50, 1800);
  assert.ok(near.assets.some(({ id }) => id === asset.id), 'the asset at its place is not near');
  await lists(near);
  const far = await asks(() => radius.press('End'), 5000, 1800);
  assert.ok(far.assets.length > Math.max(8, near.assets.length));
  await lists(far);
  await view(incident).getByText(`In all ${far.assets.length} assets`).waitFor();
  const window = view(incident).getByRole('slider', { name: 'Around' });
  await asks(() => window.press('Home'), 5000, 300);
  await asks(() => window.press('ArrowRight'), 5000, 900);
});

test('a task is ticked off and another one skipped, with the reason', async () => {
  const steps = ['Close the quay', 'Call the harbour master', 'Write the report'].map((title) => ({ title, instruction: '', action: 'manual' }));
  assert.equal((await server.put('/playbooks/quay', { id: 'quay', name: 'Quay', steps, version: 0 })).status, 201);
  const incident = await make('Boat adrift');
  await open(`/incidents/${incident.id}`);
  await view(incident).getByLabel('Start a playbook').selectOption({ label: 'Quay' });
  const task = (index, state) => view(incident).locator(`[data-tour=tasks] li.${state}`, { hasText: steps[index].title });
  await task(0, 'running').getByRole('button', { name: 'Done' }).click();
  await task(0, 'done').waitFor();
  await task(1, 'running').getByRole('button', { name: 'Skip' }).click();
  await task(1, 'running').getByLabel('Why is it skipped?').fill('Nobody is on duty');
  await page.keyboard.press('Enter');
  await task(1, 'skipped').waitFor();
  await task(2, 'running').waitFor();
  const held = await stored(incident);
  assert.deepEqual(held.tasks.map(({ state }) => state), ['done', 'skipped', 'running']);
  assert.ok(JSON.stringify(held).includes('Nobody is on duty'));
});

test('the priority is changed, and the history says so', async () => {
  const incident = await make('Barrier open');
  await open(`/incidents/${incident.id}`);
  await view(incident).getByRole('combobox', { name: 'Priority' }).selectOption('p1');
  await view(incident).getByText('Priority P3 → P1').waitFor();
  await view(incident).locator('.tag', { hasText: 'P1 · at once' }).waitFor();
  assert.equal((await stored(incident)).priority, 'p1');
});

/** Somebody of another agency who handles incidents, by the API. */
async function ofAgency(agency) {
  const account = { name: `${agency}-desk`, password: 'another long password' };
  const root = await openPage(browser);
  await asAdministrator(root.page, platform.administrator);
  assert.equal((await api(root.page, platform.url).post('/accounts', { ...account, roles: ['operator'], agency })).status, 201);
  await root.context.close();
  const desk = api((await openPage(browser)).page, platform.url);
  assert.ok((await desk.post('/session', account)).status < 300);
  return desk;
}

test('the lead is handed over by keyboard; who led may still add a note', async () => {
  const { agency } = (await server.get('/session')).body.person;
  const incident = await make('Smoke over the quay');
  await open(`/incidents/${incident.id}`);
  await view(incident).getByText(`Led by agency ${agency}`).waitFor();
  await page.keyboard.press('h');
  const dialog = page.getByRole('dialog', { name: 'Hand over the lead' });
  const to = dialog.getByRole('combobox', { name: 'Hand over to' });
  await to.waitFor();
  assert.equal(await to.evaluate((field) => field === document.activeElement), true);
  assert.equal(await to.locator(`option[value="${agency}"]`).count(), 0, 'the agency that leads is offered');
  const name = await to.locator('option[value=fire]').textContent();
  await page.keyboard.type(name);
  await page.keyboard.press('Tab');
  await page.keyboard.type('It burns in earnest');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await view(incident).getByText(`Led by agency fire · involved: ${agency}`).waitFor();
  await view(incident).getByText(`Lead handed from agency ${agency} to fire`).waitFor();
  await view(incident).locator('blockquote', { hasText: 'It burns in earnest' }).waitFor();
  assert.equal(await view(incident).getByRole('combobox', { name: 'Priority' }).count(), 0, 'it may still be changed');
  await view(incident).locator('[data-note]').fill('The porter has the key');
  await view(incident).locator('[data-note]').press('Control+Enter');
  await view(incident).locator('blockquote', { hasText: 'The porter has the key' }).waitFor();
  // A key does nothing that the page does not offer.
  await page.locator('body').press('h');
  assert.equal(await dialog.count(), 0);
  const held = await stored(incident);
  assert.deepEqual([held.agency, held.involved], ['fire', [agency]]);
});

test('an incident is given into that of another agency, which leads on', async () => {
  const { agency } = (await server.get('/session')).body.person;
  const desk = await ofAgency('fire');
  const mine = await make('Smoke from the cellar');
  const theirs = (await desk.post('/incidents', { title: 'Fire in the cellar', incident_type: 'fire', priority: 'p2', severity: 'severe', place: WATER })).body;
  await open(`/incidents/${mine.id}`);
  await view(mine).getByRole('button', { name: 'Merge…' }).click();
  const dialog = page.getByRole('dialog');
  await page.getByRole('heading', { name: 'Merge another incident into this one' }).waitFor();
  await dialog.getByLabel('Search').fill('Fire in the cellar');
  await dialog.getByRole('radio', { name: /Fire in the cellar.*Led by agency fire/ }).check();
  await dialog.getByText(`#${mine.number} is given into #${theirs.number}, which agency fire goes on leading.`).waitFor();
  await dialog.getByRole('button', { name: 'Merge', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await view(mine).getByText('Merged into').first().waitFor();
  const [ended, survivor] = [await stored(mine), await stored(theirs)];
  assert.deepEqual([ended.merged_into, survivor.agency, survivor.involved], [theirs.id, 'fire', [agency]]);
  await open(`/incidents/${theirs.id}`);
  await view(theirs).getByText('Your agency led it, or something that was merged into it').waitFor();
  await view(theirs).locator('[data-note]').waitFor();
});

test('a command whose answer is lost is sent again with the same key, and done once', async () => {
  const incident = await make('Line cut');
  await open(`/incidents/${incident.id}`);
  const keys = [];
  let done = 0;
  await page.route('**/notes', async (route) => {
    keys.push(route.request().headers()['idempotency-key']);
    if (keys.length > 1) return route.continue();
    // The server did it; its answer never arrives.
    done = (await route.fetch({ headers: { ...route.request().headers(), origin: platform.url } })).status();
    return route.abort('connectionreset');
  });
  await view(incident).locator('[data-note]').fill('Said once');
  await view(incident).locator('[data-note]').press('Control+Enter');
  await view(incident).locator('blockquote', { hasText: 'Said once' }).waitFor();
  await page.unroute('**/notes');
  assert.equal(done, 200);
  assert.equal(keys.length, 2);
  assert.ok(keys[0]);
  assert.equal(keys[0], keys[1]);
  assert.equal((await stored(incident)).timeline.filter((entry) => entry.event.note?.text === 'Said once').length, 1);
});

test('an entry that comes of recorded or made-up readings says so', async () => {
  await open('/');
  await page.locator('[data-entry] .tag', { hasText: /^(Replayed|Simulated)$/ }).first().waitFor({ timeout: 120_000 });
});

test('queue and map hold the same entries, but for those that have no place and say so', async () => {
  const placed = await make('Buoy adrift');
  const placeless = await make('Caller without a place', { place: null });
  await open('/');
  await ready(page);
  await page.locator(`#entry-${placed.id}`).waitFor();
  await page.locator(`#entry-${placeless.id}`).getByText('no place').waitFor();
  const { listed, drawn } = await listedAndDrawn(page);
  assert.deepEqual(drawn, listed);
  assert.ok(listed.includes(placed.id) && !listed.includes(placeless.id));
});

test('pointing at a mark flashes its entry, and the entry its mark', async () => {
  const incident = await make('Swimmer in distress', { priority: 'p1', severity: 'extreme', place: { type: 'Point', coordinates: [7.4318, 43.7318] } });
  await open('/');
  await ready(page);
  const entry = page.locator(`#entry-${incident.id}`);
  await entry.waitFor();
  await page.waitForFunction((id) => globalThis.vigilesMap.queryRenderedFeatures({ layers: ['entry'] }).some((found) => found.properties.id === id), incident.id, { timeout: 90_000 });
  const at = await page.evaluate((place) => { const box = globalThis.vigilesMap.getCanvas().getBoundingClientRect(); const p = globalThis.vigilesMap.project(place); return { x: box.x + p.x, y: box.y + p.y }; }, incident.place.coordinates);
  const flashes = (on) => page.waitForFunction(([id, wanted]) => (globalThis.vigilesMap.getFeatureState({ source: 'entries', id }).h === true) === wanted, [incident.id, on]);
  await page.mouse.move(at.x - 40, at.y);
  await page.mouse.move(at.x, at.y);
  await page.locator(`#entry-${incident.id}.hovered`).waitFor();
  await flashes(true);
  await page.mouse.move(5, 5);
  await page.locator(`#entry-${incident.id}:not(.hovered)`).waitFor();
  await flashes(false);
  // By keyboard as by mouse; an entry that has the focus keeps it where others arrive above it.
  await entry.focus();
  await flashes(true);
});

test('the queue offers no state that it cannot hold, and leads to where older incidents are', async () => {
  await open('/');
  await page.getByRole('button', { name: 'Filters' }).click();
  await page.getByRole('checkbox', { name: 'Resolved' }).waitFor();
  for (const name of ['Closed', 'Merged']) assert.equal(await page.getByRole('checkbox', { name }).count(), 0, name);
  await page.getByRole('link', { name: 'Closed and older incidents' }).click();
  await page.getByRole('heading', { name: 'Incidents', level: 1 }).waitFor();
});

test('a closed incident is found on the page of all incidents, which follows what happens', async () => {
  const [closed, other] = [await make('Mast fallen'), await make('Mast leaning')];
  await lead(closed, 'resolved', 'closed');
  await open('/incidents');
  const row = (incident) => page.locator(`#row-${incident.id}`);
  await row(closed).getByRole('cell', { name: 'Closed', exact: true }).waitFor();
  await row(other).waitFor();
  await page.getByRole('checkbox', { name: 'Closed' }).check();
  await row(other).waitFor({ state: 'detached' });
  await row(closed).waitFor();
  // Nobody asks again: the live picture tells.
  await lead(other, 'resolved', 'closed');
  await row(other).waitFor();
  await lead(closed, 'reopened');
  await row(closed).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await row(closed).getByRole('cell', { name: 'Reopened', exact: true }).waitFor();
  await page.getByLabel('Search in incidents').fill('MAST LEANING');
  await row(closed).waitFor({ state: 'detached' });
  await row(other).getByRole('link').click();
  await page.getByRole('heading', { name: 'Mast leaning', level: 1 }).waitFor();
});

test('at a past moment the page says that it lists the present', async () => {
  await open('/');
  await page.locator('.state.live').waitFor();
  await page.keyboard.press('[');
  await page.getByText('Past moment:').waitFor();
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Incidents' }).click();
  const note = page.getByRole('note').filter({ hasText: 'This list shows the present' });
  await note.waitFor();
  await page.getByRole('button', { name: 'Back to the present' }).click();
  await note.waitFor({ state: 'detached' });
  await page.getByText('Past moment:').waitFor({ state: 'detached' });
});

test('older incidents come page by page, on demand', async () => {
  for (let count = 0; count < 101; count += 1) await make(`Trial ${count}`, { priority: 'p4', severity: 'minor', place: null, reality: 'test' });
  await open('/incidents');
  const rows = page.locator('[id^=row-]');
  const more = page.getByRole('button', { name: 'Show more' });
  await more.waitFor();
  const first = await rows.count();
  assert.ok(first >= 100, `${first} rows`);
  await more.click();
  await page.waitForFunction((held) => document.querySelectorAll('[id^=row-]').length > held, first);
});

test('no page said an error', () => assert.deepEqual(faults, []));
