import { expect, test } from 'vitest';
import { heardClock, platformNow } from './clock';

const check = (aheadS: number, expected: number) => {
  const here = Date.now();
  heardClock(new Date(here - 60_000).toISOString(), 60 + aheadS, here);
  expect(Math.round((platformNow() - Date.now()) / 1000)).toBe(expected);
};

test('the present is that of the platform, and does not jump for the way of an answer', () => {
  check(300, 300);
  check(-7200, -7200);
  check(1.5, 0);
});
