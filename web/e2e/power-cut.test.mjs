// A chain of causes as the control room sees it: the scenario exercises/power-cut.toml is played as it is, and takes the four
// minutes that it takes. The call about the cut is related to it, the call about the collision joins it. Against the real binary with the demo city.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { beginScenario, chainOfCauses } from './drill.mjs';
import { ready } from './map.mjs';
import { signIn, startConsole } from './platform.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
let platform, page, faults, server, stop, chain;

before(async () => {
  ({ platform, page, faults, server, stop } = await startConsole({ axe: true }));
  await signIn(page, platform.link);
  await ready(page);
});

after(() => stop?.());

async function clean(what) {
  for (const theme of ['light', 'dark']) {
    await page.evaluate((look) => (document.documentElement.dataset.theme = look), theme);
    await page.evaluate(axe);
    const found = await page.evaluate((wanted) => globalThis.axe.run(document, { runOnly: wanted }), tags);
    assert.deepEqual(found.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`), [], `${what}, ${theme}`);
  }
}

test('a power cut, dark signals and a collision are one incident with two links', async () => {
  await beginScenario(page, platform.url, 'power-cut', 'Dark junctions and a collision');
  // Only the map hands out the live picture.
  await page.goto(platform.url);
  await ready(page);
  chain = await chainOfCauses(page);
  await page.goto(`${platform.url}/incidents/${chain}`);
  const causes = page.getByRole('region', { name: 'Cause and effect' });
  const links = causes.locator('[data-link]');
  await links.nth(1).waitFor();
  assert.equal(await links.count(), 2);
  const told = await links.evaluateAll((lines) => lines.map((line) => [...line.querySelectorAll('.pair b')].map((side) => side.textContent)));
  const dark = told.find(([cause]) => / is silent$/.test(cause));
  const crash = told.find(([, effect]) => /^\d+ reports of a collision$/.test(effect));
  assert.ok(dark && crash, JSON.stringify(told));
  assert.match(dark[1], / is dark$/);
  assert.equal(dark[1], crash[0], 'the signal that the cut darkened is the one that the cars collided at');
  await causes.getByText('A power cut darkens the signals of its feeder').waitFor();
  await causes.getByText('A collision at dark signals').waitFor();
  // The picture has a box for each of the three, and choosing one shows its alarm.
  const boxes = causes.locator('[data-box]');
  assert.equal(await boxes.count(), 3);
  await clean('a chain of causes');
});

test('what people told of it is related or joins, by the same rules', async () => {
  const { related, calls, witnesses } = (await server.get(`/incidents/${chain}`)).body;
  // When the first call came nothing told of a cut yet: it opened an incident of its own.
  assert.deepEqual(related.map((other) => other.relation), ['same_event']);
  assert.ok(related.every((other) => other.by === null && other.why.startsWith('score ')));
  assert.deepEqual(calls.map((call) => call.text), ['Two cars collided at a dark junction']);
  assert.match(calls[0].why, /^score /);
  // A meter, three signals, two residents and the two who called.
  assert.equal(witnesses, 8);
  await page.locator('[data-related]').getByText('same event').waitFor();
});

test('no page said an error', () => assert.deepEqual(faults, []));
