// From a template to an incident that is handled by it, and what belongs together: merging, splitting, relating, taking an
// alarm out. Against the real binary with the demo city, by its supervisor, without a mouse where a key does it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { openPage } from './browser.mjs';
import { ready } from './map.mjs';
import { api, signIn, startConsole } from './platform.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const WATER = [7.4335, 43.733];
const PASSWORD = 'a long enough password';
let platform, browser, page, faults, server, stop, second;

before(async () => {
  // Refusals are part of what is tried here; the browser writes each of them to its console.
  ({ platform, browser, page, faults, server, stop } = await startConsole({ expected: [/status of (409|422)/], axe: true }));
  await signIn(page, platform.link);
  await ready(page);
  second = await colleague();
});

after(() => stop?.());

const open = (path) => page.goto(platform.url + path);
const view = (incident) => page.locator(`[data-incident="${incident.id}"]`);
const task = (incident, step, state) => view(incident).locator(`[data-task="${step}"]${state ? `.${state}` : ''}`);
const box = (incident, title) => view(incident).locator('[data-box]', { hasText: title });
const stored = async (incident) => (await server.get(`/incidents/${incident.id}`)).body;

/** An operator beside the demo's supervisor: whose consent is another person's. */
async function colleague() {
  const root = await openPage(browser);
  await root.page.goto(platform.administrator);
  await root.page.getByLabel('Name').fill('root');
  await root.page.locator('input[name=password]').fill(PASSWORD);
  await root.page.getByLabel('Password once more').fill(PASSWORD);
  await root.page.getByRole('button', { name: 'Sign in' }).click();
  await root.page.locator('[data-tour=map]').waitFor();
  const { agency } = (await server.get('/session')).body.person;
  const made = await api(root.page, platform.url).post('/accounts', { name: 'colleague', roles: ['operator'], agency, password: PASSWORD });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  await root.context.close();
  const other = await openPage(browser);
  const call = api(other.page, platform.url);
  assert.ok((await call.post('/session', { name: 'colleague', password: PASSWORD })).status < 300);
  return call;
}

async function make(title, part = {}) {
  const made = await server.post('/incidents', { title, incident_type: 'fire', priority: 'p3', severity: 'severe', place: { type: 'Point', coordinates: WATER }, ...part });
  assert.equal(made.status, 201);
  return made.body;
}

