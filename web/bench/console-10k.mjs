// console-10k: how soon a newcomer sees the map in software rendering, and whether the console keeps up with 10,000
// assets that each report once a second. Runs against the real binary; the last line is the figure.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch, openPage } from '../e2e/browser.mjs';
import { startPlatform } from '../e2e/platform.mjs';

const ASSETS = Number(process.env.ASSETS ?? 10_000);
const SECONDS = Number(process.env.SECONDS_MEASURED ?? 30);
const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const say = (text) => process.stdout.write(`${text}\n`);
const asset = (index) => `sensor-${index}`;

/** A city of one kind and many assets around Monaco, on the map of the demo. */
function makeCity() {
  const folder = mkdtempSync(join(tmpdir(), 'vigiles-10k-'));
  cpSync(join(root, 'demo/monaco/monaco.osm.pbf'), join(folder, 'monaco.osm.pbf'));
  writeFileSync(join(folder, 'city.toml'), 'name = "Ten thousand"\ncentre = [7.4232, 43.7362]\nzoom = 14.0\nbasemap = "monaco.osm.pbf"\ndemo = true\nattribution = ["© OpenStreetMap contributors (ODbL)"]\n\n[[agency]]\nid = "city"\nname = "City"\n');
  writeFileSync(join(folder, 'kinds.toml'), '[[kind]]\nid = "bench.level"\nname = "Level"\nquantity = "level"\nunit = "%"\nvalue_type = "number"\nmin = 0\nmax = 100\nretention_days = 1\n');
  const side = Math.ceil(Math.sqrt(ASSETS));
  const features = Array.from({ length: ASSETS }, (_, i) => ({
    type: 'Feature', id: asset(i), geometry: { type: 'Point', coordinates: [7.40 + (0.046 * (i % side)) / side, 43.722 + (0.028 * Math.floor(i / side)) / side] },
    properties: { name: `Sensor ${i}`, class: 'sensor', agency: 'city', observes: ['bench.level'] },
  }));
  writeFileSync(join(folder, 'assets.geojson'), JSON.stringify({ type: 'FeatureCollection', features }));
  return folder;
}

/** Sends one reading of every asset each second, until told to stop. */
function feed(url, token) {
  let stopped = false;
  let sent = 0;
  const run = async () => {
    for (let round = 0; !stopped; round += 1) {
      const begun = Date.now();
      const time = new Date(begun).toISOString();
      const lines = Array.from({ length: ASSETS }, (_, i) => `{"kind":"bench.level","asset":"${asset(i)}","time":"${time}","value":${(i + round) % 100},"unit":"%"}`);
      const answer = await fetch(`${url}/api/v1/observations`, { method: 'POST', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/x-ndjson' }, body: lines.join('\n') });
      if (answer.status !== 202) throw new Error(`observations: ${answer.status} ${await answer.text()}`);
      sent += ASSETS;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, 1000 - (Date.now() - begun))));
    }
  };
  const running = run();
  return { stop: async () => ((stopped = true), await running, sent) };
}

/** Signs in, in a context that is then thrown away; gives the session's cookie. */
async function signIn(browser, link) {
  const { context, page } = await openPage(browser);
  await page.goto(link);
  await page.getByRole('button').filter({ hasText: /Sign in/ }).click();
  await page.locator('[data-tour=map]').waitFor();
  const state = await context.storageState();
  await context.close();
  return state;
}

/** From the start of navigation to roads and assets on the screen, in ms; the context has nothing in its caches. */
async function firstMap(page, url) {
  await page.goto(url);
  return page.evaluate(() => new Promise((resolve) => {
    const look = () => {
      const map = globalThis.vigilesMap;
      const ready = map?.getLayer('road') && map.getLayer('asset-disc') && map.queryRenderedFeatures({ layers: ['road'] }).length > 0 && map.queryRenderedFeatures({ layers: ['asset-disc'] }).length > 0;
      if (ready) resolve(performance.now());
      else setTimeout(look, 50);
    };
    look();
  }));
}

/** How old the newest reading is when the map has taken it, once a round; and the frames drawn. */
function measure(page, last) {
  return page.evaluate(([id, seconds]) => new Promise((resolve) => {
    const lags = [];
    let seen = '';
    let frames = 0;
    const begun = performance.now();
    const taken = globalThis.vigilesSync.taken;
    const look = () => {
      frames += 1;
      const world = globalThis.vigilesLive.shown;
      const reading = world.values.get(id)?.values().next().value;
      if (reading && reading.time !== seen && !world.dirty.has(id)) {
        seen = reading.time;
        lags.push(Date.now() - Date.parse(reading.time));
      }
      const passed = (performance.now() - begun) / 1000;
      if (passed >= seconds) resolve({ lags, frames: frames / passed, taken: (globalThis.vigilesSync.taken - taken) / passed });
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }), [last, SECONDS]);
}

const middle = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;

const city = makeCity();
const platform = await startPlatform({ city });
const browser = await launch();
try {
  const storageState = await signIn(browser, platform.link);
  const { page, faults } = await openPage(browser, { context: { storageState } });
  await page.addInitScript(() => localStorage.setItem('vigiles', JSON.stringify({ locale: 'en', tourDone: true })));
  page.setDefaultTimeout(120_000);
  const ms = await firstMap(page, platform.url);
  const token = execFileSync(platform.binary, ['token', 'create', '--data', platform.data, '--role', 'source', '--name', 'bench'], { encoding: 'utf8' }).trim();
  await page.waitForFunction(() => globalThis.vigilesLive.loaded, undefined, { polling: 200, timeout: 120_000 });
  const feeding = feed(platform.url, token);
  const { lags, frames, taken } = await measure(page, asset(ASSETS - 1));
  const sent = await feeding.stop();
  const early = middle(lags.slice(0, Math.ceil(lags.length / 3)), 0.5);
  const late = middle(lags.slice(-Math.ceil(lags.length / 3)), 0.5);
  say(`update lag: p50 ${middle(lags, 0.5)} ms, p99 ${middle(lags, 0.99)} ms, first third ${early} ms, last third ${late} ms; ${Math.round(taken)} assets/s on the map of ${ASSETS}, ${frames.toFixed(1)} frames/s, ${sent} readings sent, ${faults.length} console errors`);
  say(`console-10k: ${(ms / 1000).toFixed(2)} s`);
} finally {
  await browser.close();
  await platform.stop();
  rmSync(city, { recursive: true, force: true });
}
