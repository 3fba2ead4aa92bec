// The pictures of docs/images: the real binary with the demo city, as an operator sees it a few minutes after the start.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch, openPage } from './browser.mjs';
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
  await shot(state, 'rule-trial', { path: '/rules/air-pm25-high', act: async (view) => {
    await view.getByRole('button', { name: 'Try it on the past' }).click();
    await view.locator('[data-drawn]:not([data-drawn="0"])').waitFor();
    await view.locator('#rule-try').evaluate((part) => part.scrollIntoView());
  } });
  await shot(state, 'system', { path: '/system' });
  if (process.argv[2]) await others(state, incident);
} finally {
  await browser.close();
  await platform.stop();
}
if (faults.length > 0) throw new Error(faults.join('\n'));