async function clean(what) {
  await page.evaluate(axe);
  const found = await page.evaluate((wanted) => globalThis.axe.run(document, { runOnly: wanted }), tags);
  assert.deepEqual(found.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`), [], what);
}

test('a playbook is written from a template; the fault stands at its field', async () => {
  await open('/playbooks/new');
  await page.getByRole('button', { name: 'Start from a template' }).click();
  const dialog = page.getByRole('dialog', { name: 'Start from a template' });
  await dialog.getByRole('link', { name: /phmsa\.dot\.gov/ }).first().waitFor();
  await clean('templates');
  await dialog.getByRole('button', { name: 'Take it: Gas leak' }).click();
  await page.getByRole('textbox', { name: /^Name/ }).first().fill('Gas at the quay');
  const step = (n) => page.locator(`[data-step="${n}"]`);
  await step(6).locator('summary', { hasText: 'after 2' }).click();
  assert.equal(await page.locator('[data-box]').count(), 11);
  // A condition that reads a step which need not be over by then.
  const when = step(6).getByLabel('Only if (CEL)');
  const held = await when.inputValue();
  await when.fill("answers.size == 'large'");
  await page.getByRole('button', { name: 'Save' }).click();
  await step(6).locator('.error', { hasText: "'size'" }).waitFor();
  assert.equal(await when.getAttribute('aria-invalid'), 'true');
  await clean('a fault');
  await when.fill('');
  await step(6).getByRole('group', { name: 'Names:' }).getByRole('button', { name: 'answers.caller' }).click();
  assert.equal(await when.inputValue(), 'answers.caller');
  await when.fill(held);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL('**/playbooks/gas-at-the-quay');
  const template = (await server.get('/playbook-templates')).body.items.find(({ playbook }) => playbook.id === 'gas-leak').playbook;
  const { steps, source } = (await server.get('/playbooks/gas-at-the-quay')).body;
  assert.deepEqual(steps, template.steps);
  assert.equal(source, template.source);
});

test('steps come after others that are chosen, move, and leave', async () => {
  await open('/playbooks/gas-at-the-quay');
  const step = (n) => page.locator(`[data-step="${n}"]`);
  await page.getByRole('button', { name: 'Add a step' }).click();
  await step(12).getByLabel('What is to be done').fill('Tell the press');
  await step(12).locator('summary').first().click();
  await step(12).getByRole('radio', { name: 'chosen steps' }).check();
  await step(12).getByRole('checkbox', { name: '3. Send the fire service' }).check();
  await step(12).getByRole('checkbox', { name: '11. Write it down' }).uncheck();
  await step(12).getByLabel('Approvals').selectOption({ label: 'one person' });
  await step(12).getByLabel('Deadline').fill('3600');
  await page.getByRole('button', { name: 'Move step 12 up' }).click();
  await page.getByRole('button', { name: 'Remove step 12' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('version 2').waitFor();
  const { steps } = (await server.get('/playbooks/gas-at-the-quay')).body;
  assert.equal(steps.length, 11);
  assert.deepEqual([steps[10].title, steps[10].after, steps[10].approvals, steps[10].deadline_s], ['Tell the press', ['fire'], 1, 3600]);
});

test('an incident is handled by it: an answer, consents, the flow moves, and it is aborted', async () => {
  await open('/?open=new');
  await page.getByLabel('What is happening?').fill('Smell of gas at the quay');
  await page.getByLabel('Playbook').selectOption({ label: 'Gas at the quay' });
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await page.waitForURL('**/?incident=*');
  const incident = (await server.get(`/incidents/${new URL(page.url()).searchParams.get('incident')}`)).body;
  await open(`/incidents/${incident.id}`);
  await task(incident, 'caller', 'running').getByText(/left$/).waitFor();
  await box(incident, 'Ask the caller').locator('.state', { hasText: 'now' }).waitFor();
  await clean('a playbook under way');
  await task(incident, 'caller').getByRole('button', { name: 'yes, inside' }).press('Enter');
  await task(incident, 'caller', 'done').getByText('Answer: yes, inside').waitFor();
  await box(incident, 'Ask the caller').locator('.state', { hasText: 'done' }).waitFor();
  await task(incident, 'fire', 'running').getByRole('button', { name: 'Done' }).press('Enter');
  await task(incident, 'isolate', 'running').getByRole('button', { name: 'Done' }).press('Enter');
  await task(incident, 'size', 'running').getByRole('button', { name: 'large' }).press('Enter');
  const evacuate = task(incident, 'evacuate', 'awaiting_approval');
  await evacuate.getByText('2 approvals are missing').waitFor();
  await evacuate.getByRole('button', { name: 'Approve' }).press('Enter');
  await evacuate.getByText('1 approval is missing').waitFor();
  assert.equal(await evacuate.getByRole('button', { name: 'Approve' }).count(), 0);
  await clean('one of two approvals');
  const { id } = (await stored(incident)).tasks.find((held) => held.step === 'evacuate');
  assert.equal((await second.post(`/incidents/${incident.id}/tasks/${id}/approvals`, {})).status, 200);
  // Nobody asks again: the live picture tells.
  await task(incident, 'evacuate', 'running').waitFor();
  await box(incident, 'Evacuate downwind').locator('.state', { hasText: 'now' }).waitFor();
  // The joint room that the answer opened.
  await page.getByLabel(/Say something in Gas leak/).fill('Wind from the north');
  await page.keyboard.press('Enter');
  await page.getByRole('region', { name: /Joint room/ }).getByText('Wind from the north').waitFor();
  // The endpoint is not configured here, so that the step has failed.
  await task(incident, 'grid', 'failed').getByRole('button', { name: 'Skip' }).press('Enter');
  await page.keyboard.type('Reached by telephone');
  await page.keyboard.press('Enter');
  await task(incident, 'grid', 'skipped').getByText('Reached by telephone').waitFor();
  await view(incident).getByRole('button', { name: 'Abort…' }).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Abort the playbook?' });
  await dialog.getByLabel('Why is it aborted?').fill('A drill after all');
  await clean('the abort');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await task(incident, 'evacuate', 'skipped').or(task(incident, 'evacuate', 'compensated')).waitFor();
  await view(incident).getByRole('button', { name: 'Abort…' }).waitFor({ state: 'detached' });
  const ended = await stored(incident);
  assert.ok(ended.tasks.every((held) => ['done', 'skipped', 'compensated'].includes(held.state)), ended.tasks.map((held) => `${held.step} ${held.state}`).join());
  assert.ok(JSON.stringify(ended.timeline).includes('A drill after all'));
});

test('two incidents are merged by the keyboard, the nearest first', async () => {
  const into = await make('Smoke at the quay', { place: { type: 'Point', coordinates: [7.4336, 43.7331] } });
  const from = await make('Smoke, a second call', { place: { type: 'Point', coordinates: [7.4337, 43.7331] } });
  await open('/incidents');
  await page.locator(`#row-${into.id}`).waitFor();
  // `count` does not wait, as asking a row for something would: none is chosen before the first key.
  const chosen = page.locator(`#row-${into.id}.chosen`);
  for (let row = await page.locator('[id^=row-]').count(); row > 0 && (await chosen.count()) === 0; row -= 1) await page.keyboard.press('j');
  assert.equal(await chosen.count(), 1);
  await page.keyboard.press('m');
  const dialog = page.getByRole('dialog', { name: 'Merge another incident into this one' });
  assert.match(await dialog.locator('label.choice').first().textContent(), /Smoke, a second call/);
  await clean('merge');
  await dialog.getByRole('radio').first().press('Space');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  assert.equal((await stored(from)).merged_into, into.id);
});

