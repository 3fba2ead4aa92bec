import { expect, test } from 'vitest';
import type { Alarm, Detector, Geometry, Observation } from '../lib/wire';
import { around, asked, limitFor, within } from './why';

const cause = (time: string, value: Observation['value']): Observation => ({ id: time, kind: 'air.pm25', source: 's', asset: 'a1', time, arrived: time, place: null, value, unit: 'ug/m3', quality: 'good', origin: 'live', attributes: {} });

test('the chart of an alarm reaches an hour, or as far as its causes lie apart, to both sides', () => {
  const check = (causes: Alarm['causes'], expected: [string, string] | null) => {
    const found = around({ causes });
    expect(found && [found.from, found.to]).toEqual(expected);
  };
  check([cause('2026-05-04T12:00:00Z', 3)], ['2026-05-04T11:00:00.000Z', '2026-05-04T13:00:00.000Z']);
  check([cause('2026-05-04T12:00:00Z', 3), cause('2026-05-04T16:00:00Z', 3)], ['2026-05-04T08:00:00.000Z', '2026-05-04T20:00:00.000Z']);
  check([cause('2026-05-04T12:00:00Z', 'flooding')], null);
  check([], null);
});

test('a limit is drawn only in the unit of the series', () => {
  const threshold = (above: number | null, below: number | null): Detector => ({ threshold: { above, below, clear: null, for_s: 0, clear_for_s: 0 } });
  const check = (unit: string | null, detector: Detector, expected: number | null) => expect(limitFor({ unit, detector }, 'ug/m3')).toBe(expected);
  check(null, threshold(75, null), 75);
  check('ug/m3', threshold(null, 5), 5);
  check('mg/m3', threshold(0.075, null), null);
  check(null, { silent: { after_s: 60 } }, null);
});

test('the readings that an alarm rests on are asked for by kind, series and span', () => {
  const span = { from: '2026-05-04T02:00:00.000001Z', to: '2026-05-04T03:00:00Z' };
  const none = { kinds: ['air.pm25'], assets: [], source: null, zone: null, bbox: null };
  const check = (basis: object, area: Geometry | null, expected: object) =>
    expect(asked({ ...span, ...none, ...basis }, area)).toEqual({ from: span.from, to: '2026-05-04T03:00:00.001Z', kind: 'air.pm25', ...expected });
  check({}, null, {});
  check({ assets: ['a', 'b'] }, null, { asset: 'a,b' });
  check({ source: 'feed' }, null, { source: 'feed' });
  const area: Geometry = { type: 'Polygon', coordinates: [[[7, 43], [8, 43], [7, 44], [7, 43]]] };
  check({ bbox: '7.123456789,43,8,44' }, null, { bbox: '7.123456789,43,8,44' });
  check({ zone: 'z' }, area, { bbox: '7,43,8,44' });
  const at = (id: string, lon: number, lat: number) => ({ id, place: { type: 'Point', coordinates: [lon, lat] } }) as unknown as Observation;
  const readings = [at('in', 7.1, 43.1), at('out', 7.9, 43.9), { id: 'nowhere', place: null } as unknown as Observation];
  expect(within(readings, area).map(({ id }) => id)).toEqual(['in']);
  expect(within(readings, null)).toHaveLength(3);
});
