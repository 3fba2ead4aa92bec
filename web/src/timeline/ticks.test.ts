import { expect, test } from 'vitest';
import { local, typedMoment } from './ticks';

test('a moment is typed on a clock of 24 hours', () => {
  const shown = Date.parse('2026-05-04T10:00:00');
  const check = (text: string, expected: string | null) => expect(typedMoment(text, shown)).toBe(expected === null ? null : Date.parse(expected));
  check('2026-05-03 13:05:30', '2026-05-03T13:05:30');
  check('2026-05-03T13:05', '2026-05-03T13:05:00');
  check(' 9:07 ', '2026-05-04T09:07:00');
  check('23:59:59', '2026-05-04T23:59:59');
  check('25:00', null);
  check('1:05 PM', null);
  check('', null);
  expect(typedMoment(local(shown).replace('T', ' '), 0)).toBe(shown);
});