test('an incident that is dropped onto another is merged after a question', async () => {
  const into = await make('Barrier down', { priority: 'p1' });
  const from = await make('Barrier down, again', { priority: 'p1' });
  await open('/');
  // What the demo city tells meanwhile stays out of the list.
  await page.locator('[data-queue-search]').fill('Barrier down');
  await page.locator(`#entry-${from.id}`).hover();
  await page.mouse.down();
  // Something more urgent comes while the hand lies on the list: nothing moves under it.
  const urgent = await make('Barrier down, a third', { priority: 'p1', severity: 'extreme' });
  await page.waitForFunction((id) => globalThis.vigilesLive.live.incidents.has(id), urgent.id);
  assert.equal(await page.locator(`#entry-${urgent.id}`).count(), 0);
  // Twice: a drag begins with the first movement, and the place is told by the second.
  await page.locator(`#entry-${into.id}`).hover();
  await page.locator(`#entry-${into.id}`).hover();
  await page.mouse.up();
  await page.locator(`#entry-${urgent.id}`).waitFor();
  const dialog = page.getByRole('dialog', { name: 'Merge these two incidents?' });
  await dialog.waitFor();
  await clean('a drop');
  assert.equal((await stored(from)).merged_into ?? null, null);
  await dialog.getByRole('button', { name: 'Merge', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.equal((await stored(from)).merged_into, into.id);
});

test('incidents are related with a reason, and the relation is taken away with one', async () => {
  // Of types of their own: of one type and so near, they would be taken for the same event and be related by themselves.
  const one = await make('Power cut', { incident_type: 'cable_fault' });
  const other = await make('Signals dark', { incident_type: 'dark_signals' });
  await open(`/incidents/${one.id}`);
  await view(one).getByRole('button', { name: 'Relate…' }).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Relate another incident' });
  await dialog.getByLabel('Search by number or words').fill('Signals dark');
  await dialog.getByRole('radio').first().check();
  await dialog.getByLabel('What it is to').selectOption('effect');
  await dialog.getByLabel('Why?').fill('Same feeder');
  await clean('relate');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  const related = page.locator('[data-related]');
  await related.getByText('Same feeder').waitFor();
  assert.deepEqual((await stored(other)).related.map(({ incident, relation }) => [incident, relation]), [[one.id, 'cause']]);
  await related.getByRole('button', { name: /Take the relation/ }).press('Enter');
  await page.getByRole('dialog').getByLabel('Why?').fill('Another feeder');
  await page.keyboard.press('Enter');
  await related.getByText('None.').waitFor();
  assert.deepEqual((await stored(other)).related, []);
  assert.ok(JSON.stringify((await stored(one)).timeline).includes('Another feeder'));
});

test('an alarm says why it joined, and is taken out by its button or dragged to a place of its own', async () => {
  // A rule that every reading of a common kind meets, so that its alarms share an incident.
  const { observations } = (await server.get('/picture')).body;
  const kind = observations.map((held) => held.kind).find((name) => observations.filter((o) => o.kind === name && o.asset && typeof o.value === 'number').length > 3);
  const { agency } = (await server.get('/session')).body.person;
  const rule = { id: 'everything', name: 'Everything', description: '', reason: 'For the test', stage: 'live', enabled: true, agency, kinds: [kind], key: 'asset', detector: { condition: { expression: 'value <= window("60s").max', for_s: 0, clear_for_s: 0 } }, alarm: { title: 'Reading at {asset}', severity: 'minor' }, cooldown_s: 0, incident: { incident_type: 'everything', priority: 'p4', radius_m: 20_000, window_s: 3600 } };
  assert.ok((await server.put('/rules/everything?untried=for+a+test', rule)).status < 300);
  await open('/');
  await ready(page);
  const found = await page.waitForFunction(() => [...globalThis.vigilesLive.live.incidents.values()].find((held) => held.incident_type === 'everything' && held.alarms.length > 3)?.id, undefined, { polling: 200 });
  const incident = { id: await found.jsonValue() };
  await open(`/incidents/${incident.id}`);
  const member = view(incident).locator('[data-alarm]');
  await member.nth(2).waitFor();
  await member.nth(1).getByText('Joined:').waitFor();
  const alarm = await member.nth(1).getAttribute('data-alarm');
  await member.nth(1).getByRole('button', { name: /^Take out/ }).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Take the alarm out?' });
  await clean('taking out');
  await dialog.getByRole('button', { name: 'Take it out' }).press('Enter');
  await view(incident).locator(`[data-alarm="${alarm}"]`).waitFor({ state: 'detached' });
  assert.ok(!(await stored(incident)).alarms.includes(alarm));
  const first = member.nth(0);
  const moved = await first.getAttribute('data-alarm');
  const from = await first.boundingBox();
  await page.mouse.move(from.x + 30, from.y + 20);
  await page.mouse.down();
  await page.mouse.move(from.x + 60, from.y + 60, { steps: 5 });
  const place = page.getByText('Drop here: an incident of its own');
  await place.waitFor();
  await place.hover();
  await place.hover();
  await page.mouse.up();
  const split = page.getByRole('dialog', { name: 'Move alarms to a new incident' });
  await split.waitFor();
  assert.equal(await split.locator('input:checked').inputValue(), moved);
  await split.getByLabel('Title of the new incident').fill('Moved by hand');
  await split.getByRole('button', { name: 'Split', exact: true }).click();
  await page.getByRole('heading', { name: 'Moved by hand' }).waitFor();
  const made = async () => (await server.get(`/incidents/${page.url().split('/').pop()}`)).body;
  const { alarms, split_from } = await made();
  assert.deepEqual([alarms, split_from], [[moved], incident.id]);
  // The same by keys alone.
  await open(`/incidents/${incident.id}`);
  await member.nth(1).waitFor();
  await page.keyboard.press('s');
  await split.getByRole('checkbox').first().press('Space');
  const last = await split.locator('input:checked').inputValue();
  await split.getByLabel('Title of the new incident').fill('Moved by key');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Moved by key' }).waitFor();
  assert.deepEqual((await made()).alarms, [last]);
});

test('the load of alarms is reckoned against the limits', async () => {
  await open('/');
  // The keys are heard once the console stands.
  await ready(page);
  await page.keyboard.press('g');
  await page.keyboard.press('l');
  await page.getByRole('heading', { name: 'Load of alarms' }).waitFor();
  await page.getByRole('group', { name: 'Time' }).getByRole('button', { name: 'Last week' }).click();
  await page.getByRole('heading', { name: 'Noisiest rules' }).waitFor();
  const ranked = (name) => page.locator('section', { has: page.getByRole('heading', { name }) });
  for (const name of ['Noisiest rules', 'Noisiest sources']) {
    const counts = await ranked(name).locator('tbody td:nth-child(2)').allTextContents();
    const numbers = counts.map((text) => Number(text.replaceAll(/\D/g, '')));
    assert.ok(numbers.length > 1 && numbers.every((count) => count > 0), `${name}: ${counts}`);
    assert.deepEqual(numbers, numbers.toSorted((a, b) => b - a), name);
  }
  const row = ranked('Noisiest rules').getByRole('link').first();
  await clean('load');
  await row.click();
  await page.waitForURL('**/rules/*');
});

test('no page said an error', () => assert.deepEqual(faults, []));
