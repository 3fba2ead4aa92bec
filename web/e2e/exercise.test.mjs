// An exercise from the file to the debrief, as the supervisor of the demo city directs it and takes part. Against the real binary.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { openPage } from './browser.mjs';
import { asAdministrator, prepare, scenario } from './drill.mjs';
import { listedAndDrawn, ready } from './map.mjs';
import { api, signIn, startConsole } from './platform.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
let platform, browser, page, faults, server, stop, file, incident;

before(async () => {
  // A file that cannot be played is part of what is tried; the browser writes the refusal to its console.
  ({ platform, browser, page, faults, server, stop } = await startConsole({ expected: [/status of (400|422)/], axe: true }));
  page.setDefaultTimeout(30_000);
  await signIn(page, platform.link);
  await ready(page);
  await prepare(server);
  file = scenario('air-Dongsi');
});

after(() => stop?.());

const open = (path) => page.goto(platform.url + path);
const choose = (text, name = 'cellar.toml') => page.getByLabel('Choose a scenario file').setInputFiles({ name, mimeType: 'application/toml', buffer: Buffer.from(text) });

async function clean(what) {
  for (const theme of ['light', 'dark']) {
    await page.evaluate((look) => (document.documentElement.dataset.theme = look), theme);
    await page.evaluate(axe);
    const found = await page.evaluate((wanted) => globalThis.axe.run(document, { runOnly: wanted }), tags);
    assert.deepEqual(found.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`), [], `${what}, ${theme}`);
  }
}

test('who may not begin one is told why', async () => {
  const root = await openPage(browser);
  root.page.setDefaultTimeout(60_000);
  await asAdministrator(root.page, platform.administrator);
  const { agency } = (await server.get('/session')).body.person;
  const account = { name: 'ada', password: 'another long password' };
  assert.equal((await api(root.page, platform.url).post('/accounts', { ...account, roles: ['operator'], agency })).status, 201);
  await root.context.close();
  const hers = await openPage(browser);
  await hers.page.addInitScript(() => (localStorage.setItem('vigiles-signed-in', 'yes'), localStorage.setItem('vigiles', JSON.stringify({ theme: 'dark', locale: 'en', tourDone: true }))));
  assert.ok((await api(hers.page, platform.url).post('/session', account)).status < 300);
  await hers.page.goto(`${platform.url}/exercises`);
  await hers.page.getByText('Only supervisors begin and end exercises.').waitFor();
  await hers.page.locator('[data-scenario="gas-leak"]').waitFor();
  assert.equal(await hers.page.getByRole('button', { name: /^Begin/ }).count(), 0);
  faults.push(...hers.faults);
  await hers.context.close();
});

test('a file is checked at once; its fault is shown by line and field', async () => {
  await open('/exercises');
  await page.locator('[data-scenario="power-cut"]').waitFor();
  await choose(file.replace('gas.cellar', 'gas.unknown'));
  const fault = page.locator('[data-line]');
  await fault.getByText('timeline[0].reading.kind').waitFor();
  assert.equal(await fault.getAttribute('data-line'), '14');
  await choose(file.replace('targets = [', 'targets = ['.slice(0, -1)));
  await page.locator('[data-line]').getByText(/^Line \d+, column \d+$/).waitFor();
  await clean('a fault in a file');
  await choose(file);
  await page.getByText('can be played').waitFor();
  await page.getByText('Finish “Isolate 100 m in all directions” within 60 min').waitFor();
});

test('it begins only after what happens was read and confirmed', async () => {
  await page.getByRole('button', { name: 'Begin: Gas in the cellar' }).click();
  const dialog = page.getByRole('dialog', { name: 'Begin “Gas in the cellar”?' });
  await dialog.getByText('No siren, no message, no webhook').waitFor();
  const begin = dialog.getByRole('button', { name: 'Begin the exercise' });
  assert.equal(await begin.isDisabled(), true);
  await clean('before it begins');
  await dialog.getByLabel('I have read this').check();
  await begin.click();
  await page.waitForURL('**/exercises/exr-*');
  await page.getByRole('region', { name: 'Exercise under way' }).getByText('Gas in the cellar').waitFor();
});

test('the director sees what is played, the targets and the incident', async () => {
  await page.locator('[data-phase=now]', { hasText: 'Methane' }).waitFor();
  await page.locator('[data-phase=next]', { hasText: 'Caller smells gas' }).getByText(/^in \d+:\d\d$/).waitFor();
  const link = page.getByRole('region', { name: 'Incidents of the exercise' }).getByRole('link');
  await link.waitFor();
  await page.locator('[data-outcome=met]', { hasText: 'is open within' }).waitFor();
  await page.locator('[data-outcome=missed]', { hasText: 'Acknowledge' }).waitFor();
  await page.locator('[data-outcome=running]', { hasText: 'Isolate' }).getByText(/left$/).waitFor();
  await page.getByText('sticks at its reading from 0:15').waitFor();
  await clean('the director');
  incident = (await link.getAttribute('href')).replace('/incidents/', '');
});

test('queue and map tell the exercise from the city, and its counts stay those of the city', async () => {
  await open('/');
  await ready(page);
  await page.getByRole('region', { name: 'Exercise under way' }).waitFor();
  const entry = page.locator(`#entry-${incident}`);
  await entry.locator('[data-reality=exercise]').waitFor();
  // The city lives on: what is listed and what is counted belong to one moment.
  const shown = () => page.evaluate(() => ({ played: [...document.querySelectorAll('[data-entry]')].map((entry) => entry.querySelector('[data-reality]') !== null), count: document.querySelector('h2 .count').textContent }));
  const both = await shown();
  assert.deepEqual(both.played, [...both.played].sort(), 'the city stands first');
  assert.equal(both.count, String(both.played.filter((played) => !played).length));
  const { listed, drawn } = await listedAndDrawn(page);
  assert.deepEqual(listed, drawn);
  const signs = await page.evaluate(async (id) => (await globalThis.vigilesMap.getSource('entries').getData()).features.filter((feature) => feature.properties.id === id).map((feature) => [feature.properties.sign, feature.properties.label]), incident);
  assert.match(signs[0][0], /^drill-/);
  assert.match(signs[0][1], /^EXERCISE #1/);
  const group = page.getByRole('group', { name: 'City and exercise' });
  await group.getByRole('button', { name: 'City', exact: true }).click();
  await entry.waitFor({ state: 'detached' });
  await group.getByRole('button', { name: 'Exercise', exact: true }).click();
  await entry.waitFor();
  assert.deepEqual(await shown(), { played: [true], count: '0' });
  await clean('the queue in an exercise');
  await page.getByRole('group', { name: 'City and exercise' }).getByRole('button', { name: 'Both' }).click();
  assert.deepEqual((await server.get('/alarms?stage=live&limit=1000')).body.items.filter((alarm) => alarm.reality !== 'actual'), []);
});

test('its incident is marked, and an outward step is written down, not sent', async () => {
  await open(`/incidents/${incident}`);
  const view = page.locator(`[data-incident="${incident}"]`);
  await view.locator('[data-state]').waitFor();
  await page.waitForFunction(() => document.title.startsWith('EXERCISE #1'));
  await view.getByRole('region', { name: /^Methane/ }).locator('[data-reality=exercise]').first().waitFor();
  await view.locator('[data-task=grid].done').getByText('Written down, not sent').waitFor();
  await view.locator('[data-task=grid]').getByText('exercise: not sent, would have gone to webhook gas-grid').waitFor();
  await clean('an incident of an exercise');
  await view.getByRole('button', { name: 'Acknowledge' }).click();
  await view.locator('[data-state=acknowledged]').waitFor();
  await view.locator('[data-task=isolate]').getByRole('button', { name: 'Done' }).click();
  await view.locator('[data-task=isolate].done').waitFor();
});

test('it is ended with a reason; the debrief tells times against targets, who saw what, and what was late or missed', async () => {
  await page.getByRole('link', { name: 'To the exercise' }).click();
  await page.getByRole('button', { name: 'Make it now' }).click();
  await page.getByRole('heading', { name: 'Debrief so far' }).waitFor();
  await page.locator('[data-debrief=read]').waitFor();
  await page.getByRole('button', { name: 'End the exercise…' }).click();
  const dialog = page.getByRole('dialog', { name: 'End the exercise?' });
  await dialog.getByLabel('Why does it end?').fill('All was tried');
  await dialog.getByRole('button', { name: 'End the exercise' }).click();
  await page.getByRole('heading', { name: 'Debrief', exact: true }).waitFor();
  await page.locator('[data-debrief=read]').waitFor();
  await page.getByRole('region', { name: 'Exercise under way' }).waitFor({ state: 'detached' });
  const outcomes = await page.locator('[data-debrief] [data-outcome]').evaluateAll((lines) => lines.map((line) => line.dataset.outcome));
  assert.deepEqual(outcomes, ['met', 'missed', 'met']);
  await page.locator('[data-outcome=missed]').getByText(/late$/).waitFor();
  const verdicts = await page.locator('[data-course="1"] [data-verdict]').evaluateAll((lines) => lines.map((line) => line.dataset.verdict));
  assert.deepEqual(verdicts, ['done', 'done', 'missed']);
  await page.locator('[data-course="1"] td', { hasText: 'Saw it for the first time' }).waitFor();
  await page.locator('[data-course="1"]').getByRole('img', { name: /^Course on the time/ }).waitFor();
  await clean('the debrief');
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.getByRole('button', { name: 'Print' }).isVisible(), false);
  assert.equal(await page.getByRole('navigation', { name: 'Pages' }).isVisible(), false);
  await page.emulateMedia({ media: null });
});

test('it stands in the list with its outcome, and the next may begin', async () => {
  await open('/exercises');
  await page.locator('[data-exercise]', { hasText: 'Gas in the cellar' }).getByText('2 of 3 met').waitFor();
  await page.getByRole('button', { name: 'Begin: Smell of gas in the old town' }).waitFor();
  await clean('the list');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('Exercises');
  await page.getByRole('option', { name: /^Exercises/ }).waitFor();
});

test('what somebody else begins and ends is on every page by the event stream', async () => {
  await open('/incidents');
  await page.locator('.state.live').waitFor();
  const begun = await server.post('/exercises', { file });
  assert.equal(begun.status, 201, JSON.stringify(begun.body));
  await page.locator(`[data-drill="${begun.body.id}"]`).waitFor();
  assert.equal((await server.post(`/exercises/${begun.body.id}/end`, { reason: 'Seen' })).status, 200);
  await page.locator('[data-drill]').waitFor({ state: 'detached' });
});

test('no page said an error', () => assert.deepEqual(faults, []));
