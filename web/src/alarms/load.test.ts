import { expect, test } from 'vitest';
import { chattering, fleeting } from './chatter';
import { advice, load as loadOf, verdicts, type Counted } from './load';

const TO = Date.parse('2026-05-04T12:00:00Z');
const HOUR = 3_600_000;
/** With data over the whole span, unless said otherwise. */
const load = (alarms: Counted[], standing: Counted[], from: number, to: number, positions: number, data = from) => loadOf(alarms, standing, { from, to, data }, positions);
let id = 0;
/** An alarm raised so many seconds before the end of the span. */
const alarm = (before: number, part: Partial<Counted> = {}): Counted => ({ id: `a${(id += 1)}`, rule: 'air', rule_name: 'Bad air', key: 'k', title: 'Bad air', source: 'station', raised: new Date(TO - before * 1000).toISOString(), cleared: null, state: 'cleared', stage: 'live', severity: 'minor', ...part });
const every = (seconds: number, span: number, part: Partial<Counted> = {}) => Array.from({ length: Math.floor(span / seconds) }, (_, i) => alarm(i * seconds + 1, part));

test('rates are reckoned over the span and shared among positions', () => {
  const check = (alarms: Counted[], hours: number, positions: number, perDay: number | null, perInterval: number) => {
    const found = load(alarms, [], TO - hours * HOUR, TO, positions);
    expect([found.perDay, found.perInterval]).toEqual([perDay === null ? null : expect.closeTo(perDay, 6), expect.closeTo(perInterval, 6)]);
  };
  check([], 24, 1, 0, 0);
  check(every(600, 86_400), 24, 1, 144, 1);
  check(every(600, 86_400), 24, 2, 72, 0.5);
  check(every(600, 3600), 1, 1, null, 1);
  // What lies outside of the span is not counted, nor what tells nobody.
  check([alarm(3601), alarm(-1), alarm(5, { stage: 'shadow' }), alarm(5, { stage: 'silent' })], 1, 1, null, 0);
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

test('the rates are those of the time that has data, whatever span is asked for', () => {
  const alarms = every(28, 1_200);
  for (const hours of [1, 24, 168]) {
    const found = load(alarms, [], TO - hours * HOUR, TO, 1, TO - 1_200_000);
    expect([found.total, found.perDay, found.perInterval, found.dataMs], `${hours} h`).toEqual([42, null, expect.closeTo(21, 9), 1_200_000]);
    expect([verdicts.perDay(found), found.hoursOverShare, found.floodShare], `${hours} h`).toEqual(['none', null, 1]);
    expect(found.intervals.filter(({ data }) => data).length, `${hours} h`).toBe(2);
  }
  // Two days of data in a week.
  expect(load(every(600, 172_800), [], TO - 168 * HOUR, TO, 1, TO - 48 * HOUR).perDay).toBeCloseTo(144, 6);
});

test('a flood begins with more than ten in 10 minutes and ends below five', () => {
  const minutes = (index: number, count: number) => Array.from({ length: count }, (_, i) => alarm(3600 - index * 600 - i - 1));
  const found = load([...minutes(0, 10), ...minutes(1, 11), ...minutes(2, 5), ...minutes(3, 4), ...minutes(4, 5)], [], TO - HOUR, TO, 1);
  expect(found.intervals.map(({ count, flood }) => `${count}${flood ? '!' : ''}`)).toEqual(['10', '11!', '5!', '4', '5', '0']);
  expect([found.peak, found.peakAt, found.floodShare, found.overShare]).toEqual([11, TO - HOUR + 600_000, 2 / 6, 1 / 6]);
  expect([verdicts.peak(found), verdicts.flood(found), verdicts.over(found)]).toEqual(['bad', 'bad', 'bad']);
  expect(verdicts.peak(load(minutes(0, 10), [], TO - HOUR, TO, 1))).toBe('good');
  expect(load(minutes(0, 20), [], TO - HOUR, TO, 2).floodShare).toBe(0);
});

test('hours with more than thirty alarms', () => {
  const hour = (index: number, count: number) => Array.from({ length: count }, (_, i) => alarm(index * 3600 + (i + 1) * 100));
  const check = (alarms: Counted[], hours: number, share: number | null, verdict: string) => {
    const found = load(alarms, [], TO - hours * HOUR, TO, 1);
    expect([found.hoursOverShare, verdicts.hours(found)]).toEqual([share, verdict]);
  };
  check(hour(0, 30), 4, 0, 'good');
  check(hour(0, 31), 4, 0.25, 'bad');
  check([...hour(0, 31), ...hour(2, 31), ...hour(3, 5)], 4, 0.5, 'bad');
  check(hour(0, 31), 168, 1 / 168, 'warn');
  check(hour(0, 18), 0.5, null, 'none');
});

test('the ten most frequent alarms, and the spread of priorities', () => {
  // Twenty alarms of two sorts: ten come nine times each, ten once.
  const alarms = Array.from({ length: 100 }, (_, i) => alarm(i * 600 + 1, { key: `k${i < 90 ? i % 10 : i}`, severity: i < 80 ? 'minor' : i < 95 ? 'moderate' : i < 98 ? 'severe' : 'extreme' }));
  const found = load(alarms, [], TO - 24 * HOUR, TO, 1);
  expect([found.worstShare, verdicts.worst(found)]).toEqual([0.9, 'bad']);
  expect(found.priorities).toEqual([0.8, 0.15, 0.05]);
  expect(verdicts.priorities(found)).toBe('good');
  const loud = load(alarms.map((held) => ({ ...held, severity: 'severe' as const })), [], TO - 24 * HOUR, TO, 1);
  expect([loud.priorities, verdicts.priorities(loud)]).toEqual([[0, 0, 1], 'bad']);
  // A share of nothing is nothing, whatever the others round to.
  const mixed = load(alarms.map((held, i) => ({ ...held, severity: i < 32 ? ('moderate' as const) : ('severe' as const) })), [], TO - 24 * HOUR, TO, 1);
  expect(mixed.priorities).toEqual([0, 0.32, 0.68]);
  // Two thousand different ones: the ten most frequent bring half a percent.
  const spread = load(Array.from({ length: 2000 }, (_, i) => alarm(i * 43 + 1, { key: `k${i}` })), [], TO - 24 * HOUR, TO, 20);
  expect([spread.worstShare, verdicts.worst(spread)]).toEqual([0.005, 'good']);
  expect(verdicts.worst(load(alarms, [], TO - HOUR, TO, 1))).toBe('none');
});

test('the noisiest come first, with their share, by asset or source and not by key', () => {
  const found = load([alarm(1), alarm(2, { rule: 'noise', rule_name: 'Loud', source: 'microphones', key: 'all' }), alarm(3), alarm(4)], [], TO - HOUR, TO, 1);
  expect(found.rules.map(({ name, count, share }) => [name, count, share])).toEqual([['Bad air', 3, 0.75], ['Loud', 1, 0.25]]);
  expect(found.sources.map(({ id: of, count }) => [of, count])).toEqual([['station', 3], ['microphones', 1]]);
});

test('what ends within a minute is fleeting, unless it chatters', () => {
  const brief = (before: number, seconds: number, part: Partial<Counted> = {}) => alarm(before, { cleared: new Date(TO - (before - seconds) * 1000).toISOString(), ...part });
  const alarms = [brief(500, 59), brief(400, 60), brief(100, 1, { key: 'x' }), brief(90, 1, { key: 'x' }), brief(80, 1, { key: 'x' })];
  expect(fleeting(alarms, chattering(alarms))).toBe(1);
  const found = load(alarms, [], TO - HOUR, TO, 1);
  expect([found.fleeting, verdicts.fleeting(found), verdicts.chattering(found)]).toEqual([1, 'bad', 'bad']);
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
  const verdict = (n: number) => verdicts.stale(load([], Array.from({ length: n }, () => alarm(90_000, { state: 'active' })), TO - HOUR, TO, 1));
  expect([0, 1, 4, 5].map(verdict)).toEqual(['good', 'warn', 'warn', 'bad']);
});

test('what to do about the worst', () => {
  const check = (alarms: Counted[], standing: Counted[], expected: string) => expect(advice(load(alarms, standing, TO - 24 * HOUR, TO, 1)).what).toBe(expected);
  check([], [], 'none');
  check([alarm(1)], [], 'calm');
  expect(advice(load([alarm(1)], [], TO - 24 * HOUR, TO, 1, TO - HOUR)).what).toBe('early');
  check([alarm(1)], [alarm(90_000, { state: 'active' })], 'stale');
  check([alarm(1), alarm(2), alarm(3)], [], 'chatter');
  check(every(300, 86_400), [], 'rule');
  check(every(300, 86_400).map((held, i) => ({ ...held, rule: `r${i % 10}` })), [], 'spread');
});
