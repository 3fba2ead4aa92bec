import { expect, test } from 'vitest';
import type { TrialReport } from '../lib/wire';
import { mayGoOn, PATIENCE_S } from './trial';

test('what ended for want of time may have more, once', () => {
  const check = (why: string | null, patience: number, expected: boolean) =>
    expect(mayGoOn({ stopped: why && { why, at: '2026-03-01T00:00:00Z' } } as TrialReport, patience)).toBe(expected);
  check('too_long', PATIENCE_S.usual, true);
  check('too_many_observations', PATIENCE_S.usual, true);
  check('too_many_observations', PATIENCE_S.most, false);
  check('too_many_alarms', PATIENCE_S.usual, false);
  check(null, PATIENCE_S.usual, false);
});
