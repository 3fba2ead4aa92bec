// A call comes while something is open nearby: what is offered, added, taken out, and related where it is opened all the same.
// Against the real binary with the demo city.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { ready } from './map.mjs';
import { signIn, startConsole } from './platform.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
/** A type that no rule of the demo city opens, so that nothing else is the same event. */
const TYPE = 'fallen_tree';
let platform, page, faults, server, stop, tree;

before(async () => {
  ({ platform, page, faults, server, stop } = await startConsole({ axe: true }));
  await signIn(page, platform.link);
  await ready(page);
  const made = await server.post('/incidents', { title: 'A tree on the road', incident_type: TYPE, priority: 'p2', severity: 'moderate', place: { type: 'Point', coordinates: [7.4215, 43.7355] } });
  assert.equal(made.status, 201);
  tree = made.body;
});

after(() => stop?.());

const view = (id) => page.locator(`[data-incident="${id}"]`);
const chosen = async () => (await page.waitForURL('**/?incident=*'), new URL(page.url()).searchParams.get('incident'));

async function clean(what) {
  for (const theme of ['light', 'dark']) {
    await page.evaluate((look) => (document.documentElement.dataset.theme = look), theme);
    await page.evaluate(axe);
    const found = await page.evaluate((wanted) => globalThis.axe.run(document, { runOnly: wanted }), tags);
    assert.deepEqual(found.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`), [], `${what}, ${theme}`);
  }
}

async function begin(text, place) {
  await page.goto(`${platform.url}/?open=new`);
  await page.getByLabel('What is happening?').fill(text);
  await page.locator('form input.mono').fill(place);
  await page.locator('input[list=incident-types]').fill('Fallen tree');
}

test('what is open near the call is offered with its reason, and one press adds the call', async () => {
  await begin('Blocked by a tree, bus cannot pass', '43.7356, 7.4216');
  const offer = page.locator(`[data-offer="${tree.id}"]`);
  await offer.getByText(/same type, \d+ m away \(of 300\), \d+ s after \(of 1800\)/).first().waitFor();
  await offer.getByText('same event').waitFor();
  await clean('offers');
  await page.getByLabel('The caller').selectOption('witness');
  await offer.getByRole('button', { name: `It is #${tree.number}: add this call` }).press('Enter');
  assert.equal(await chosen(), tree.id);
  const call = view(tree.id).locator('[data-call]');
  await call.getByText('Blocked by a tree, bus cannot pass').waitFor();
  await call.getByText('saw or heard it').waitFor();
  await view(tree.id).getByText('reported by 2').waitFor();
  await clean('an incident with a call');
  const held = (await server.get(`/incidents/${tree.id}`)).body;
  assert.deepEqual([held.calls.length, held.calls[0].role, held.witnesses], [1, 'witness', 2]);
});

test('a call that tells of another event is taken out and has an incident of its own', async () => {
  await view(tree.id).getByRole('button', { name: 'Another event…' }).press('Enter');
  await page.getByRole('dialog', { name: 'Does the call tell of another event?' }).getByRole('button', { name: 'Take it out' }).press('Enter');
  await view(tree.id).locator('[data-call]').waitFor({ state: 'detached' });
  const { items } = (await server.get(`/incidents?type=${TYPE}`)).body;
  const own = items.find((held) => held.split_from === tree.id);
  assert.deepEqual([own.title, own.calls.length, own.witnesses, own.related], ['Blocked by a tree, bus cannot pass', 1, 1, []]);
});

test('what is opened all the same is related, and stays its own', async () => {
  await begin('A branch on a car', '43.7355, 7.4215');
  await page.locator(`[data-offer="${tree.id}"]`).waitFor();
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  const id = await chosen();
  assert.notEqual(id, tree.id);
  await view(id).locator('[data-related]').getByText('same event').first().waitFor();
  const held = (await server.get(`/incidents/${id}`)).body;
  assert.ok(held.related.some((other) => other.incident === tree.id && other.relation === 'same_event' && other.by === null));
});

test('far away nothing is offered', async () => {
  await begin('A tree in another street', '43.7500, 7.4400');
  await page.getByText('Nothing open is near in place and time.').waitFor();
  assert.equal(await page.locator('[data-offer]').count(), 0);
});

test('calls that another system hands over stand in one incident, with the reason', async () => {
  const told = { role: 'witness', incident_type: 'smoke', priority: 'p2', severity: 'moderate' };
  const handed = async (text, lon) => {
    const { status, body } = await server.post('/calls', { ...told, text, place: { type: 'Point', coordinates: [lon, 43.733] } });
    assert.equal(status, 200);
    return body;
  };
  const first = await handed('Smoke over the harbour', 7.4335);
  const second = await handed('A boat smokes', 7.4336);
  assert.deepEqual([first.joined, second.joined, second.incident], [false, true, first.incident]);
  await page.goto(`${platform.url}/incidents/${first.incident}`);
  const calls = view(first.incident).locator('[data-call]');
  await calls.filter({ hasText: 'A boat smokes' }).getByText(/same type, 8 m away \(of 300\)/).waitFor();
  await calls.filter({ hasText: 'Smoke over the harbour' }).getByText('it opened the incident').waitFor();
  await view(first.incident).getByText('Told by callers; no alarm stands behind it.').waitFor();
  await view(first.incident).getByText('reported by 2').waitFor();
  await clean('an incident of calls alone');
});

test('no page said an error', () => assert.deepEqual(faults, []));
