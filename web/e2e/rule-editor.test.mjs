// The way of a person who does not program: a rule from the fields, its faults, a try on the past, silent, shadow, live,
// and the versions that this made. Against the real binary with the demo city.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { signIn, startConsole } from './platform.mjs';
import { moveTo, tryOnThePast } from './rule-page.mjs';

let platform, page, faults, server, stop;

before(async () => {
  ({ platform, page, faults, server, stop } = await startConsole());
  await signIn(page, platform.link);
  await page.locator('[data-tour=map]').waitFor();
});

after(() => stop?.());

const words = () => page.getByRole('region', { name: 'In words' });
const above = () => page.getByLabel('Above', { exact: true });
const limit = 0.5;

test('a new rule is made from the fields and says itself in words', async () => {
  await page.getByRole('link', { name: 'Rules', exact: true }).first().click();
  await page.getByRole('link', { name: 'New rule' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Dust anywhere');
  await page.getByLabel('Find a kind').fill('fine');
  await page.getByText('Fine dust PM2.5').click();
  await above().fill(String(limit));
  await page.getByLabel('Must hold for', { exact: true }).fill('0');
  await page.getByLabel('Title of the alarm').fill('Dust {value} {unit} at {asset}');
  await page.getByLabel('Severity (CAP)').selectOption('minor');
  await page.getByLabel('Urgency (CAP)').selectOption('future');
  await page.getByText('No faults').waitFor();
  assert.equal(await words().textContent(), 'When Fine dust PM2.5 at one asset is above 0.5 µg/m³, count a minor alarm that nobody sees yet. After it has ended there is quiet for 5 min.');
});

test('an expression is completed by keyboard, and a wrong one shows its fault in place', async () => {
  const field = page.getByLabel('Only when (CEL, optional)');
  await field.click();
  await page.keyboard.type('val');
  await page.getByRole('option', { name: /^value/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.keyboard.type(' > 0.1 && qualty == ');
  await page.keyboard.type('"good"');
  await page.locator('[data-column="16"]').waitFor();
  assert.equal(await page.locator('.sheet .fault').textContent(), 'qualty');
  assert.equal(await page.getByRole('button', { name: 'Save' }).isDisabled(), true);
  await field.fill('value > 0.1 && quality == "good"');
  await page.getByText('No faults').waitFor();
  assert.equal(await page.locator('.sheet .fault').count(), 0);
});

test('a kind that gives no numbers is named beside the kinds', async () => {
  await page.getByLabel('Find a kind').fill('report');
  const kinds = page.locator('[data-path=kinds]');
  await kinds.getByText("Residents' report").click();
  await kinds.getByText('`report.category` gives texts, and a threshold reads numbers: a condition compares them').waitFor();
  await page.getByRole('button', { name: 'Go to the fault: Kinds of readings' }).click();
  assert.equal(await page.evaluate(() => document.activeElement.dataset.path), 'kinds');
  await kinds.getByText("Residents' report").click();
  await page.getByText('No faults').waitFor();
});

test('the fault of any other field stands beside it', async () => {
  await page.getByLabel('Ends at').fill('9');
  await page.locator('.field', { has: page.getByLabel('Ends at') }).locator('.error').waitFor();
  await page.getByRole('button', { name: 'Go to the fault: Beyond a limit: Ends at' }).click();
  assert.equal(await page.evaluate(() => document.activeElement.dataset.path), 'detector.threshold.clear');
  await page.getByLabel('Ends at').fill('');
  await page.getByText('No faults').waitFor();
});

test('the unsaved rule is tried on the past: figures, chart, map, typical alarms', async () => {
  await tryOnThePast(page);
  const shown = Number(await page.locator('[data-trial]').getAttribute('data-trial'));
  assert.equal(await page.locator('[data-chart]').getAttribute('data-chart'), String(shown));
  await page.locator('[data-drawn]:not([data-drawn="0"])').waitFor();
  await page.getByText('(ISA-18.2, EEMUA 191)').first().waitFor();
  await page.getByRole('region', { name: 'The most typical' }).locator('a[href^="/?at="]').first().waitFor();
  assert.equal((await server.get('/rules/dust-anywhere')).status, 404);
});

test('what has run for minutes gives no figure a day and no limit, and says so', async () => {
  await page.locator('[data-per-day=unknown]').waitFor();
  await page.getByLabel('for so many alarms a day').fill('2');
  await page.getByRole('button', { name: 'Suggest a limit' }).click();
  await page.locator('[data-no-suggestion=too_little_data]').waitFor();
  assert.equal(Number(await above().inputValue()), limit);
});

test('it is saved silent, and moves to shadow with a reason', async () => {
  await page.getByPlaceholder('Why this rule?').fill('For the test');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL('**/rules/dust-anywhere');
  await page.locator('[data-version="1"]').waitFor();
  assert.equal((await server.get('/rules/dust-anywhere')).body.stage, 'silent');
  await moveTo(page, 'Shadow', 'A day of history looks right');
  const stored = (await server.get('/rules/dust-anywhere')).body;
  assert.deepEqual([stored.stage, stored.reason, stored.alarm.urgency], ['shadow', 'A day of history looks right', 'future']);
});

test('what was never tried goes live only after the dialog has said so and the person has agreed', async () => {
  const before = await above().inputValue();
  await above().fill(String(Number(before) + 1));
  await page.getByRole('button', { name: 'Move to Live' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('This condition was never tried on the past').waitFor();
  await dialog.getByRole('textbox').fill('Without a trial');
  await dialog.getByRole('button', { name: 'Move to Live' }).click();
  assert.equal(await dialog.getByLabel('It goes live untried.').evaluate((box) => box.validity.valueMissing), true);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await dialog.waitFor({ state: 'detached' });
  await above().fill(before);
});

test('its alarms in shadow stand on its page, say why, and nowhere else', async () => {
  await page.locator('[data-raised][data-stage=shadow]:not([data-raised="0"])').waitFor();
  const list = page.locator('[data-raised][data-stage=shadow]');
  await list.getByRole('button', { name: /^Why\?/ }).first().click();
  await list.getByText('The rule as it was, version 2').waitFor();
  await list.getByText('show a minor alarm on the page of this rule only').waitFor();
  await list.getByRole('columnheader', { name: 'Value' }).waitFor();
  const live = (await server.get('/alarms?rule=dust-anywhere')).body.items;
  assert.deepEqual(live, []);
});

test('it goes live, and its versions say who, when and why', async () => {
  await moveTo(page, 'Live', 'All of them were real');
  assert.equal(await page.locator('[data-raised][data-stage=shadow]').count(), 0);
  await page.locator('[data-version="3"]', { hasText: 'All of them were real' }).waitFor();
  await page.locator('[data-version="2"]', { hasText: 'A day of history looks right' }).waitFor();
  assert.match(await words().textContent(), /raise a minor alarm/);
  await page.getByRole('button', { name: 'Open version 1' }).click();
  const first = page.locator('[data-version="1"]');
  await first.getByRole('row', { name: 'Stage Silent Live' }).waitFor();
  await first.getByRole('button', { name: 'Restore as a new version' }).click();
  await page.locator('[data-version="4"]', { hasText: 'Version 1 restored' }).waitFor();
  assert.equal((await server.get('/rules/dust-anywhere')).body.stage, 'silent');
});

test('a live rule that is changed says that it is untried, and its version says why', async () => {
  await moveTo(page, 'Live', 'Live again');
  const before = await above().inputValue();
  await above().fill(String(Number(before) + 1));
  const agree = page.getByLabel('It goes live untried.');
  await agree.check();
  await page.getByPlaceholder('Why this change?').fill('The limit of the law');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('[data-version="6"] [data-untried]', { hasText: 'Live untried: The limit of the law' }).waitFor();
  await agree.waitFor({ state: 'detached' });
  await above().fill(before);
  await page.getByPlaceholder('Why this change?').fill('Back to what was tried');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('[data-version="7"]').waitFor();
  assert.equal(await page.locator('[data-version="7"] [data-untried]').count(), 0);
});

test('an alarm of a live rule says why on the page of its incident', async () => {
  await page.goto(`${platform.url}/incidents`);
  await page.locator('tbody a').first().waitFor();
  const incident = (await server.get('/incidents?limit=50')).body.items.find((held) => held.alarms.length > 0);
  await page.goto(`${platform.url}/incidents/${incident.id}`);
  await page.getByRole('button', { name: /^Why\?/ }).first().click();
  await page.getByText(/The rule as it was, version \d/).first().waitFor();
});

test('it is deleted with a reason, which its last version says', async () => {
  await page.goto(`${platform.url}/rules/dust-anywhere`);
  await page.getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog');
  assert.equal(await dialog.getByRole('button', { name: 'Delete' }).isDisabled(), true);
  await dialog.getByRole('textbox').fill('Another rule does it better');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await page.waitForURL('**/rules');
  assert.equal((await server.get('/rules/dust-anywhere')).status, 404);
  const [last, before] = (await server.get('/rules/dust-anywhere/versions')).body.items;
  assert.deepEqual([last.version, last.deleted, last.rule.reason, before.deleted], [before.version + 1, true, 'Another rule does it better', false]);
});

test('a link to a moment shows the city as it was', async () => {
  await page.goto(`${platform.url}/?at=${new Date(Date.now() - 30_000).toISOString()}`);
  await page.getByText('Past moment:').waitFor();
  assert.equal(new URL(page.url()).search, '');
});

test('no page said an error', () => assert.deepEqual(faults, []));
