import { describe, expect, test } from 'vitest';
import type { Alarm, Incident, Observation, Zone } from '../lib/wire';
import { incidentEntry, isFiltered, matches, noFilter, select, type Filter } from './filter';
import { still } from './still';

const NOW = Date.parse('2026-05-04T03:00:00Z');

function incident(part: Partial<Incident>): Incident {
  return {
    id: 'inc-1', number: 1, incident_type: 'air_quality', title: 'Fine dust', state: 'new', reality: 'actual', priority: 'p2', severity: 'severe',
    place: { type: 'Point', coordinates: [7.42, 43.73] }, agency: 'city', opened: '2026-05-04T02:50:00Z', changed: '2026-05-04T02:50:00Z', alarms: [], assets: [],
    playbook: null, tasks: [], timeline: [], merged_into: null, split_from: null, witnesses: 0, links: [], related: [], assigned: null, rooms: [], calls: [], involved: [], verdict: null, allowed: [], version: 1, ...part,
  };
}

const alarm = (part: Partial<Alarm>): Alarm => ({
  id: 'alm-1', rule: 'r', rule_version: 1, rule_name: 'R', key: 'a', title: 'Alarm', reason: '', severity: 'minor', urgency: 'unknown', certainty: 'unknown', stage: 'live', state: 'active', kind: null, asset: null,
  place: null, agency: 'city', raised: '2026-05-04T02:59:00Z', cleared: null, causes: [], basis: null, support: 1, incident: null, reality: 'actual', version: 1, ...part,
});

const zone: Zone = { id: 'z', name: 'Z', class: 'district', agency: 'city', version: 1, area: { type: 'Polygon', coordinates: [[[7.41, 43.72], [7.43, 43.72], [7.43, 43.74], [7.41, 43.74], [7.41, 43.72]]] } };
const held = (incidents: Incident[], alarms: Alarm[] = []) => ({
  incidents: new Map(incidents.map((i) => [i.id, i])), alarms: new Map(alarms.map((a) => [a.id, a])), zones: new Map([[zone.id, zone]]),
});

describe('the filter of queue and map', () => {
  const check = (part: Partial<Filter>, of: Partial<Incident>, expected: boolean) =>
    expect(matches(incidentEntry(incident(of), new Map()), { ...noFilter, ...part }, NOW, held([]).zones)).toBe(expected);

  test('open ones pass by default, resolved ones do not', () => {
    check({}, {}, true);
    check({}, { state: 'resolved' }, false);
    check({ states: ['resolved'] }, { state: 'resolved' }, true);
  });
  test('the window counts back from the moment shown', () => {
    check({ minutes: 15 }, {}, true);
    check({ minutes: 5 }, {}, false);
    check({ minutes: 5 }, { changed: '2026-05-04T02:58:00Z' }, true);
  });
  test('priority, type and zone', () => {
    check({ priorities: ['p1'] }, {}, false);
    check({ priorities: ['p1', 'p2'] }, {}, true);
    check({ type: 'traffic' }, {}, false);
    check({ zone: 'z' }, {}, true);
    check({ zone: 'z' }, { place: { type: 'Point', coordinates: [7.5, 43.73] } }, false);
    check({ zone: 'z' }, { place: null }, false);
    check({ zone: 'gone' }, {}, false);
  });
  test('every word must be found; a number may carry its sign', () => {
    check({ text: 'dust #1' }, {}, true);
    check({ text: 'dust 7' }, {}, false);
  });
});

test('whatever the filter, the queue holds what the picture of the moment holds', () => {
  const check = (part: Partial<Incident>, expected: number) => expect(select(held([incident(part)]), { ...noFilter, states: [] }, NOW)).toHaveLength(expected);
  check({ state: 'reopened' }, 1);
  check({ state: 'closed' }, 0);
  check({ state: 'merged' }, 0);
  check({ state: 'resolved', changed: '2026-05-04T02:01:00Z' }, 1);
  check({ state: 'resolved', changed: '2026-05-04T01:59:00Z' }, 0);
});

test('alarms in an incident are not listed twice', () => {
  const entries = select(held([incident({ alarms: ['alm-1'] })], [alarm({ incident: 'inc-1' }), alarm({ id: 'alm-2' })]), noFilter, NOW);
  expect(entries.map((entry) => entry.id)).toEqual(['inc-1', 'alm-2']);
});

test('most urgent first: priority, then new ones, then severity, then age', () => {
  const entries = select(
    held([incident({ id: 'a', priority: 'p3' }), incident({ id: 'b', state: 'in_progress' }), incident({ id: 'c' }), incident({ id: 'd', severity: 'extreme', state: 'in_progress' }), incident({ id: 'e', priority: 'p1', severity: 'minor' })]),
    noFilter, NOW,
  );
  expect(entries.map((entry) => entry.id)).toEqual(['e', 'c', 'd', 'b', 'a']);
});

test('an alarm from a reading that is not of this city and hour is labelled so', () => {
  const check = (origins: Observation['origin'][], expected: Observation['origin']) => {
    const causes = origins.map((origin) => ({ id: 'o', kind: 'k', source: 's', time: '', arrived: '', value: 1, unit: '', quality: 'good' as const, origin, attributes: {} }));
    const entries = select(held([incident({ alarms: ['alm-1'] })], [alarm({ incident: 'inc-1', causes })]), noFilter, NOW);
    expect(entries[0]?.origin).toBe(expected);
  };
  check(['live'], 'live');
  check(['live', 'replayed'], 'replayed');
  check(['simulated'], 'simulated');
  check([], 'live');
});

test('what is played stands after the city, is counted apart and can be chosen or left out', () => {
  const all = [incident({ id: 'drill', reality: 'exercise', priority: 'p1' }), incident({ id: 'city', priority: 'p4' }), incident({ id: 'test', reality: 'test', priority: 'p2' })];
  const check = (reality: Filter['reality'], expected: string[]) => expect(select(held(all), { ...noFilter, reality }, NOW).map((entry) => entry.id)).toEqual(expected);
  check('both', ['city', 'drill', 'test']);
  check('city', ['city']);
  check('exercise', ['drill', 'test']);
});

test('the default is not a filter', () => {
  expect(isFiltered(noFilter)).toBe(false);
  expect(isFiltered({ ...noFilter, text: 'x' })).toBe(true);
});

test('under a hand no line moves, goes or comes, but each says what is so now', () => {
  const before = select(held([incident({ id: 'a', priority: 'p3' }), incident({ id: 'b', priority: 'p4' })]), noFilter, NOW);
  const after = select(held([incident({ id: 'b', priority: 'p1' }), incident({ id: 'new', priority: 'p1' })]), noFilter, NOW);
  expect(after.map((entry) => entry.id)).toEqual(['b', 'new']);
  expect(still(before, after).map(({ id, priority }) => `${id} ${priority}`)).toEqual(['a p3', 'b p1']);
});
