import { expect, test } from 'vitest';
import type { RuleTrial } from '../lib/wire';
import { triedFacts, triedWords } from './tried';

const trial = (part: Partial<RuleTrial> = {}): RuleTrial => ({ at: '2026-03-01T12:00:00Z', by: 'ada', by_name: 'Ada', from: '2026-01-30T00:00:00Z', to: '2026-03-01T00:00:00Z', data_s: 30 * 86_400, observations: 43_200, alarms: 12, bbox: null, ...part });

test('a version says what it was tried on, by the time that has readings', () => {
  const check = (tried: RuleTrial | null, expected: string) => expect(triedWords(tried)).toBe(expected);
  check(null, 'Not tried on the past');
  check(trial(), 'Tried on 30 days of the past: 12 alarms');
  check(trial({ data_s: 2.44 * 86_400, alarms: 1 }), 'Tried on 2.4 days of the past: one alarm');
  check(trial({ data_s: 86_400, alarms: 0 }), 'Tried on 24 h of the past: 0 alarms');
  check(trial({ data_s: 300, bbox: '7,43,8,44' }), 'Tried on 5 min of the past, in a part of the city: 12 alarms');
});

test('it says by whom, where that is known, and on how many readings', () => {
  expect(triedFacts(trial())).toMatch(/^Tried by Ada .*2026.*, over .*Jan.* to .*2026.*: 43,200 readings$/);
  expect(triedFacts(trial({ by: null, by_name: null, observations: 1 }))).toMatch(/^Tried .*2026.*, over .*: one reading$/);
  expect(triedFacts(trial({ by_name: null }))).toContain('by ada');
});
