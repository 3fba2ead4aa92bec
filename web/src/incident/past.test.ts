import { expect, test } from 'vitest';
import type { Alarm, Asset, Incident, Nearby, Observation } from '../lib/wire';
import { alarmsAt, nearbyAt } from './past';

const AT = Date.parse('2026-05-04T03:00:00Z');
const [before, after] = ['2026-05-04T02:59:59Z', '2026-05-04T03:00:00.5Z'];
const cause = (time: string) => ({ id: time, time }) as Observation;
const alarm = (id: string, part: Partial<Alarm>) => ({ id, raised: before, cleared: null, state: 'active', causes: [], ...part }) as unknown as Alarm;

test('an alarm is shown as it was at the moment', () => {
  const found = alarmsAt([alarm('later', { raised: after }), alarm('ended later', { state: 'cleared', cleared: after, causes: [cause(before), cause(after)] }), alarm('ended', { state: 'cleared', cleared: before })], AT);
  expect(found.map(({ id, state, cleared, causes }) => [id, state, cleared, causes.length])).toEqual([['ended later', 'active', null, 1], ['ended', 'cleared', before, 0]]);
});

test('what came later was not near then', () => {
  const incident = (id: string, opened: string, state = 'closed') => ({ id, opened, state }) as Incident;
  const found = {
    alarms: [alarm('a', {}), alarm('later', { raised: after })], incidents: [incident('i', before), incident('old', before), incident('later', after)],
    assets: [{ id: 's' }, { id: 'later' }], readings: [], more: [],
  } as unknown as Nearby;
  const world = { incidents: new Map([['i', incident('i', before, 'new')]]), assets: new Map([['s', { id: 's' } as Asset]]) };
  const near = nearbyAt(found, world, AT);
  expect([near.alarms, near.incidents, near.assets].map((held) => held.map(({ id }) => id))).toEqual([['a'], ['i', 'old'], ['s']]);
  expect(near.incidents.map(({ state }) => state)).toEqual(['new', 'closed']);
});
