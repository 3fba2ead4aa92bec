// A mock of the platform for work on the console without the binary: `node mock/server.mjs [--port N] [--extra N]
// [--basemap FILE]`, then `VIGILES_URL=http://127.0.0.1:N npm run dev`, or open it directly once `dist` is built.

import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { City } from './city.mjs';

const { values: options } = parseArgs({ options: { port: { type: 'string', default: '8080' }, extra: { type: 'string', default: '0' }, basemap: { type: 'string' } } });
const dist = join(dirname(fileURLToPath(import.meta.url)), '../dist');
const city = new City({ extra: Number(options.extra), basemap: options.basemap ? '/map/base.pmtiles' : null });
const clients = new Set();
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const after = { new: ['acknowledged', 'in_progress', 'resolved'], acknowledged: ['in_progress', 'resolved'], in_progress: ['resolved'], resolved: ['closed', 'reopened'], closed: ['reopened'], reopened: ['acknowledged', 'in_progress', 'resolved'], merged: [] };
const session = { person: { id: 'anna', name: 'Anna', roles: ['operator', 'supervisor', 'analyst', 'integrator', 'auditor', 'administrator'], agency: 'city', agency_name: 'City of Helsinki' }, expires: new Date(Date.now() + 3_600_000).toISOString(), purpose: 'operations' };
const tokens = [{ id: 'tok1', name: 'Air network', role: 'source', source: 'air', created: session.expires, expires: null }];
const sources = ['air', 'loops', 'open311'].map((id, i) => ({ id, name: ['Air network', 'Loop detectors', 'Resident reports'][i], door: ['mqtt', 'http', 'http'][i], topic: i ? null : 'city/+/air', url: null, mapping: i ? null : { format: 'json', observations: [] }, enabled: true, configured: true, version: 1, health: { state: ['live', 'live', 'failing'][i], last_seen: new Date().toISOString(), rate_per_s: [4.2, 36.8, 0][i], accepted: 12_345 * (i + 1), rejected: i * 3, shed: 0, last_error: i === 2 ? 'line 14: time "yesterday" is not RFC 3339' : null } }));
let signedIn = false;

const system = () => ({
  version: '0.1.0', started: new Date(city.started).toISOString(), uptime_s: (Date.now() - city.started) / 1000, rates: { observations_per_s: 40 + Math.random() * 8, alarms_per_h: 6 },
  engine: { lag_ms: 2 + Math.random() * 3, offset: 91_233, rules: 5, series: city.assets.length, state_bytes: 412_000, max_state_bytes: 2_147_483_648, open_alarms: city.alarms.length, open_incidents: city.incidents.length, rule_errors: {}, busy: 0.02, rule_load: [{ rule: city.rules[0].id, share: 0.6, steps_per_s: 410, is_dear: false }] },
  queues: [{ name: 'ingest', depth: 12, capacity: 4096, shed: 0 }, { name: 'history', depth: 800, capacity: 8192, shed: 0 }], storage: [{ name: 'history', bytes: 81_000_000, rows: 4_100_000 }, { name: 'store', bytes: 2_300_000, rows: 812 }],
  doors: [{ name: 'mqtt', connections: 9, rate_per_s: 31, rejected: 2 }, { name: 'http', connections: 3, rate_per_s: 11, rejected: 0 }], log: { first: 0, next: 91_233, bytes: 9_000_000 },
});

