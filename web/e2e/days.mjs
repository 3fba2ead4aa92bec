// Days of history for a test, delivered as a device would: readings of the past over the platform's own API.

import assert from 'node:assert/strict';

const DAY_MS = 86_400_000;
const STEP_MS = 600_000;
/** Readings of a day: each ten minutes. */
const PER_DAY = DAY_MS / STEP_MS;

const kind = { id: 'yard.dust', name: 'Dust in the yard', quantity: 'mass concentration', unit: 'ug/m3', value_type: 'number', min: 0, max: 1000, retention_s: 30 * 86_400, overload: 'wait', personal: false, version: 0 };

/** A quiet day between 15 and 25, with one peak in each third of it: 40, then 50, then 60. */
function value(step) {
  const peak = { 20: 40, 68: 50, 116: 60 }[step % PER_DAY];
  return peak ?? 20 + 5 * Math.sin((2 * Math.PI * step) / PER_DAY);
}

/** Readings of these assets from `days` days ago until the latest step; the peaks are of all assets at once. */
function readings(assets, days) {
  const until = Date.now() - STEP_MS;
  const steps = Array.from({ length: days * PER_DAY }, (_, step) => step);
  return steps.flatMap((step) => assets.map((asset) => ({ kind: kind.id, asset, time: new Date(until - (days * PER_DAY - 1 - step) * STEP_MS).toISOString(), value: value(step) })));
}

/** Registers the kind `yard.dust`. */
export async function registerKind(server) {
  const { status, body } = await server.put(`/kinds/${kind.id}`, kind);
  assert.equal(status, 201, JSON.stringify(body));
}

/** Delivers days of its readings with the token of a device, which an administrator makes. */
export async function deliverDays(page, url, server, { assets, days }) {
  const { status, body: token } = await server.post('/tokens', { name: 'days', role: 'source', source: 'yard' });
  assert.equal(status, 201);
  const data = readings(assets, days);
  const answer = await page.request.fetch(`${url}/api/v1/observations`, { method: 'POST', headers: { Authorization: `Bearer ${token.secret}` }, data });
  assert.equal(answer.status(), 202);
  assert.equal((await answer.json()).accepted, data.length);
}
