// Every page of the console in both themes: no violation of WCAG 2.2 AA that axe can find, no console error.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { signIn, startConsole } from './platform.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
let platform, page, faults, server, stop;

before(async () => {
  // axe is injected as a script, which the policy of the pages forbids; everything else runs under that policy.
  ({ platform, page, faults, server, stop } = await startConsole({ kept: null, axe: true }));
});

after(() => stop?.());

async function violations() {
  await page.evaluate(axe);
  const found = await page.evaluate((wanted) => globalThis.axe.run(document, { runOnly: wanted }), tags);
  return found.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`);
}

test('the sign-in page of a fresh browser is clean', async () => {
  await page.goto(platform.url);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.deepEqual(await violations(), []);
  assert.deepEqual(faults, []);
});

test('the first administrator is made by the link', async () => {
  await page.goto(platform.administrator);
  await page.getByLabel('Name').fill('root');
  await page.locator('input[name=password]').fill('a long enough password');
  await page.getByLabel('Password once more').fill('a long enough passwort');
  await page.getByText('The two passwords differ.').waitFor();
  assert.deepEqual(await violations(), []);
  await page.getByLabel('Password once more').fill('a long enough password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('[data-tour=map]').waitFor();
});

test('the tour starts by itself, is read step by step and stopped for good', async () => {
  const panel = page.getByRole('region', { name: 'Guided tour' });
  await panel.waitFor();
  assert.deepEqual(await violations(), []);
  await panel.getByRole('button', { name: 'Next' }).click();
  await panel.getByText('Step 2 of').waitFor();
  await page.keyboard.press('Escape');
  await panel.waitFor({ state: 'detached' });
  await page.reload();
  await page.locator('[data-tour=map]').waitFor();
  assert.equal(await panel.count(), 0);
});

for (const theme of ['dark', 'light']) {
  test(`every page, ${theme}`, async (context) => {
    await page.evaluate((look) => localStorage.setItem('vigiles', JSON.stringify({ ...JSON.parse(localStorage.getItem('vigiles')), theme: look })), theme);
    await page.goto(`${platform.url}/`);
    await page.locator('[data-entry=incident]').first().waitFor({ timeout: 120_000 });
    const incident = (await server.get('/incidents?limit=1')).body.items[0];
    const asset = (await server.get('/assets?limit=1')).body.items[0];
    const rule = (await server.get('/rules?limit=1')).body.items[0];
    const source = (await server.get('/sources?limit=1')).body.items[0];
    const zone = (await server.get('/zones?limit=1')).body.items[0];
    const alarm = (await server.get('/alarms?limit=1')).body.items[0];
    const paths = ['/', `/?incident=${incident.id}`, '/incidents', `/incidents/${incident.id}`, '/?open=new', '/zones', `/zones/${zone.id}`, '/zones/new', '/playbooks', '/playbooks/air-quality', '/playbooks/new', '/kinds', '/kinds/air.pm25', '/kinds/new', '/assets', `/assets/${asset.id}`, '/rules', `/rules/${rule.id}`, '/rules/new', '/sources', `/sources/${source.id}`, '/sources/new', '/tokens', '/accounts', '/audit', '/system', '/alarms', `/alarms/${alarm.id}`, '/exercises'];
    for (const path of paths) {
      await context.test(path, async () => {
        await page.goto(platform.url + path);
        await page.locator('.state.live').waitFor();
        await page.waitForFunction(() => document.querySelector('main h1, main h2') && !document.querySelector('main [aria-busy=true]'));
        assert.deepEqual(await violations(), []);
      });
    }
  });
}

test('dialogs and layers', async () => {
  await page.goto(`${platform.url}/`);
  await page.locator('.state.live').waitFor();
  for (const [key, opened] of [['?', page.getByRole('dialog', { name: 'Keys' })], ['Control+k', page.getByRole('dialog', { name: 'Search and commands' })], ['l', page.locator('#map-layers .panel')]]) {
    await page.keyboard.press(key);
    await opened.waitFor();
    assert.deepEqual(await violations(), [], key);
    await page.keyboard.press('Escape');
    await opened.waitFor({ state: 'detached' });
  }
  await page.getByRole('button', { name: 'Filters' }).click();
  assert.deepEqual(await violations(), []);
});

test('the corners of a zone', async () => {
  const area = { type: 'Polygon', coordinates: [[[7.42, 43.73], [7.43, 43.73], [7.43, 43.74], [7.42, 43.73]]] };
  const { agency } = (await server.get('/session')).body.person;
  assert.equal((await server.put('/zones/own', { id: 'own', name: 'Own', class: 'district', area, agency, version: 0 })).status, 201);
  await page.goto(`${platform.url}/zones/own`);
  await page.locator('[data-corners="3"]').waitFor();
  await page.getByRole('button', { name: 'Edit corners' }).click();
  await page.getByRole('button', { name: 'Corner 1 of 3' }).waitFor();
  assert.deepEqual(await violations(), []);
});

test('a rule with its versions, tried on the past, and what may stand in its expression', async () => {
  const [rule] = (await server.get('/rules?q=fine')).body.items;
  await page.goto(`${platform.url}/rules/${rule.id}`);
  await page.getByRole('button', { name: 'Open version 1' }).click();
  await page.getByRole('button', { name: 'Try it on the past' }).click();
  await page.locator('[data-trial]').waitFor();
  assert.deepEqual(await violations(), []);
  await page.getByLabel('Only when (CEL, optional)').fill('val');
  await page.getByRole('option', { name: /^value/ }).waitFor();
  assert.deepEqual(await violations(), []);
  await page.goto(`${platform.url}/rules/new`);
  for (const detector of ['Several things at once', 'Something does not follow', 'Unusual for this hour', 'Enters or leaves a zone']) {
    await page.getByRole('radio', { name: detector }).check();
    assert.deepEqual(await violations(), [], detector);
  }
});

test('dialogs that ask', async () => {
  for (const [path, button, name] of [['/accounts', 'New account', 'New account'], ['/zones/own', 'Delete', 'Delete the zone?']]) {
    await page.goto(platform.url + path);
    await page.getByRole('button', { name: button, exact: true }).click();
    const dialog = page.getByRole('dialog', { name });
    await dialog.waitFor();
    assert.deepEqual(await violations(), [], path);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  }
});

test('what an operator sees in a merge, in the past and in German', async () => {
  await page.context().clearCookies();
  await signIn(page, platform.link);
  await page.locator('[data-entry=incident]').first().click();
  await page.keyboard.press('m');
  const merge = page.getByRole('dialog', { name: 'Merge another incident into this one' });
  await merge.waitFor();
  assert.deepEqual(await violations(), [], 'merge');
  await page.keyboard.press('Escape');
  await merge.waitFor({ state: 'detached' });
  await page.keyboard.press('h');
  const lead = page.getByRole('dialog', { name: 'Hand over the lead' });
  await lead.getByRole('combobox', { name: 'Hand over to' }).waitFor();
  assert.deepEqual(await violations(), [], 'hand over');
  await page.keyboard.press('Escape');
  await lead.waitFor({ state: 'detached' });
  await page.keyboard.press('[');
  await page.getByText('Past moment:').waitFor();
  assert.deepEqual(await violations(), [], 'past');
  await page.evaluate(() => localStorage.setItem('vigiles', JSON.stringify({ ...JSON.parse(localStorage.getItem('vigiles')), locale: 'de' })));
  await page.goto(`${platform.url}/`);
  await page.locator('html[lang=de] .state.live').waitFor();
  assert.deepEqual(await violations(), [], 'German');
});

test('no page said an error', () => assert.deepEqual(faults, []));
