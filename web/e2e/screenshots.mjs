// The pictures of docs/images: the real binary with the demo city, as an operator sees it a few minutes after the start.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch, openPage } from './browser.mjs';
import { deliverDays, registerKind } from './days.mjs';
import { asAdministrator, chainOfCauses } from './drill.mjs';
import { api, signIn, startPlatform } from './platform.mjs';
import { lighter } from './png.mjs';

const folder = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '../../docs/images');
/** Incidents to wait for, so that the pictures show a city at work. */
const INCIDENTS = 3;

const platform = await startPlatform();
const browser = await launch();
const faults = [];

/** One picture: a page of its own with a theme, a language and a size, brought into a state by `act`. */
async function shot(state, name, { path = '/', theme = 'dark', locale = 'en', size = { width: 1440, height: 900 }, act = async () => {} } = {}) {
  const opened = await openPage(browser, { context: { viewport: size, storageState: state, locale: locale === 'de' ? 'de-DE' : 'en-GB' } });
  const { page, context } = opened;
  await page.addInitScript((kept) => localStorage.setItem('vigiles', JSON.stringify(kept)), { theme, locale, tourDone: true });
  await page.goto(platform.url + path);
  await page.locator('.state.live').waitFor({ timeout: 60_000 });
  await page.waitForFunction(() => !document.querySelector('main [aria-busy=true]'), undefined, { polling: 200, timeout: 60_000 });
  await act(page);
  const map = await page.locator('[data-tour=map]:visible').count();
  if (map) await page.waitForFunction(() => ['road', 'asset-disc'].every((layer) => globalThis.vigilesMap?.getLayer(layer) && globalThis.vigilesMap.queryRenderedFeatures({ layers: [layer] }).length > 0), undefined, { polling: 200, timeout: 60_000 });
  // A picture, not a test: names and labels fade in.
  await page.waitForTimeout(map ? 3000 : 500);
  writeFileSync(join(folder, `${name}.png`), await lighter(browser, await page.screenshot()));
  faults.push(...opened.faults.map((fault) => `${name}: ${fault}`));
  await context.close();
}

/** Pages that no document shows: for whoever looks at a change, into a folder of their own. */
async function others(state, incident) {
  for (const name of ['incidents', 'zones', 'assets', 'rules', 'playbooks', 'kinds', 'sources', 'audit']) await shot(state, name, { path: `/${name}` });
  await shot(state, 'incident', { path: `/?incident=${incident.id}` });
  await shot(state, 'phone', { size: { width: 390, height: 844 } });
  await shot(state, 'palette', { act: async (view) => { await view.keyboard.press('Control+k'); await view.keyboard.type('air'); } });
  await shot(state, 'german', { locale: 'de', path: `/?incident=${incident.id}` });
  await shot(state, 'phone-incident', { size: { width: 390, height: 844 }, path: `/?incident=${incident.id}` });
}

/** What an operator asks of an alarm, writes down of a call, and what a rule or a playbook is made with. */
async function work(state, incident) {
  await shot(state, 'why', { path: `/incidents/${incident.id}`, act: async (view) => {
    await view.getByRole('button', { name: /^Why\?/ }).first().click();
    await view.getByText(/The rule as it was, version/).first().waitFor();
  } });
  const [lon, lat] = middle(incident.place);
  await shot(state, 'call', { path: `/?open=${encodeURIComponent(`${lat.toFixed(5)}, ${lon.toFixed(5)}`)}`, act: async (view) => {
    await view.getByLabel('What is happening?').fill('Nobody gets through here, a bus stands across');
    await view.locator('[data-offer]').first().waitFor();
  } });
  await shot(state, 'alarm-load', { path: '/alarms', size: { width: 1440, height: 1800 }, act: (view) => view.locator('[data-figure=peak]').waitFor() });
  await shot(state, 'playbook-designer', { path: '/playbooks/power-loss', act: async (view) => {
    await view.locator('[data-box]').first().click();
    await view.locator('[data-box]').first().evaluate((box) => box.scrollIntoView({ block: 'center' }));
  } });
}

/** An incident dropped onto another, and an alarm on its way to an incident of its own. */
async function byHand(state, several) {
  await shot(state, 'merge', { act: async (view) => {
    const entries = view.locator('[data-entry=incident]');
    await entries.nth(0).hover();
    await view.mouse.down();
    // Twice: a drag begins with the first movement, and the place is told by the second.
    await entries.nth(1).hover();
    await entries.nth(1).hover();
    await view.mouse.up();
    await view.getByRole('dialog').waitFor();
  } });
  await shot(state, 'split', { path: `/incidents/${several.id}`, act: async (view) => {
    const from = await view.locator('[data-alarm]').first().boundingBox();
    await view.mouse.move(from.x + 30, from.y + 20);
    await view.mouse.down();
    await view.mouse.move(from.x + 60, from.y + 60, { steps: 5 });
    const place = view.getByText('Drop here: an incident of its own');
    await place.hover();
    await place.hover();
  } });
}

