import { expect, test } from 'vitest';
import type { Incident, TimelineEntry } from '../lib/wire';
import { asksVerdict, saidBy } from './verdict';

const entry = (at: string, event: unknown, by: string | null = 'anna'): TimelineEntry => ({ at, by, event }) as TimelineEntry;
const assessed = (at: string, verdict: string, reason: string | null = null, by: string | null = 'anna') => entry(at, { assessed: { verdict, reason } }, by);

test('who said it last is told, as long as it still stands', () => {
  const check = (verdict: Incident['verdict'], timeline: TimelineEntry[], expected: unknown) => expect(saidBy({ verdict, timeline })).toEqual(expected);
  check(null, [], null);
  check(null, [entry('1', 'opened')], null);
  check('genuine', [assessed('1', 'genuine')], { verdict: 'genuine', at: '1', by: 'anna', name: null, reason: null });
  check('false_alarm', [assessed('1', 'genuine'), assessed('2', 'false_alarm', 'A welder', null), entry('3', { note: { text: 'x' } })], { verdict: 'false_alarm', at: '2', by: null, name: null, reason: 'A welder' });
  check('genuine', [assessed('1', 'genuine'), assessed('2', 'false_alarm')], null);
});

test('it is asked for once the incident is over, and shown wherever it was said', () => {
  const check = (state: Incident['state'], verdict: Incident['verdict'], expected: boolean) => expect(asksVerdict({ state, verdict })).toBe(expected);
  check('new', null, false);
  check('in_progress', null, false);
  check('resolved', null, true);
  check('closed', null, true);
  check('reopened', 'genuine', true);
});
