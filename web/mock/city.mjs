// A small made-up city for the mock server: the shapes of /api/v1 filled with plausible values. Not shipped.

export const centre = [24.9414, 60.1699];
const iso = (unix) => new Date(unix).toISOString();
const started = Date.now() - 3_600_000;

const kinds = [
  ['air.pm25', 'Fine dust PM2.5', 'ug/m3', 0, 500], ['air.no2', 'Nitrogen dioxide', 'ug/m3', 0, 400], ['traffic.flow', 'Traffic flow', '{vehicle}/h', 0, 4000],
  ['traffic.speed', 'Mean speed', 'km/h', 0, 160], ['noise.level', 'Sound level', 'dB', 20, 130], ['weather.temperature', 'Air temperature', 'Cel', -50, 50],
].map(([id, name, unit, min, max]) => ({ id, name, quantity: name, unit, value_type: 'number', min, max, retention_s: 2_592_000, personal: false, overload: 'wait', version: 1 }));
kinds.push({ id: 'report.opened', name: 'Resident report', quantity: 'report', unit: '', value_type: 'text', min: null, max: null, retention_s: 2_592_000, personal: false, overload: 'wait', version: 1 });

const classes = [['air_station', ['air.pm25', 'air.no2'], 9], ['loop_detector', ['traffic.flow', 'traffic.speed'], 22], ['noise_sensor', ['noise.level'], 8], ['weather_station', ['weather.temperature'], 3], ['camera', [], 12]];
const places = ['Kluuvi', 'Kamppi', 'Punavuori', 'Ullanlinna', 'Kallio', 'Kruununhaka', 'Töölö', 'Katajanokka'];

