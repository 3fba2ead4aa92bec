import { expect, test } from 'vitest';
import type { Observation } from '../lib/wire';
import { newestOfEach } from './near';

test('readings are one line for each asset and kind, with the newest value', () => {
  const reading = (id: string, asset: string | null, kind: string, time: string) => ({ id, asset, source: 'feed', kind, time: `2026-05-04T03:00:${time}Z` }) as unknown as Observation;
  const found = newestOfEach([reading('a', 'loop', 'speed', '01'), reading('b', 'loop', 'occupancy', '01'), reading('c', 'loop', 'speed', '05'), reading('d', 'loop', 'speed', '03'), reading('e', null, 'report', '00'), reading('f', null, 'report', '00.5')]);
  expect(found.map(({ newest, count }) => [newest.id, count])).toEqual([['c', 3], ['b', 1], ['f', 2]]);
});
