// What people set up by hand: the place of an incident, playbooks, kinds, a sign-in link, the mapping of a source; zones have
// a file of their own.
// Against the real binary with the demo city, by the first administrator and, for incidents, by the demo's supervisor.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage } from './browser.mjs';
import { clickAt, near, ready } from './map.mjs';
import { api, signIn, startConsole } from './platform.mjs';

let platform, browser, page, faults, server, stop;
const PASSWORD = 'a long enough password';

before(async () => {
  // Refusals are part of what is tried here; the browser writes each of them to its console.
  ({ platform, browser, page, faults, server, stop } = await startConsole({ expected: [/status of (409|412|422)/] }));
  await signIn(page, platform.link);
  await mapReady();
});

after(() => stop?.());

const open = (path) => page.goto(platform.url + path);
const mapReady = () => ready(page);
const drafted = () => page.waitForFunction(() => globalThis.vigilesMap.queryRenderedFeatures({ layers: ['draft', 'draft-point'] }).length > 0);

test('an incident is opened by hand where the map is clicked', async () => {
  await page.keyboard.press('i');
  await page.getByLabel('What is happening?').fill('Tree across the road');
  await page.getByRole('button', { name: 'Choose on the map' }).click();
  const bar = page.getByRole('region', { name: 'Choose a place' });
  await bar.waitFor();
  const wanted = await page.evaluate(() => { const { width, height } = globalThis.vigilesMap.getCanvas().getBoundingClientRect(); return globalThis.vigilesMap.unproject([width * 0.6, height * 0.6]).toArray(); });
  await clickAt(page, wanted);
  await bar.waitFor({ state: 'detached' });
  await drafted();
  assert.match(await page.getByLabel('Place (latitude').inputValue(), /^43\.\d{5}, 7\.\d{5}$/);
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await page.getByRole('heading', { name: 'Tree across the road' }).waitFor();
  const id = new URL(page.url()).searchParams.get('incident');
  near((await server.get(`/incidents/${id}`)).body.place.coordinates, wanted);
});

test('the place is chosen by the crosshair and by typing, without a mouse', async () => {
  await page.keyboard.press('Escape');
  await page.keyboard.press('i');
  await page.keyboard.type('Gas smell');
  await page.keyboard.press('Tab');
  await page.keyboard.type('43.7, up');
  await page.getByText('No place: expected latitude').waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('region', { name: 'Choose a place' }).waitFor();
  // The map has the focus: arrows move it under the crosshair.
  await page.waitForFunction(() => document.activeElement === globalThis.vigilesMap.getCanvas());
  const before = await page.locator('[data-crosshair]').textContent();
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction((held) => document.querySelector('[data-crosshair]').textContent !== held && !globalThis.vigilesMap.isMoving(), before);
  const crosshair = await page.evaluate(() => globalThis.vigilesMap.getCenter().toArray());
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement?.textContent.includes('Choose on the map'));
  const field = page.getByLabel('Place (latitude');
  const [lat, lon] = (await field.inputValue()).split(', ').map(Number);
  near([lon, lat], crosshair);
  await field.fill('43.7400, 7.4280');
  await field.press('Enter');
  await page.getByRole('heading', { name: 'Gas smell' }).waitFor();
  const id = new URL(page.url()).searchParams.get('incident');
  assert.deepEqual((await server.get(`/incidents/${id}`)).body.place.coordinates, [7.428, 43.74]);
});

