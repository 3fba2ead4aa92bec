import { expect, test } from 'vitest';
import type { Observation } from '../lib/wire';
import { Rhythm } from './rhythm';
import { World } from './world';

const MINUTE = 60_000;
const START = Date.parse('2026-05-04T03:00:00Z');
const at = (ms: number) => new Date(START + ms).toISOString();
const reading = (ms: number, kind = 'air.pm25'): Observation => ({
  id: `${kind} ${ms}`, kind, source: 's', asset: 'a', time: at(ms), arrived: at(ms), place: null, value: 1, unit: '', quality: 'good', origin: 'live', attributes: {},
});

test('silence is three usual intervals, at least a minute, a quarter of an hour where none is known', () => {
  const check = (times: number[], longestQuietMs: number) => {
    const rhythm = new Rhythm();
    for (const time of times) rhythm.hear('a', 'k', time);
    expect([rhythm.overdue('a', 'k', longestQuietMs), rhythm.overdue('a', 'k', longestQuietMs + 1)], times.join()).toEqual([false, true]);
  };
  check([], 120 * MINUTE);
  check([0], 120 * MINUTE);
  check([0, 0], 120 * MINUTE);
  check([0, 1000, 2000], MINUTE);
  check([0, 10 * MINUTE], 30 * MINUTE);
  // One outage, or a reading that comes late, does not change what is usual.
  check([0, 10 * MINUTE, 20 * MINUTE, 500 * MINUTE, 510 * MINUTE], 30 * MINUTE);
  check([0, 10 * MINUTE, 5 * MINUTE, 20 * MINUTE], 30 * MINUTE);
  // What becomes usual replaces what was.
  check([0, 60, 120, 180, 240, 300].map((minute) => minute * MINUTE).concat([301, 302, 303].map((minute) => minute * MINUTE)), 3 * MINUTE);
});

test('an asset is silent since its newest reading, judged at the moment shown', () => {
  const world = new World();
  expect(world.silentSince('a', START)).toBeNull();
  world.observe([reading(0), reading(1000), reading(2000), reading(500, 'air.no2')]);
  expect(world.silentSince('a', START + 2000 + MINUTE)).toBeNull();
  expect(world.silentSince('a', START + 2001 + MINUTE)).toBe(START + 2000);
  world.observe([reading(2 * MINUTE, 'air.no2')]);
  expect(world.silentSince('a', START + 2 * MINUTE + 1)).toBeNull();
});

test('a past moment is judged by the rhythm of today, which it does not change', () => {
  const today = new World();
  const past = new World(() => {}, today);
  today.observe([reading(0), reading(10 * MINUTE), reading(20 * MINUTE)]);
  past.show({ at: '', observations: [reading(-600 * MINUTE)], alarms: [], incidents: [], setting: null });
  expect(past.silentSince('a', START - 570 * MINUTE)).toBeNull();
  expect(past.silentSince('a', START - 569 * MINUTE)).toBe(START - 600 * MINUTE);
  past.show({ at: '', observations: [reading(-1000)], alarms: [], incidents: [], setting: null });
  past.show({ at: '', observations: [reading(-500)], alarms: [], incidents: [], setting: null });
  expect(today.silentSince('a', START + 50 * MINUTE)).toBeNull();
  past.show({ at: '', observations: [], alarms: [], incidents: [], setting: null });
  expect(past.silentSince('a', START)).toBeNull();
});
