// Correlation rules are written, refused, switched and deleted on their pages; the flow of a playbook is edited in its picture.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { signIn, startConsole } from './platform.mjs';

let platform, page, faults, server, stop;

before(async () => {
  // What is refused stands in the browser's console.
  ({ platform, page, faults, server, stop } = await startConsole({ expected: [/422/] }));
  await signIn(page, platform.link);
  await page.locator('[data-tour=map]').waitFor();
});

after(() => stop?.());

const open = (path) => page.goto(platform.url + path);
const stored = async () => (await server.get('/correlations/quay-floods')).body;

test('a correlation rule is written, and says itself in a sentence', async () => {
  await open('/rules');
  await page.getByRole('link', { name: 'Correlation rules' }).click();
  await page.getByRole('link', { name: 'New correlation rule' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Quay floods');
  await page.getByLabel('What it says').selectOption('cause');
  await page.getByLabel('The cause: Add a type or kind…').selectOption('type:water_main');
  await page.getByLabel('The effect: Add a type or kind…').selectOption('type:traffic_obstruction');
  await page.getByText('Water main brings about Traffic obstruction within 300 m and 10 min.').waitFor();
  await page.getByRole('spinbutton', { name: 'At most apart' }).fill('20001');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('[aria-invalid=true]').waitFor();
  await page.getByRole('spinbutton', { name: 'At most apart' }).fill('150');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL('**/correlations/quay-floods');
  const { relation, first, second, within_m } = await stored();
  assert.deepEqual([relation, first.incident_types, second.incident_types, within_m], ['cause', ['water_main'], ['traffic_obstruction'], 150]);
});

test('it is switched off in the list, and deleted', async () => {
  await open('/correlations');
  const control = page.getByRole('switch', { name: 'Enable Quay floods' });
  await control.click();
  await page.locator('[role=switch][aria-checked=false]').waitFor();
  assert.equal((await stored()).enabled, false);
  await page.getByRole('link', { name: 'Quay floods' }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.waitForURL('**/correlations');
  assert.equal((await server.get('/correlations/quay-floods')).status, 404);
});

test('steps are ordered and added in the picture, by keys and by a drag', async () => {
  await open('/playbooks/gas-leak');
  const box = (n) => page.locator('aside [data-box]', { hasText: new RegExp(`^${n}\\.`) });
  const said = (text) => page.getByRole('status').getByText(text, { exact: true }).waitFor();
  await box(2).press('Enter');
  await page.getByRole('button', { name: 'Comes after…' }).press('Enter');
  await box(4).press('Enter');
  await said('Step 2 comes after step 4.');
  const [from, to] = [await box(1).boundingBox(), await box(3).boundingBox()];
  await page.mouse.move(from.x + 20, from.y + 20);
  await page.mouse.down();
  await page.mouse.move(to.x + 20, to.y + 20, { steps: 5 });
  await page.mouse.up();
  await said('Step 3 comes after step 1.');
  await page.getByRole('button', { name: 'Add a step after it' }).press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('aside [data-box]').length === 12 && document.activeElement?.closest('[data-step]')?.getAttribute('data-step') === '3');
  await page.keyboard.type('Look again');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('version 2').waitFor();
  const { steps } = (await server.get('/playbooks/gas-leak')).body;
  assert.deepEqual([steps[2].title, steps[2].after, steps[1].after], ['Look again', [steps[1].id], [steps[4].id]]);
  assert.deepEqual(faults, []);
});