function tell(type, data, id) {
  for (const client of clients) client.write(`${id ? `id: ${id}\n` : ''}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
}

function changed(incident, event) {
  incident.version += 1;
  incident.changed = new Date().toISOString();
  if (event) incident.timeline.push({ at: incident.changed, by: 'anna', event });
  incident.allowed = after[incident.state];
  tell('incident', incident, (city.sequence += 1));
  return incident;
}

const problem = (status, title, detail, mend = '') => ({ status, type: 'application/problem+json', body: { type: 'urn:vigiles:problem:mock', title, status, detail, mend, errors: [] } });

const commands = {
  state(incident, { to, reason }) {
    if (!after[incident.state].includes(to)) return problem(409, 'Not possible now', `from ${incident.state} to ${to}`, `Next may be: ${after[incident.state].join(', ')}`);
    const from = incident.state;
    incident.state = to;
    return changed(incident, { state: { from, to, reason } });
  },
  priority: (incident, { priority }) => changed(Object.assign(incident, { priority })),
  verdict: (incident, { verdict, reason = null }) => changed(Object.assign(incident, { verdict }), { assessed: { verdict, reason } }),
  notes: (incident, { text }) => changed(incident, { note: { text } }),
  playbook: (incident, { playbook }) => changed(Object.assign(incident, { playbook })),
  merge(incident, { from }) {
    const other = city.incidents.find((i) => i.id === from);
    incident.alarms.push(...other.alarms);
    incident.assets.push(...other.assets);
    other.merged_into = incident.id;
    other.state = 'merged';
    changed(other, { merged_into: { incident: incident.id } });
    return changed(incident, { absorbed: { incident: from } });
  },
  split(incident, { alarms, title }) {
    const made = city.open(title ?? incident.title, incident.incident_type, incident.priority, incident.severity, incident.place, Date.now(), alarms);
    made.split_from = incident.id;
    incident.alarms = incident.alarms.filter((id) => !alarms.includes(id));
    changed(incident, { split_off: { incident: made.id } });
    return changed(made);
  },
  tasks(incident, { outcome }, id) {
    const index = incident.tasks.findIndex((t) => t.id === id);
    incident.tasks[index].state = outcome === 'retry' ? 'running' : outcome;
    if (incident.tasks[index + 1]) incident.tasks[index + 1].state = 'running';
    return changed(incident, { task: { title: incident.tasks[index].title, outcome } });
  },
};

function check(rule) {
  const text = rule.detector?.condition?.expression ?? '';
  const at = text.indexOf('valeu');
  return at < 0 ? { ok: true, diagnostics: [], cost: 2, max_cost: 10_000, bytes_per_key: 7556, max_bytes_per_key: 33_554_432, tried: null } : { ok: false, cost: 2, max_cost: 10_000, bytes_per_key: 7556, max_bytes_per_key: 33_554_432, tried: null, diagnostics: [{ path: 'detector.condition.expression', line: 1, column: at + 1, within: 'text', message: 'unknown name `valeu`; did you mean `value`?' }] };
}

function series(query) {
  const [from, to] = [Date.parse(query.get('from')), Date.parse(query.get('to'))];
  const points = Array.from({ length: 200 }, (_, i) => {
    const at = from + ((to - from) * i) / 200;
    const mean = city.reading(query.get('kind'), at);
    return [at, mean - 2, mean, mean + 2];
  });
  return { asset: query.get('asset'), kind: query.get('kind'), unit: city.kinds.find((k) => k.id === query.get('kind'))?.unit ?? '', points };
}

const lists = { tokens, sources, correlations: [], accounts: [{ id: 'anna', name: 'Anna', roles: session.person.roles, agency: 'city', disabled: false, version: 1 }], agencies: [{ id: 'city', name: 'City of Helsinki' }] };

/** Incidents by state and text, newest first, in pages that a few of them fill. */
function found(query) {
  const states = query.get('state')?.split(',');
  const start = Number(query.get('cursor') ?? 0);
  const items = city.incidents.filter((held) => (!states || states.includes(held.state)) && JSON.stringify(held).toLowerCase().includes((query.get('q') ?? '').toLowerCase())).reverse();
  return { items: items.slice(start, start + 5), next: items.length > start + 5 ? String(start + 5) : null };
}

function answer(method, path, query, body) {
  const [first, id, part, sub] = path.split('/').filter(Boolean).map(decodeURIComponent);
  if (first === 'session') {
    if (method === 'DELETE') return ((signedIn = false), { status: 204 });
    if (id === 'link' && method === 'GET') return { use: part === 'first' ? 'first_administrator' : 'sign_in', needs_password: part === 'first', expires: session.expires };
    if (method === 'POST') signedIn = body.password !== 'wrong';
    return signedIn ? session : problem(401, 'Not signed in', 'Name or password is wrong.', 'Check both and try again.');
  }
  if (first === 'city') return city.describe();
  if (first === 'task-kinds') return JSON.parse(readFileSync(join(dirname(fileURLToPath(import.meta.url)), '../../schemas/task-kinds.json'), 'utf8'));
  if (first === 'system') return system();
  if (first === 'picture') return city.picture(query.get('at') ? Date.parse(query.get('at')) : Date.now());
  if (first === 'series') return series(query);
  if (first === 'audit') return { items: Array.from({ length: 30 }, (_, i) => ({ sequence: 30 - i, at: new Date(Date.now() - i * 60_000).toISOString(), actor: 'anna', agency: 'city', purpose: 'operations', action: 'list', resource: 'incident', outcome: i === 4 ? 'refused' : 'allowed', detail: `${i} items`, hash: 'b5bb9d8014a0f9b1d61e21e796d78dcc' })), next: null };
  if (first === 'rules' && id === 'check') return check(body);
  if (first === 'sources' && id === 'try') return { observations: [{ kind: 'air.pm25', asset: 'station-7', value: 18.4, unit: 'ug/m3' }], errors: [] };
  if (first === 'tokens' && method === 'POST') return { ...tokens[0], ...body, id: 'tok2', secret: 'vgl_tok2_4f1d7c0e9b2a' };
  if (first === 'incidents' && method === 'POST' && !id) return changed(city.open(body.title, body.incident_type, body.priority, body.severity, body.place ?? null, Date.now()));
  if (first === 'incidents' && part === 'nearby') return { alarms: city.alarms.slice(1, 3), incidents: city.incidents.slice(0, 3), assets: city.assets.slice(0, 9), observations: [] };
  if (first === 'incidents' && part && method === 'POST') return commands[part](city.incidents.find((i) => i.id === id), body, sub);
  if (first === 'incidents' && !id) return found(query);
  const items = city[first] ?? lists[first];
  if (!items) return problem(404, 'Not found', path);
  if (!id) return { items: query.get('incident') ? items.filter((a) => a.incident === query.get('incident')) : items, next: null };
  if (method === 'PUT') return { ...body, version: (body.version ?? 0) + 1 };
  return items.find((item) => item.id === id) ?? problem(404, 'Not found', `there is no ${first} with the id ${id}`);
}

function file(request, response, path) {
  const { size } = statSync(path);
  const [, start, end] = /bytes=(\d+)-(\d+)?/.exec(request.headers.range ?? '') ?? [];
  const [first, last] = [Number(start ?? 0), Math.min(size - 1, Number(end ?? size - 1))];
  response.writeHead(start ? 206 : 200, { 'Content-Type': types[extname(path)] ?? 'application/octet-stream', 'Content-Length': last - first + 1, 'Accept-Ranges': 'bytes', ...(start ? { 'Content-Range': `bytes ${first}-${last}/${size}` } : {}) });
  createReadStream(path, { start: first, end: last }).pipe(response);
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://mock');
  if (url.pathname === '/map/base.pmtiles') return file(request, response, options.basemap);
  if (!url.pathname.startsWith('/api/v1')) {
    const asset = join(dist, url.pathname);
    return file(request, response, url.pathname !== '/' && existsSync(asset) && statSync(asset).isFile() ? asset : join(dist, 'index.html'));
  }
  if (url.pathname === '/api/v1/events') {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(`event: hello\ndata: {"sequence":${city.sequence}}\n\n`);
    clients.add(response);
    request.on('close', () => clients.delete(response));
    return;
  }
  let text = '';
  for await (const part of request) text += part;
  const result = answer(request.method, url.pathname.slice('/api/v1'.length), url.searchParams, text ? JSON.parse(text) : {});
  const framed = typeof result.status === 'number' && ('body' in result || result.status === 204);
  response.writeHead(framed ? result.status : 200, { 'Content-Type': framed ? (result.type ?? 'application/json') : 'application/json' });
  response.end(framed ? (result.body ? JSON.stringify(result.body) : undefined) : JSON.stringify(result));
});

setInterval(() => tell('status', system()), 2000);
setInterval(() => tell('observations', city.latest(Date.now())), 1000);
server.listen(Number(options.port), '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
