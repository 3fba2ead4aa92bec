// What a person has written and found in the rule editor stays: changes are not lost by a slip, a back-test outlives the
// page, and its area is the one that a map shows. Against the real binary with the demo city.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { signIn, startConsole } from './platform.mjs';

let platform, page, faults, stop;

before(async () => {
  ({ platform, page, faults, stop } = await startConsole());
  await signIn(page, platform.link);
  await page.locator('[data-tour=map]').waitFor();
});

after(() => stop?.());

const asked = () => page.getByRole('dialog', { name: 'Leave without saving?' });
const pages = (name) => page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true });
const title = (name) => page.getByRole('heading', { name, level: 1 });
/** A rule is tried again as long as its history is empty, this often at most. */
const TRIALS = 200;

async function begin(name) {
  await pages('Rules').click();
  await page.getByRole('link', { name: 'New rule' }).click();
  await page.getByLabel('Name', { exact: true }).fill(name);
}

/** Tries the rule until its history holds readings; answers what was asked last. */
async function tried() {
  for (let count = 0; count < TRIALS; count += 1) {
    const answered = page.waitForResponse((answer) => answer.url().endsWith('/rules/back-test'));
    await page.getByRole('button', { name: 'Try it on the past' }).click();
    const answer = await answered;
    if ((await answer.json()).observations > 0) return answer.request().postDataJSON();
  }
  throw new Error('no readings');
}

test('a page with unsaved changes is not left by a slip', async () => {
  await pages('Assets').click();
  await begin('Half a rule');
  await pages('Assets').click();
  await asked().getByRole('button', { name: 'Stay here' }).press('Enter');
  await asked().waitFor({ state: 'detached' });
  assert.equal(await page.locator('[data-path=name]').inputValue(), 'Half a rule');
  await page.goBack();
  await asked().waitFor();
  await page.keyboard.press('Escape');
  await asked().waitFor({ state: 'detached' });
  assert.equal(await page.locator('[data-path=name]').inputValue(), 'Half a rule');
  const browser = page.waitForEvent('dialog');
  await page.close({ runBeforeUnload: true });
  const question = await browser;
  assert.equal(question.type(), 'beforeunload');
  await question.dismiss();
  await page.goBack();
  await asked().getByRole('button', { name: 'Leave and lose them' }).click();
  await title('Rules').waitFor();
  await pages('Assets').click();
  await title('Assets').waitFor();
});

test('a back-test stays when its rule is saved for the first time', async () => {
  await begin('Dust kept');
  await page.getByLabel('Find a kind').fill('fine');
  await page.getByText('Fine dust PM2.5').click();
  await page.getByLabel('Above', { exact: true }).fill('0.5');
  await page.getByText('No faults').waitFor();
  assert.equal((await tried()).bbox, null);
  const made = await page.locator('[data-made]').textContent();
  assert.match(made, /^Made .*, everywhere\.$/);
  await page.getByPlaceholder('Why this rule?').fill('For the test');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL('**/rules/dust-kept');
  await page.locator('[data-version="1"]').waitFor();
  assert.equal(await page.locator('[data-made]').textContent(), made);
  assert.equal(await page.getByText('The rule has changed since').count(), 0);
});

test('it stays when the person comes back, and says what has changed since', async () => {
  const made = await page.locator('[data-made]').textContent();
  await pages('Rules').click();
  await title('Rules').waitFor();
  await page.getByRole('link', { name: 'Dust kept' }).click();
  await page.locator('[data-version="1"]').waitFor();
  assert.equal(await page.locator('[data-made]').textContent(), made);
  assert.equal(await page.getByText('The rule has changed since').count(), 0);
  await page.getByLabel('Above', { exact: true }).fill('0.7');
  await page.getByText('The rule has changed since: Beyond a limit: Above.').waitFor();
  await page.getByLabel('Above', { exact: true }).fill('0.5');
  await page.getByText('The rule has changed since').waitFor({ state: 'detached' });
});

test('only the area that the map shows is tried, and it stands on the map of the result', async () => {
  await page.getByRole('button', { name: 'Only what the map shows' }).click();
  const map = page.getByRole('region', { name: 'Map of the area that is tried' });
  const area = () => map.getAttribute('data-area');
  await map.locator('canvas').waitFor();
  const first = await area();
  await map.locator('canvas').press('ArrowRight');
  await page.waitForFunction((held) => document.querySelector('[data-area]').dataset.area !== held, first);
  await map.getByRole('button', { name: 'Zoom in' }).click();
  await page.waitForFunction((held) => { const [west, , east] = document.querySelector('[data-area]').dataset.area.split(',').map(Number); const [left, , right] = held.split(',').map(Number); return east - west < (right - left) * 0.6; }, first);
  const { bbox } = await tried();
  assert.equal(bbox, await area());
  assert.match(await page.locator('[data-made]').textContent(), /latitude 43\.\d+ to 43\.\d+, longitude 7\.\d+ to 7\.\d+\.$/);
  await page.locator(`[data-drawn][data-area="${bbox}"]`).waitFor();
  await page.getByRole('button', { name: 'Everywhere' }).click();
  assert.equal((await tried()).bbox, null);
  await page.locator('[data-drawn]:not([data-area])').waitFor();
});

test('no page said an error', () => assert.deepEqual(faults, []));
