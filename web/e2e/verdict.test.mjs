// What an incident turned out to be: asked when it is settled, shown and changed afterwards, by mouse and by keyboard.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { signIn, startConsole } from './platform.mjs';

let platform, page, faults, server, stop;

before(async () => {
  ({ platform, page, faults, server, stop } = await startConsole());
  await signIn(page, platform.link);
  await page.locator('.state.live').waitFor();
});

after(() => stop?.());

const view = (incident) => page.locator(`[data-incident="${incident.id}"]`);
const stored = async (incident) => (await server.get(`/incidents/${incident.id}`)).body;
const said = (incident) => incident.timeline.filter((entry) => entry.event.assessed).map((entry) => entry.event.assessed.verdict);

async function make(title, ...states) {
  const { status, body } = await server.post('/incidents', { title, incident_type: 'fire', priority: 'p3', severity: 'minor' });
  assert.equal(status, 201);
  for (const to of states) assert.equal((await server.post(`/incidents/${body.id}/state`, { to })).status, 200);
  await page.goto(`${platform.url}/incidents/${body.id}`);
  await view(body).waitFor();
  return body;
}

test('who resolves an incident says in one tap what it was', async () => {
  const incident = await make('Smell of smoke');
  assert.equal(await page.locator('[data-verdict]').count(), 0, 'nothing is asked while it is open');
  await view(incident).getByRole('button', { name: 'Resolve' }).click();
  await view(incident).getByRole('group', { name: 'What was it?' }).getByRole('button', { name: 'False alarm' }).click();
  await view(incident).getByLabel('What settled it?').fill('A barbecue');
  await view(incident).getByRole('button', { name: 'Resolve' }).last().click();
  const section = page.locator('[data-verdict=false_alarm]');
  await section.getByText(/^said by /).waitFor();
  await section.getByText('When a rule is tried on the past').waitFor();
  const held = await stored(incident);
  assert.deepEqual([held.state, held.verdict, said(held)], ['resolved', 'false_alarm', ['false_alarm']]);
  assert.ok(JSON.stringify(held.timeline).includes('A barbecue'));
});

test('it may be left out, and said and changed afterwards by keyboard', async () => {
  const incident = await make('Door open', 'acknowledged');
  await page.keyboard.press('r');
  await view(incident).getByLabel('What settled it?').waitFor();
  await page.keyboard.press('Enter');
  await view(incident).locator('[data-state=resolved]').waitFor();
  assert.equal((await stored(incident)).verdict, null);
  await page.getByText('Nobody has said it yet.').waitFor();
  await page.keyboard.press('v');
  await page.keyboard.press('Enter');
  await page.locator('[data-verdict=genuine]').waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await page.locator('[data-verdict=false_alarm]').waitFor();
  await view(incident).getByText('Said to be a false alarm').waitFor();
  const held = await stored(incident);
  assert.deepEqual([held.verdict, said(held)], ['false_alarm', ['genuine', 'false_alarm']]);
});

test('who closes is asked only where nobody has said it; Escape leaves the question, not the incident', async () => {
  const incident = await make('Alarm in the car park', 'resolved');
  await page.keyboard.press('c');
  const asked = view(incident).getByRole('group', { name: 'What was it?' });
  await asked.waitFor();
  await page.keyboard.press('Escape');
  await asked.waitFor({ state: 'detached' });
  await view(incident).locator('[data-state=resolved]').waitFor();
  await page.keyboard.press('c');
  await asked.getByRole('button', { name: 'Real event' }).press('Space');
  await view(incident).getByRole('button', { name: 'Close incident' }).last().press('Enter');
  await view(incident).locator('[data-state=closed]').waitFor();
  assert.equal((await stored(incident)).verdict, 'genuine');

  const told = await make('Alarm in the lift', 'resolved');
  await page.getByRole('button', { name: 'Real event' }).click();
  await page.locator('[data-verdict=genuine]').waitFor();
  await page.keyboard.press('c');
  await view(told).locator('[data-state=closed]').waitFor();
});

test('no page said an error', () => assert.deepEqual(faults, []));
