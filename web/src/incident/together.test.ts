import { expect, test } from 'vitest';
import type { Incident } from '../lib/wire';
import { candidates } from './candidates';
import { chain, inOneLine, linksOfGroups, reason, reasons, repeated, withoutCause } from './reasons';

const incident = (number: number, part: Partial<Incident> = {}): Incident => ({
  id: `i${number}`, number, incident_type: 'fire', title: `Fire ${number}`, state: 'new', reality: 'actual', priority: 'p2', severity: 'severe', place: { type: 'Point', coordinates: [7.42, 43.73] }, agency: 'city',
  opened: '2026-05-04T03:00:00Z', changed: '2026-05-04T03:00:00Z', alarms: [], assets: [], playbook: null, tasks: [], timeline: [], merged_into: null,
  split_from: null, witnesses: 0, links: [], related: [], assigned: null, rooms: [], calls: [], involved: [], allowed: [], version: 1, ...part,
});

test('the score stands apart from the words', () => {
  const check = (why: string, score: number | null, text: string) => expect(reason(why)).toEqual({ score, text });
  check('score 0.864: effect of "Signal b dark", 56 m away', 0.864, 'effect of "Signal b dark", 56 m away');
  check('score 1: same', 1, 'same');
  check('first alarm', null, 'first alarm');
  check('a score 0.5: no', null, 'a score 0.5: no');
});

test('the rule of a reason stands apart, and is named', () => {
  const why = 'score 0.551: effect of "Pump 3.456 m/s", 152 m away (of 500); rule `pump-floods`';
  expect(reason(why)).toEqual({ score: 0.551, text: 'effect of "Pump 3.5 m/s", 152 m away (of 500)', rule: 'pump-floods' });
  expect(inOneLine(why, (rule) => rule.toUpperCase())).toBe('effect of "Pump 3.5 m/s", 152 m away (of 500) · PUMP-FLOODS');
  expect(inOneLine('it opened the incident', String)).toBe('it opened the incident');
});

test('alarms of one rule and key are one group, the latest first', () => {
  const alarm = (id: string, rule: string, key: string, raised: string) => ({ id, rule, key, raised: `2026-05-04T03:00:${raised}Z` });
  const found = repeated([alarm('a', 'r', 'k', '01'), alarm('b', 'r', 'other', '02'), alarm('c', 'r', 'k', '03'), alarm('d', 'r', 'k', '02.5'), alarm('e', 's', 'k', '09')]);
  expect(found.map(({ latest, earlier }) => [latest.id, ...earlier.map(({ id }) => id)])).toEqual([['c', 'd', 'a'], ['b'], ['e']]);
  expect(repeated([])).toEqual([]);
});

test('links between repeated alarms are one, by the best score', () => {
  const link = (cause: string, effect: string, score: number) => ({ cause, effect, score, rule: 'r', why: `${score}` });
  const group = (...ids: string[]) => ({ latest: { id: ids[0] as string }, earlier: ids.slice(1).map((id) => ({ id })) });
  const found = linksOfGroups([link('a1', 'b1', 0.5), link('a2', 'b1', 0.7), link('a1', 'b2', 0.6), link('a1', 'c', 0.5), link('a1', 'a2', 0.9)], [group('a2', 'a1'), group('b2', 'b1')]);
  expect(found.map(({ cause, effect, score, times }) => [cause, effect, score, times])).toEqual([['a2', 'b2', 0.7, 3], ['a2', 'c', 0.5, 1]]);
});

test('beside its cause a reason does not name it again', () => {
  const check = (text: string, expected: string) => expect(withoutCause(text)).toBe(expected);
  check('effect of "Signal "b", dark", 56 m away', '56 m away');
  check('same type', 'same type');
});

test('the latest reason counts', () => {
  const joined = (alarm: string, why: string) => ({ at: '2026-05-04T03:00:00Z', by: null, event: { alarm_joined: { alarm, why } } });
  const found = reasons(incident(1, { timeline: [joined('a', 'first alarm'), joined('b', 'score 0.7: near'), joined('a', 'score 0.9: near')] }));
  expect([...found]).toEqual([['a', { score: 0.9, text: 'near' }], ['b', { score: 0.7, text: 'near' }]]);
});

test('links become a chain', () => {
  const link = (cause: string, effect: string) => ({ cause, effect, rule: 'r', score: 0.9, why: '' });
  expect(chain({ links: [link('power', 'signal'), link('signal', 'crash'), link('power', 'crash')] })).toEqual([{ id: 'power', before: [] }, { id: 'signal', before: ['power'] }, { id: 'crash', before: ['signal', 'power'] }]);
});

test('those near in time and place come first', () => {
  const at = (metresNorth: number) => ({ type: 'Point' as const, coordinates: [7.42, 43.73 + metresNorth / 111_320] });
  const far = incident(2, { place: at(3000) });
  const near = incident(3, { place: at(100) });
  const early = incident(4, { place: at(100), opened: '2026-05-04T01:00:00Z' });
  const nowhere = incident(5, { place: null });
  const all = [far, incident(1), near, early, nowhere, incident(6, { state: 'closed' }), incident(7, { state: 'merged' })];
  const check = (text: string, expected: number[]) => expect(candidates(incident(1), all, text).map((found) => found.incident.number)).toEqual(expected);
  check('', [3, 5, 4, 2]);
  check('#4', [4]);
  check('fire 2', [2]);
  check('flood', []);
  expect(Math.round(candidates(incident(1), all, '#3')[0]?.metres ?? 0)).toBe(100);
});