/** Numbers between 0 and 1, the same in every run. */
function dice(seed) {
  let state = seed >>> 0;
  return () => ((state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 4_294_967_296);
}

function makeAssets(random, extra) {
  const assets = [];
  for (const [name, observes, count] of classes) {
    for (let i = 1; i <= count; i += 1) {
      const at = [centre[0] + (random() - 0.5) * 0.05, centre[1] + (random() - 0.5) * 0.022];
      const view = name === 'camera' ? { bearing_deg: Math.round(random() * 360), angle_deg: 60, range_m: 120 } : null;
      assets.push({ id: `${name.replace('_', '-')}-${i}`, name: `${places[Math.floor(random() * places.length)]} ${name.replace('_', ' ')} ${i}`, class: name, place: { type: 'Point', coordinates: at }, agency: 'city', observes, view, attributes: name === 'air_station' ? { owner: 'City environment office', installed: '2024' } : {}, version: 1 });
    }
  }
  for (let i = 0; i < extra; i += 1)
    assets.push({ id: `sensor-${i}`, name: `Sensor ${i}`, class: 'traffic_sensor', place: { type: 'Point', coordinates: [centre[0] + (random() - 0.5) * 0.12, centre[1] + (random() - 0.5) * 0.06] }, agency: 'city', observes: ['traffic.speed'], view: null, attributes: {}, version: 1 });
  return assets;
}

const square = (x, y, w, h) => ({ type: 'Polygon', coordinates: [[[x, y], [x + w, y], [x + w, y + h], [x, y + h], [x, y]]] });

export class City {
  constructor({ extra = 0, basemap = null } = {}) {
    this.random = dice(7);
    this.sequence = 100;
    this.kinds = kinds;
    this.assets = makeAssets(this.random, extra);
    this.zones = [
      { id: 'centre', name: 'City centre', class: 'district', area: square(24.932, 60.166, 0.022, 0.009), agency: 'city', version: 1 },
      { id: 'harbour', name: 'South harbour', class: 'district', area: square(24.954, 60.162, 0.016, 0.009), agency: 'city', version: 1 },
    ];
    this.playbooks = [{ id: 'air', name: 'Bad air', steps: [], version: 1 }];
    this.rules = [
      rule('pm25-high', 'Fine dust too high', ['air.pm25'], { threshold: { above: 35, below: null, clear: 30, for_s: 600, clear_for_s: 600 } }, 'severe', 'air_quality'),
      rule('flow-drop', 'Traffic collapsed', ['traffic.speed'], { rate_of_change: { per_s: 300, above: null, below: -25 } }, 'moderate', 'traffic'),
      rule('reports-near', 'Several reports close together', ['report.opened'], { count: { window_s: 3600, at_least: 4, distinct: null, radius_m: 250 } }, 'minor', 'report_cluster'),
      rule('noise', 'Loud at night', ['noise.level'], { condition: { expression: 'window("60s").mean > 85.0', for_s: 0 } }, 'extreme', 'noise'),
      rule('silent', 'Station fell silent', ['air.pm25'], { silent: { after_s: 900 } }, 'minor', null),
    ];
    this.alarms = [];
    this.incidents = [];
    this.basemap = basemap;
    this.started = started;
    this.seed();
  }

  seed() {
    const at = Date.now();
    this.raise('pm25-high', 'air-station-3', 'air.pm25', '42.1 ug/m3 above 35 for 600 s', 'severe', at - 22 * 60_000, 'p2', 'air_quality');
    this.raise('pm25-high', 'air-station-5', 'air.pm25', '38.4 ug/m3 above 35 for 600 s', 'severe', at - 12 * 60_000, null, null, 0);
    this.raise('flow-drop', 'loop-detector-7', 'traffic.speed', 'fell by 31 km/h within 300 s', 'moderate', at - 9 * 60_000, 'p3', 'traffic');
    this.raise('noise', 'noise-sensor-2', 'noise.level', 'mean of 60 s is 91.2 dB, above 85', 'extreme', at - 3 * 60_000, 'p1', 'noise');
    this.raise('reports-near', 'noise-sensor-4', 'report.opened', '5 reports within 250 m in 3600 s', 'minor', at - 40 * 60_000, 'p4', 'report_cluster');
    this.raise('silent', 'air-station-8', 'air.pm25', 'no reading for 900 s', 'minor', at - 30 * 60_000, null, null);
    const first = this.incidents[0];
    first.tasks = [
      task(first, 1, 'Look at the neighbouring stations', 'Is it one station or the whole quarter?', 'manual', 'done'),
      task(first, 2, 'Tell the duty officer', '', 'notify_console', 'done', 'shown to 3 people'),
      task(first, 3, 'Ask the fire brigade about fires nearby', 'Number 4 on the speed dial. Write the answer into a note.', 'manual', 'running'),
      task(first, 4, 'Inform schools', '', 'email', 'waiting'),
    ];
    first.playbook = 'air';
  }

  observation(asset, kind, unix, value) {
    const unit = kinds.find((k) => k.id === kind)?.unit ?? '';
    return { id: `${asset.id}-${kind}-${unix}`, kind, source: 'mock', asset: asset.id, time: iso(unix), arrived: iso(unix), place: asset.place, value, unit, quality: 'good', origin: asset.class === 'air_station' ? 'replayed' : 'live', attributes: {} };
  }

  reading(kind, unix, shift = 0) {
    const wave = Math.sin(unix / 600_000 + shift);
    const base = { 'air.pm25': [18, 9], 'air.no2': [30, 12], 'traffic.flow': [900, 500], 'traffic.speed': [44, 12], 'noise.level': [62, 9], 'weather.temperature': [11, 4] }[kind] ?? [10, 5];
    return Math.round((base[0] + base[1] * wave + (this.random() - 0.5) * base[1] * 0.4) * 10) / 10;
  }

  raise(ruleId, assetId, kind, reason, severity, at, priority, type, join = null) {
    const found = this.rules.find((r) => r.id === ruleId);
    const asset = this.assets.find((a) => a.id === assetId);
    const causes = Array.from({ length: 9 }, (_, i) => this.observation(asset, kind, at - (8 - i) * 75_000, 24 + i * 2.3));
    const id = `alm-${(this.sequence += 1).toString(16).padStart(16, '0')}`;
    const alarm = { id, rule: ruleId, rule_version: 3, rule_name: found.name, key: assetId, title: `${found.name} at ${asset.name}`, reason, severity, urgency: 'unknown', certainty: 'unknown', stage: 'live', state: 'active', kind, asset: assetId, place: asset.place, agency: 'city', raised: iso(at), cleared: null, causes, support: 14, incident: null, version: 1 };
    if (join !== null) {
      const incident = this.incidents[join];
      incident.alarms.push(id);
      incident.assets.push(assetId);
      incident.timeline.push({ at: iso(at), by: null, event: { alarm_joined: { alarm: id, why: '410 m from the first alarm, within 500 m and 30 min' } } });
      alarm.incident = incident.id;
    } else if (priority) alarm.incident = this.open(found.name + ', ' + asset.name, type, priority, severity, asset.place, at, [id], [assetId]).id;
    this.alarms.push(alarm);
    return alarm;
  }

  open(title, incident_type, priority, severity, place, at, alarms = [], assets = []) {
    const incident = {
      id: `inc-${(this.sequence += 1).toString(16).padStart(16, '0')}`, number: this.incidents.length + 1, incident_type, title, state: 'new', reality: 'actual', priority, severity, place, agency: 'city',
      opened: iso(at), changed: iso(at), alarms, assets, playbook: null, tasks: [], assigned: null, rooms: [], involved: [], timeline: [{ at: iso(at), by: null, event: { opened: {} } }, ...alarms.map((alarm) => ({ at: iso(at), by: null, event: { alarm_joined: { alarm, why: 'first alarm' } } }))],
      merged_into: null, split_from: null, allowed: ['acknowledged', 'in_progress', 'resolved'], version: 1,
    };
    this.incidents.push(incident);
    return incident;
  }

  latest(unix) {
    return this.assets.flatMap((asset, i) => asset.observes.map((kind) => this.observation(asset, kind, unix, this.reading(kind, unix, i))));
  }

  picture(unix) {
    const upTo = (field) => (item) => Date.parse(item[field]) <= unix;
    const reports = Array.from({ length: 6 }, (_, i) => ({ id: `report-${i}`, kind: 'report.opened', source: 'open311', asset: null, time: iso(unix - i * 240_000), arrived: iso(unix), place: { type: 'Point', coordinates: [24.938 + i * 0.0006, 60.1672 + (i % 3) * 0.0005] }, value: 'Street light out', unit: '', quality: 'good', origin: 'replayed', attributes: {} }));
    return { at: iso(unix), observations: [...this.latest(unix), ...reports], alarms: this.alarms.filter(upTo('raised')), incidents: this.incidents.filter(upTo('opened')), setting: null };
  }

  describe() {
    return {
      name: 'Helsinki (mock)', demo: true, attribution: ['© OpenStreetMap contributors'], centre, zoom: 13.4, bounds: null, basemap: this.basemap, locales: ['en', 'de'],
      tour: [
        { title: 'A city, live', text: 'Every disc is a sensor. Its colour says how it is doing, the figure beside it what it reads now.', page: '/', target: 'map' },
        { title: 'What needs somebody', text: 'The queue always lists what the map shows. Choose an incident with j and k.', page: '/', target: 'queue' },
        { title: 'Any moment', text: 'Drag the slider to see the whole picture as it was.', page: '/', target: 'scrubber' },
      ],
    };
  }
}

function rule(id, name, ruleKinds, detector, severity, type) {
  return { id, name, description: 'Made for the mock city.', enabled: true, stage: 'live', version: 3, agency: 'city', author: null, reason: '', kinds: ruleKinds, unit: null, lateness_s: 0, when: null, key: 'asset', detector, alarm: { title: `${name} at {asset}`, severity, urgency: 'unknown', certainty: 'unknown' }, cooldown_s: 300, incident: type ? { incident_type: type, priority: 'p3', playbook: null, radius_m: 500, window_s: 1800, title: null } : null };
}

function task(incident, index, title, instruction, action, state, outcome = null) {
  return { id: `${incident.id}-${index}`, title, instruction, action, state, changed: incident.opened, outcome };
}
