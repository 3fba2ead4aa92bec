import { expect, test } from 'vitest';
import type { Incident } from '../lib/wire';
import { isNarrowed, query, refreshed, type Wanted } from './list';

const any: Wanted = { states: [], text: '', from: '', to: '' };
const incident = (id: string, minute: number, part: Partial<Incident> = {}): Incident => ({
  id, number: minute, incident_type: 'fire', title: `Fire ${id}`, state: 'new', reality: 'actual', priority: 'p2', severity: 'severe', place: null, agency: 'city',
  opened: new Date(minute * 60_000).toISOString(), changed: new Date(minute * 60_000).toISOString(), alarms: [], assets: [], playbook: null, tasks: [], timeline: [], merged_into: null,
  split_from: null, witnesses: 0, links: [], related: [], assigned: null, rooms: [], calls: [], involved: [], verdict: null, allowed: [], version: 1, ...part,
});
const live = (...incidents: Incident[]) => new Map(incidents.map((held) => [held.id, held]));

test('what is wanted becomes the query of a page', () => {
  expect(isNarrowed(any)).toBe(false);
  expect(query(any, null)).toBe('limit=100&reality=actual%2Cexercise%2Ctest');
  const wanted: Wanted = { states: ['closed', 'merged'], text: ' dust ', from: '2026-05-04T03:00', to: '' };
  expect(isNarrowed(wanted)).toBe(true);
  const parts = new URLSearchParams(query(wanted, 'next'));
  expect([...parts]).toEqual([['limit', '100'], ['reality', 'actual,exercise,test'], ['state', 'closed,merged'], ['q', 'dust'], ['from', new Date('2026-05-04T03:00').toISOString()], ['cursor', 'next']]);
});

test('what happens meanwhile is taken into the list', () => {
  const check = (held: Incident[], wanted: Partial<Wanted>, complete: boolean, expected: string[]) =>
    expect(refreshed([incident('c', 30), incident('b', 20)], live(...held), { ...any, ...wanted }, complete).map(({ id, version, state }) => `${id}${version} ${state}`)).toEqual(expected);
  check([], {}, true, ['c1 new', 'b1 new']);
  check([incident('b', 20, { version: 2, state: 'closed' })], {}, true, ['c1 new', 'b2 closed']);
  check([incident('d', 40)], {}, true, ['d1 new', 'c1 new', 'b1 new']);
  // What stands behind the last one listed comes with its own page, in its place.
  check([incident('a', 10)], {}, false, ['c1 new', 'b1 new']);
  check([incident('a', 10)], {}, true, ['c1 new', 'b1 new', 'a1 new']);
  // What no longer matches leaves; what never did stays out.
  check([incident('b', 20, { version: 2, state: 'closed' })], { states: ['new'] }, true, ['c1 new']);
  check([incident('d', 40), incident('e', 50, { title: 'Water' })], { text: 'WATER' }, true, ['e1 new', 'c1 new', 'b1 new']);
  check([incident('d', 40)], { to: '1970-01-01T00:35:00Z' }, true, ['c1 new', 'b1 new']);
  check([incident('a', 10)], { from: '1970-01-01T00:15:00Z' }, true, ['c1 new', 'b1 new']);
});
