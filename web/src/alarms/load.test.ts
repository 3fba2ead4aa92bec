import { expect, test } from 'vitest';
import { advice, chattering, load, verdicts, type Counted } from './load';

const TO = Date.parse('2026-05-04T12:00:00Z');
const HOUR = 3_600_000;
let id = 0;
/** An alarm raised so many seconds before the end of the span. */
const alarm = (before: number, part: Partial<Counted> = {}): Counted => ({ id: `a${(id += 1)}`, rule: 'air', rule_name: 'Bad air', key: 'k', title: 'Bad air', asset: 'station', raised: new Date(TO - before * 1000).toISOString(), cleared: null, state: 'cleared', stage: 'live', severity: 'minor', ...part });
const every = (seconds: number, span: number, part: Partial<Counted> = {}) => Array.from({ length: Math.floor(span / seconds) }, (_, i) => alarm(i * seconds + 1, part));

test('rates are reckoned over the span and shared among positions', () => {
  const check = (alarms: Counted[], hours: number, positions: number, perDay: number, perInterval: number) => {
    const found = load(alarms, [], TO - hours * HOUR, TO, positions);
    expect([found.perDay, found.perInterval]).toEqual([expect.closeTo(perDay, 6), expect.closeTo(perInterval, 6)]);
  };
  check([], 24, 1, 0, 0);
  check(every(600, 86_400), 24, 1, 144, 1);
  check(every(600, 86_400), 24, 2, 72, 0.5);
  check(every(600, 3600), 1, 1, 144, 1);
  // What lies outside of the span is not counted, nor what tells nobody.
  check([alarm(3601), alarm(-1), alarm(5, { stage: 'shadow' }), alarm(5, { stage: 'silent' })], 1, 1, 0, 0);
});

test('the limits of the standard', () => {
  const check = (count: number, expected: string) => {
    const found = load(every(86_400 / count, 86_400), [], TO - 24 * HOUR, TO, 1);
    expect(`${verdicts.perDay(found)} ${verdicts.perInterval(found)}`).toBe(expected);
  };
  check(144, 'good good');
  check(150, 'good warn');
  check(240, 'warn warn');
  check(300, 'warn bad');
  check(320, 'bad bad');
});

test('a flood begins with ten in 10 minutes and ends below five', () => {
  const minutes = (index: number, count: number) => Array.from({ length: count }, (_, i) => alarm(3600 - index * 600 - i - 1));
  const found = load([...minutes(0, 9), ...minutes(1, 10), ...minutes(2, 5), ...minutes(3, 4), ...minutes(4, 5)], [], TO - HOUR, TO, 1);
  expect(found.intervals.map(({ count, flood }) => `${count}${flood ? '!' : ''}`)).toEqual(['9', '10!', '5!', '4', '5', '0']);
  expect([found.peak, found.peakAt, found.floodShare]).toEqual([10, TO - HOUR + 600_000, 2 / 6]);
  expect([verdicts.peak(found), verdicts.flood(found)]).toEqual(['bad', 'bad']);
  expect(load(minutes(0, 19), [], TO - HOUR, TO, 2).floodShare).toBe(0);
});

test('the noisiest come first, with their share', () => {
  const found = load([alarm(1), alarm(2, { rule: 'noise', rule_name: 'Loud', asset: null, key: 'street' }), alarm(3), alarm(4)], [], TO - HOUR, TO, 1);
  expect(found.rules.map(({ name, count, share }) => [name, count, share])).toEqual([['Bad air', 3, 0.75], ['Loud', 1, 0.25]]);
  expect(found.sources.map(({ id: of, count }) => [of, count])).toEqual([['station', 3], ['street', 1]]);
});

test('three of one rule and key within a minute chatter', () => {
  const check = (seconds: number[], expected: number[]) => expect(chattering(seconds.map((at) => alarm(at))).map(({ most }) => most)).toEqual(expected);
  check([1, 30, 60], [3]);
  check([1, 30, 61], []);
  check([1, 2, 3, 4, 500], [4]);
  expect(chattering([alarm(1), alarm(2, { key: 'other' }), alarm(3)])).toEqual([]);
});

test('what stands for more than a day is stale, the oldest first', () => {
  const standing = [alarm(86_401, { state: 'active', id: 'day' }), alarm(86_399, { state: 'active' }), alarm(200_000, { state: 'active', id: 'old' }), alarm(200_000, { state: 'cleared' }), alarm(200_000, { state: 'active', stage: 'shadow' })];
  expect(load([], standing, TO - HOUR, TO, 1).stale.map((held) => held.id)).toEqual(['old', 'day']);
});

test('what to do about the worst', () => {
  const check = (alarms: Counted[], standing: Counted[], expected: string) => expect(advice(load(alarms, standing, TO - 24 * HOUR, TO, 1)).what).toBe(expected);
  check([], [], 'none');
  check([alarm(1)], [], 'calm');
  check([alarm(1)], [alarm(90_000, { state: 'active' })], 'stale');
  check([alarm(1), alarm(2), alarm(3)], [], 'chatter');
  check(every(300, 86_400), [], 'rule');
  check(every(300, 86_400).map((held, i) => ({ ...held, rule: `r${i % 10}` })), [], 'spread');
});
