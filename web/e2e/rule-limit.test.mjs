// With days of history: a limit that is suggested and taken, and the load of alarms beside what the API lists.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { deliverDays, registerKind } from './days.mjs';
import { asAdministrator } from './drill.mjs';
import { startConsole } from './platform.mjs';

let platform, page, faults, server, stop;
const assets = Array.from({ length: 12 }, (_, n) => `yard-${n}`);
const DAYS = 4;
const DAY_MS = 86_400_000;
const TEN_MINUTES_MS = 600_000;

before(async () => {
  ({ platform, page, faults, server, stop } = await startConsole());
  await asAdministrator(page, platform.administrator);
  await registerKind(server);
  // A live rule, so that the peaks raise alarms as they are delivered.
  const model = (await server.get('/rules/air-pm25-high')).body;
  const detector = { threshold: { ...model.detector.threshold, above: 55, clear: 30, for_s: 0, clear_for_s: 0 } };
  const rule = { ...model, id: 'yard-dust', name: 'Dust in the yard', kinds: ['yard.dust'], detector, incident: null, stage: 'live', version: 0 };
  assert.equal((await server.put('/rules/yard-dust?untried=for+a+test', rule)).status, 201);
  await deliverDays(page, platform.url, server, { assets, days: DAYS });
});

after(() => stop?.());

const above = () => page.getByLabel('Above', { exact: true });

async function tried(button) {
  const answered = page.waitForResponse((answer) => answer.url().endsWith('/rules/back-test'));
  await page.getByRole('button', { name: button }).click();
  return (await answered).json();
}

test('a limit that gives so many alarms a day is suggested, taken, and gives them', async () => {
  await page.getByRole('link', { name: 'Rules', exact: true }).first().click();
  await page.getByRole('link', { name: 'New rule' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Peaks in the yard');
  await page.getByLabel('Find a kind').fill('yard');
  await page.getByRole('checkbox', { name: /^Dust in the yard/ }).check();
  await above().fill('22');
  await page.getByLabel('Must hold for', { exact: true }).fill('0');
  await page.getByLabel('Title of the alarm').fill('Dust {value} {unit} at {asset}');
  await page.getByText('No faults').waitFor();
  await page.getByRole('button', { name: 'Last week' }).click();
  await page.getByLabel('for so many alarms a day').fill(String(assets.length));
  const { suggestion, alarms } = await tried('Suggest a limit');
  assert.equal(suggestion.field, 'detector.threshold.above');
  // Between the two highest peaks: one alarm a day of each asset, far fewer than the limit of 22 gives.
  assert.ok(suggestion.value >= 50 && suggestion.value < 60, JSON.stringify(suggestion));
  assert.deepEqual([suggestion.alarms, alarms > suggestion.alarms], [assets.length * DAYS, true]);
  await page.getByRole('button', { name: 'Take it' }).click();
  assert.equal(Number(await above().inputValue()), suggestion.value);
  await page.getByText('No faults').waitFor();
  assert.equal((await tried('Try it on the past')).alarms, suggestion.alarms);
  await page.locator(`[data-trial="${suggestion.alarms}"]`).waitFor();
});

test('an alarm that a trial found says why, by the rule as it was tried', async () => {
  await page.getByRole('button', { name: /^Why\? Dust .* at / }).first().click();
  await page.getByText('The rule as it was tried').waitFor();
  // The readings that caused it, and those around it with the limit that was taken.
  const why = page.locator('.why');
  assert.ok((await why.getByRole('row').count()) > 1);
  await why.getByText(/dashed: the limit/).waitFor();
});

test('an alarm has a page of its own, with what is behind it', async () => {
  const [alarm] = (await server.get('/alarms?rule=yard-dust&limit=1')).body.items;
  await page.goto(`${platform.url}/rules/yard-dust`);
  await page.locator(`a[href="/alarms/${alarm.id}"]`).click();
  await page.waitForURL(`**/alarms/${alarm.id}`);
  await page.locator('.why').getByText(alarm.causes[0].asset).first().waitFor();
  await page.getByText('The rule as it was, version 1').waitFor();
});

test('a rule that learns is tried with what came before the span, and the page says so', async () => {
  const model = (await server.get('/rules/yard-dust')).body;
  const detector = { baseline: { season: 'day' } };
  const rule = { ...model, id: 'yard-usual', name: 'Unusual for the hour', detector, stage: 'silent', version: 0 };
  assert.equal((await server.put('/rules/yard-usual', rule)).status, 201);
  await page.goto(`${platform.url}/rules/yard-usual`);
  await page.getByRole('button', { name: 'Last day' }).click();
  const { warm_up, learning } = await tried('Try it on the past');
  // Each ten minutes: ten readings of an hour in two days, and a day more.
  const days = (Date.parse(warm_up.to) - Date.parse(warm_up.from)) / DAY_MS;
  assert.ok(days > 2.9 && days <= 3, JSON.stringify(warm_up));
  assert.deepEqual([warm_up.observations % assets.length, learning], [0, 0]);
  await page.locator(`[data-trial-warm-up="${warm_up.observations}"]`).waitFor();
  assert.equal(await page.locator('[data-trial-learning]').count(), 0);
});

test('the load of alarms is that of the alarms that the API lists', async () => {
  const answered = page.waitForResponse((answer) => answer.url().includes('/api/v1/alarms?') && answer.url().includes('state=active'));
  const listed = page.waitForResponse((answer) => answer.url().includes('/api/v1/alarms?') && !answer.url().includes('state='));
  await page.goto(`${platform.url}/alarms`);
  const { items } = await (await listed).json();
  const to = Date.parse(new URL((await answered).url()).searchParams.get('to')) + DAY_MS;
  await page.locator('[data-figure=peak]').waitFor();
  const raised = items.filter((alarm) => Date.parse(alarm.raised) <= to);
  const latest = raised.filter((alarm) => Date.parse(alarm.raised) >= to - TEN_MINUTES_MS);
  const share = (...severities) => Math.round((raised.filter((alarm) => severities.includes(alarm.severity)).length / raised.length) * 100);
  const figure = async (name) => (await page.locator(`[data-figure=${name}] .value`).textContent()).trim();
  const verdict = (name) => page.locator(`[data-figure=${name}]`).getAttribute('data-verdict');
  const expected = [latest.length, `${share('minor')} : ${share('moderate')} : ${share('severe', 'extreme')}`, '–'];
  assert.deepEqual([Number(await figure('peak')), await figure('priorities'), await figure('perDay')], expected);
  // Twelve assets at once are a flood: ISA-18.2 takes no more than ten in ten minutes.
  const yard = raised.filter((alarm) => alarm.rule === 'yard-dust').length;
  assert.ok(yard >= assets.length, String(yard));
  assert.deepEqual([await verdict('peak'), await verdict('perDay')], ['bad', 'none']);
  const row = page.getByRole('row', { name: /^Dust in the yard/ }).first();
  assert.equal(Number(await row.getByRole('cell').nth(1).textContent()), yard);
});

test('no page said an error', () => assert.deepEqual(faults, []));