test('a playbook is written step by step; the fault stands beside its field', async () => {
  await open('/playbooks/new');
  await page.getByLabel('Name', { exact: true }).fill('Flooded underpass');
  const step = (n) => page.locator(`[data-step="${n}"]`);
  // The form alone would take blanks; the server does not.
  await step(1).getByLabel('What is to be done').fill(' ');
  await page.getByRole('button', { name: 'Save' }).click();
  await step(1).locator('.error').waitFor();
  await step(1).getByLabel('What is to be done').fill('Close the underpass');
  await page.getByRole('button', { name: 'Add a step' }).click();
  await step(2).getByLabel('What is to be done').fill('Tell the control room');
  await step(2).getByRole('combobox').selectOption('notify_console');
  await step(2).getByLabel('Notice to everybody').fill('The underpass is closed.');
  await page.getByRole('button', { name: 'Move step 2 up' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL('**/playbooks/flooded-underpass');
  const stored = (await server.get('/playbooks/flooded-underpass')).body;
  assert.deepEqual(stored.steps.map((held) => held.action), [{ notify_console: { message: 'The underpass is closed.' } }, 'manual']);
  await step(2).getByLabel('How to do it').fill('Barriers are in the depot.');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('version 2').waitFor();
  await open('/playbooks');
  await page.getByRole('link', { name: 'Flooded underpass' }).waitFor();
});

test('a kind of reading is registered; the fault stands beside its field', async () => {
  await open('/kinds/new');
  await page.getByLabel('Id').fill('water.level');
  await page.getByLabel('Name', { exact: true }).fill('Water level');
  await page.getByLabel('Quantity').fill('height above the gauge zero');
  await page.getByLabel('Unit (UCUM)').fill('m');
  await page.getByLabel('Lowest plausible value').fill('20');
  await page.getByLabel('Highest plausible value').fill('10');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('.field', { has: page.getByLabel('Lowest plausible value') }).locator('.error').waitFor();
  await page.getByLabel('Lowest plausible value').fill('-5');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL('**/kinds/water.level');
  const stored = (await server.get('/kinds/water.level')).body;
  assert.deepEqual([stored.min, stored.max, stored.unit, stored.retention_s], [-5, 10, 'm', 7_776_000]);
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.waitForURL('**/kinds');
  assert.equal((await server.get('/kinds/water.level')).status, 404);
});

test('an administrator makes a sign-in link, shown once, and its owner uses it', async () => {
  await page.context().clearCookies();
  await page.goto(platform.administrator);
  await page.getByLabel('Name').fill('root');
  await page.locator('input[name=password]').fill(PASSWORD);
  await page.getByLabel('Password once more').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await mapReady();
  const made = await server.post('/accounts', { name: 'ada', roles: ['operator'], agency: (await server.get('/session')).body.person.agency, password: 'another long password' });
  assert.equal(made.status, 201);
  await open('/accounts');
  await page.getByRole('button', { name: 'Sign-in link for ada' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Make the link' }).click();
  const link = await dialog.getByLabel('One-time sign-in link').inputValue();
  await dialog.getByRole('button', { name: 'I have kept it' }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.equal(await page.getByText('#link=').count(), 0);
  const hers = await openPage(browser);
  hers.page.setDefaultTimeout(60_000);
  await hers.page.goto(link);
  await hers.page.locator('input[name=password]').fill('her own new password');
  await hers.page.getByLabel('Password once more').fill('her own new password');
  await hers.page.getByRole('button', { name: 'Sign in' }).click();
  await hers.page.locator('[data-tour=map]').waitFor();
  assert.equal((await api(hers.page, platform.url).get('/session')).body.person.name, 'ada');
  faults.push(...hers.faults);
  await hers.context.close();
});

test('the mapping of a source is shown, tried on a sample and saved', async () => {
  const source = { id: 'gauges', name: 'Gauges', door: 'http', topic: null, url: null, enabled: true, version: 0, mapping: { format: 'json', asset: 'gauge-{/n}', observations: [{ kind: 'air.pm25', value: '/v', unit: 'ug/m3' }] } };
  assert.equal((await server.put('/sources/gauges', source)).status, 201);
  await open('/sources/gauges');
  const field = page.getByLabel('Mapping (JSON)');
  await page.waitForFunction(() => [...document.querySelectorAll('textarea')].some((area) => area.value.includes('"format"')));
  assert.deepEqual(JSON.parse(await field.inputValue()), source.mapping);
  const mapping = { format: 'json', asset: 'station-{/id}', observations: [{ kind: 'air.pm25', value: '/dust', unit: 'ug/m3' }] };
  await field.fill('{ "format": ');
  await page.getByText('This is not JSON').waitFor();
  await field.fill(JSON.stringify(mapping));
  await page.getByLabel('Sample message').fill('{"id": 7, "dust": 12.5}');
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByText('1 reading from this sample').waitFor();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText(`Source “${source.name}” saved`).waitFor();
  assert.deepEqual((await server.get(`/sources/${source.id}`)).body.mapping.observations[0].value, '/dust');
});

test('no page said an error', () => assert.deepEqual(faults, []));
