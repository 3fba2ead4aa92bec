// Screenshots of every page: `node mock/shots.mjs URL FOLDER [theme] [only,these]`. For looking at, and for docs/images.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launch, openPage } from '../e2e/browser.mjs';

const [url, folder, theme = 'dark', only = ''] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const browser = await launch();
const sizes = { desk: { width: 1600, height: 1000 }, phone: { width: 390, height: 844 } };
const pages = { map: '/', incident: '/', page: '/incidents', incidents: '/incidents', assets: '/assets', asset: '/assets', rules: '/rules', rule: '/rules', sources: '/sources', source: '/sources', tokens: '/tokens', accounts: '/accounts', audit: '/audit', system: '/system', past: '/', palette: '/', help: '/', phone: '/', 'phone-map': '/?view=map', 'phone-incident': '/', signin: '/link/first', german: '/' };
const wanted = only ? only.split(',') : Object.keys(pages);
for (const name of wanted) {
  const { context, page, faults } = await openPage(browser, { context: { viewport: name.startsWith('phone') ? sizes.phone : sizes.desk } });
  await page.addInitScript(([look, language]) => localStorage.setItem('vigiles', JSON.stringify({ theme: look, tourDone: true, locale: language })), [theme, name === 'german' ? 'de' : 'en']);
  const login = process.env.LINK ? JSON.parse(process.env.LINK) : { name: 'anna', password: 'right' };
  if (name !== 'signin') await page.request.post(`${url}/api/v1/session${login.token ? '/link' : ''}`, { data: login, headers: { Origin: url } });
  await page.goto(url + pages[name]);
  await page.locator(name === 'signin' ? 'form' : 'main h1, main h2').first().waitFor({ state: 'attached' });
  if (pages[name].startsWith('/') && pages[name].length < 3) await page.locator('[data-entry]').first().waitFor({ timeout: 15_000 }).catch(() => {});
  await page.waitForTimeout(1500);
  const act = { incident: ['j'], past: ['[', '['], palette: ['Control+k'], help: ['?'], german: ['j'], 'phone-incident': ['j'] }[name] ?? [];
  for (const key of act) await page.keyboard.press(key);
  const first = { page: 'tbody a', asset: 'tbody a', rule: 'tbody a', source: 'tbody a' }[name];
  if (first) await page.locator(first).first().click();
  await page.waitForTimeout(pages[name].startsWith('/?') || pages[name] === '/' ? 7000 : 2500);
  await page.screenshot({ path: join(folder, `${name}-${theme}.png`) });
  process.stdout.write(`${name}: ${faults.length ? faults.join('; ') : 'no fault'}\n`);
  await context.close();
}
await browser.close();
