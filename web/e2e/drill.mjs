// What an exercise needs in the demo city, made over the API, and the scenario that is played in it.

import assert from 'node:assert/strict';

const kind = { id: 'gas.cellar', name: 'Methane', quantity: 'share of the lower explosive limit', unit: '%', value_type: 'number', min: 0, max: 100, retention_s: 86_400, overload: 'shed', personal: false, version: 0 };

const playbook = (agency) => ({
  id: 'gas-drill', name: 'Gas in a cellar', description: '', source: '', agency, version: 0,
  steps: [
    { id: 'grid', title: 'Tell the gas grid operator', instruction: '', action: { webhook: { endpoint: 'gas-grid' } }, after: [] },
    { id: 'isolate', title: 'Isolate 100 m in all directions', instruction: 'Nobody within the distance, upwind approach.', action: 'manual', after: [], deadline_s: 600 },
    { id: 'measure', title: 'Measure in the cellar', instruction: 'Two persons, one detector each.', action: 'manual', after: [], deadline_s: 1 },
  ],
});

/** The kind, the playbook and the rule that the scenario needs. */
export async function prepare(server) {
  const { agency } = (await server.get('/session')).body.person;
  const take = async (path, body) => {
    const { status, body: answer } = await server.put(path, body);
    assert.equal(status, 201, JSON.stringify(answer));
  };
  const { agency: _of, ...steps } = playbook(agency);
  await take('/kinds/gas.cellar', kind);
  await take('/playbooks/gas-drill', steps);
  const model = (await server.get('/rules/air-pm25-high')).body;
  const detector = { threshold: { ...model.detector.threshold, above: 10, clear: 5, for_s: 0, clear_for_s: 5 } };
  const incident = { ...model.incident, incident_type: 'gas_leak', priority: 'p1', playbook: 'gas-drill', title: 'Gas in the cellar' };
  await take('/rules/gas-drill?untried=for+a+test', { ...model, id: 'gas-drill', name: 'Methane is high', description: '', kinds: ['gas.cellar'], detector, alarm: { ...model.alarm, title: 'Methane {value} {unit} at {asset}' }, incident, stage: 'live', version: 0 });
}

/** A detector that rises and then sticks, and a call later; one target that cannot be missed, and one that cannot be met. */
export const scenario = (asset) => `id = "gas-in-the-cellar"
name = "Gas in the cellar"
description = "A detector in a cellar rises and then sticks at its reading; a caller follows. Trained: isolating before measuring."
source = "US DOT PHMSA, Emergency Response Guidebook (2024), guide 115"
targets = [
  { opened = { incident_type = "gas_leak", within_s = 3600.0 } },
  { acknowledged = { incident_type = "gas_leak", within_s = 0.001 } },
  { done = { playbook = "gas-drill", task = "Isolate 100 m in all directions", within_s = 3600.0 } },
]

[[timeline]]
after_s = 1.0
[timeline.reading]
kind = "gas.cellar"
source = "exercise-detectors"
asset = "${asset}"
value = { Number = 8.0 }
every_s = 1.0
until_s = 1800.0
rise_per_s = 2.0
fault = { stuck = { from_s = 15.0 } }

[[timeline]]
after_s = 900.0
[timeline.call]
title = "Caller smells gas in the hall"
incident_type = "gas_report"
priority = "p2"
severity = "severe"
`;

/** Begins a scenario of the repository by its button, and waits for the page of its exercise. */
export async function beginScenario(page, url, id, name) {
  await page.goto(`${url}/exercises`);
  await page.locator(`[data-scenario="${id}"]`).waitFor();
  await page.getByRole('button', { name: `Begin: ${name}` }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('I have read this').check();
  await dialog.getByRole('button', { name: 'Begin the exercise' }).click();
  await page.waitForURL('**/exercises/exr-*');
}

/**
 * The incident of the exercise power-cut once its chain has both links and the call at the junction has joined it, asked on the map: the
 * scenario takes four minutes until then.
 */
export async function chainOfCauses(page) {
  const whole = () => [...(globalThis.vigilesLive?.live.incidents.values() ?? [])].find((held) => held.reality === 'exercise' && held.links.length >= 2 && held.calls.length >= 1)?.id;
  return (await page.waitForFunction(whole, undefined, { polling: 500, timeout: 600_000 })).jsonValue();
}

/** Signs in as the first administrator, by the link that the platform printed. */
export async function asAdministrator(page, link) {
  const password = 'a long enough password';
  await page.addInitScript(() => localStorage.setItem('vigiles', JSON.stringify({ theme: 'dark', locale: 'en', tourDone: true })));
  await page.goto(link);
  await page.getByLabel('Name').fill('root');
  await page.locator('input[name=password]').fill(password);
  await page.getByLabel('Password once more').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('[data-tour=map]').waitFor();
}