/** A rule tried on a week of readings of real places of the city, with a limit suggested for six alarms a day. */
async function trial(page, server) {
  const { items } = (await server.get('/assets?limit=500')).body;
  const assets = items.filter((held) => held.class === 'air_station').map((held) => held.id);
  await asAdministrator(page, platform.administrator);
  await registerKind(server);
  await deliverDays(page, platform.url, server, { assets, days: 7 });
  const model = (await server.get('/rules/air-pm25-high')).body;
  const detector = { threshold: { ...model.detector.threshold, above: 35, clear: 25, for_s: 0, clear_for_s: 0 } };
  const rule = { ...model, id: 'yard-dust', name: 'Dust in the yard', kinds: ['yard.dust'], alarm: { ...model.alarm, title: 'Dust {value} {unit} at {asset}' }, detector, stage: 'silent', version: 0 };
  const { status, body } = await server.put('/rules/yard-dust', rule);
  if (status !== 201) throw new Error(JSON.stringify(body));
  const state = await page.context().storageState();
  await page.goto('about:blank');
  await shot(state, 'rule-trial', { path: '/rules/yard-dust', size: { width: 1440, height: 1900 }, act: async (view) => {
    await view.getByRole('button', { name: 'Last week' }).click();
    await view.getByLabel('for so many alarms a day').fill(String(2 * assets.length));
    await view.getByRole('button', { name: 'Suggest a limit' }).click();
    await view.locator('[data-drawn]:not([data-drawn="0"])').waitFor();
    await view.locator('#rule-try').evaluate((part) => part.scrollIntoView());
  } });
}

const middle = (place) => (place.type === 'Point' ? place.coordinates : place.type === 'LineString' ? place.coordinates[0] : place.coordinates[0][0]);

/** An exercise under way as its director sees it, a playbook in it as it runs, its chain of causes, and the debrief. */
async function exercise(page, server, state) {
  const file = readFileSync(new URL('../../exercises/power-cut.toml', import.meta.url), 'utf8');
  const begun = await server.post('/exercises', { file });
  if (begun.status !== 201) throw new Error(JSON.stringify(begun.body));
  const path = `/exercises/${begun.body.id}`;
  await page.goto(platform.url);
  const called = await (await page.waitForFunction(() => [...(globalThis.vigilesLive?.live.incidents.values() ?? [])].find((held) => held.reality === 'exercise' && held.playbook === 'power-loss')?.id, undefined, { polling: 500, timeout: 240_000 })).jsonValue();
  await server.post(`/incidents/${called}/state`, { to: 'acknowledged' });
  const { tasks } = (await server.get(`/incidents/${called}`)).body;
  const first = tasks.find((held) => held.state === 'running' && held.action === 'manual');
  if (first) await server.post(`/incidents/${called}/tasks/${first.id}`, { outcome: 'done' });
  await page.goto('about:blank');
  await shot(state, 'playbook-flow', { path: `/incidents/${called}`, act: async (view) => {
    await view.locator('[data-box]').first().waitFor();
    await view.locator('[data-box]').first().evaluate((box) => box.scrollIntoView({ block: 'center' }));
  } });
  await shot(state, 'exercise-director', { path, act: (view) => view.locator('[data-phase]').first().waitFor() });
  await page.goto(platform.url);
  const chain = await chainOfCauses(page);
  await page.goto('about:blank');
  await shot(state, 'causes', { path: `/incidents/${chain}`, act: async (view) => {
    const causes = view.getByRole('region', { name: 'Cause and effect' });
    await causes.locator('[data-box]').nth(2).waitFor();
    // The page's own part alone, not the frame around it.
    await causes.evaluate((part) => {
      let box = part.parentElement;
      while (box && getComputedStyle(box).overflowY !== 'auto') box = box.parentElement;
      box?.scrollBy(0, part.getBoundingClientRect().top - box.getBoundingClientRect().top - 16);
    });
  } });
  await server.post(`${path}/end`, { reason: 'The chain was seen' });
  await shot(state, 'exercise-debrief', { path, act: (view) => view.locator('[data-outcome]').first().waitFor() });
}

try {
  mkdirSync(folder, { recursive: true });
  const { page, context } = await openPage(browser);
  await signIn(page, platform.link);
  await page.locator('[data-entry=incident]').nth(INCIDENTS - 1).waitFor({ timeout: 240_000 });
  const server = api(page, platform.url);
  const state = await context.storageState();
  // One map at a time: they are drawn in software.
  await page.goto('about:blank');
  const { items } = (await server.get('/incidents?limit=20')).body;
  const incident = items.find((held) => held.tasks.length > 0 && held.alarms.length > 0) ?? items[0];
  const asset = incident.assets[0] ?? (await server.get('/assets?limit=1')).body.items[0].id;
  await shot(state, 'map');
  await shot(state, 'map-light', { theme: 'light' });
  await shot(state, 'incident-page', { path: `/incidents/${incident.id}` });
  await shot(state, 'past', { act: async (view) => { await view.locator('[data-entry]').first().waitFor(); await view.keyboard.press('['); await view.getByText('Past moment:').waitFor(); } });
  await shot(state, 'asset', { path: `/assets/${encodeURIComponent(asset)}`, act: (view) => view.locator('canvas').first().waitFor() });
  await shot(state, 'rule', { path: '/rules/new', act: async (view) => {
    await view.getByLabel('Name', { exact: true }).fill('Loud for a minute');
    await view.getByRole('radio', { name: /Condition/ }).check();
    await view.getByLabel('Condition (CEL)').fill('window("60s").maen > 85.0');
    await view.locator('[data-column]').first().waitFor();
    await view.getByLabel('Condition (CEL)').scrollIntoViewIfNeeded();
  } });
  await shot(state, 'system', { path: '/system' });
  await work(state, items.find((held) => held.alarms.length > 0 && held.place) ?? incident);
  await exercise(page, server, state);
  await byHand(state, (await server.get('/incidents?limit=50')).body.items.toSorted((a, b) => b.alarms.length - a.alarms.length)[0]);
  if (process.argv[2]) await others(state, incident);
  await trial(page, server);
} finally {
  await browser.close();
  await platform.stop();
}
if (faults.length > 0) throw new Error(faults.join('\n'));
