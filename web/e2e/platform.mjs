// The real binary with the demo city in a data directory of its own, and a session by the link that it prints.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch, openPage } from './browser.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const START_MS = 120_000;

function binary() {
  const places = [process.env.VIGILES_BIN, join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'debug/vigiles')];
  const found = places.find((place) => place && existsSync(place));
  if (!found) throw new Error('no binary: run `cargo build -p vigiles`, or name one in VIGILES_BIN');
  return found;
}

/** Starts the platform on free ports; answers when it has printed its link. */
export async function startPlatform({ city = 'demo/monaco' } = {}) {
  const data = mkdtempSync(join(tmpdir(), 'vigiles-e2e-'));
  const args = ['run', '--data', data, '--listen', '127.0.0.1:0', '--mqtt', '127.0.0.1:0', ...(city ? ['--city', resolve(root, city)] : [])];
  const child = spawn(binary(), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => (said += text));
  // The line for the first administrator comes last.
  const last = /first administrator[^:]*: (\S+)\s/;
  const administrator = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the platform did not start in time:\n${said}`)), START_MS);
    child.stdout.on('data', (text) => {
      said += text;
      const [, found] = last.exec(said) ?? [];
      if (found) (clearTimeout(timer), resolve(found));
    });
    child.on('exit', (code) => (clearTimeout(timer), reject(new Error(`the platform ended with ${code}:\n${said}`))));
  });
  const [, link] = /Open the demo city: (\S+)/.exec(said) ?? [];
  return {
    url: new URL(administrator).origin, link, administrator, data, binary: binary(),
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** The API in the name of the page's session: Origin is sent as a browser would. */
export function api(page, url) {
  const call = async (method, path, data, headers = {}) => {
    const answer = await page.request.fetch(`${url}/api/v1${path}`, { method, headers: { Origin: url, ...headers }, ...(data === undefined ? {} : { data }) });
    const body = answer.status() === 204 ? null : await answer.json();
    return { status: answer.status(), body };
  };
  return { get: (path) => call('GET', path), post: (path, data, headers) => call('POST', path, data, headers), put: (path, data, headers) => call('PUT', path, data, headers) };
}

/**
 * What a file of tests begins with: the platform, a browser, a page with these settings kept (null: none yet), its API; and
 * what ends them.
 */
export async function startConsole({ kept = { theme: 'dark', locale: 'en', tourDone: true }, ...options } = {}) {
  const platform = await startPlatform();
  const browser = await launch().catch(async (error) => {
    await platform.stop();
    throw error;
  });
  const opened = await openPage(browser, options);
  if (kept) await opened.page.addInitScript((held) => localStorage.setItem('vigiles', JSON.stringify(held)), kept);
  opened.page.setDefaultTimeout(60_000);
  const stop = async () => {
    await browser.close();
    await platform.stop();
  };
  return { platform, browser, ...opened, server: api(opened.page, platform.url), stop };
}

/** Follows a one-time link to its session. */
export async function signIn(page, link) {
  await page.goto(link);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
