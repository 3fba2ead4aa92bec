// Debian's Chromium through playwright-core, with a page that fails on any console error.

import { chromium } from 'playwright-core';

const flags = ['--no-sandbox', '--disable-dev-shm-usage', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];

export const launch = () => chromium.launch({ headless: true, executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: flags });

/** A page in a context of its own, and the list that collects what went wrong in it. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1600, height: 1000 }, locale: 'en-GB', bypassCSP: options.axe ?? false, ...options.context });
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !(options.expected ?? []).some((pattern) => pattern.test(message.text()))) faults.push(`console: ${message.text()} (${message.location().url})`);
  });
  return { context, page, faults };
}
