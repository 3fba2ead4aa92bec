// Which readings explain an alarm, and which line a limit is in their chart.

import { boxOf, boxText } from '../lib/box';
import { anchor, inside } from '../lib/geo';
import type { Alarm, Geometry, Observation, Rule } from '../lib/wire';

const HOUR_MS = 3_600_000;

/** The series around an alarm: as long before its first cause and after its last as these lie apart, an hour at least. */
export function around(alarm: Pick<Alarm, 'causes'>): { asset: string; kind: string; from: string; to: string } | null {
  const numeric = alarm.causes.filter((cause) => typeof cause.value === 'number');
  const [first, last] = [numeric[0], numeric[numeric.length - 1]];
  if (!first || !last) return null;
  const [begin, end] = [Date.parse(first.time), Date.parse(last.time)];
  const margin = Math.max(HOUR_MS, end - begin);
  return { asset: last.asset ?? last.source, kind: last.kind, from: new Date(begin - margin).toISOString(), to: new Date(end + margin).toISOString() };
}

/** The limit of a threshold as a line; none where the rule's figures are in another unit than the series. */
export function limitFor(rule: Pick<Rule, 'detector' | 'unit'>, seriesUnit: string): number | null {
  if (rule.unit && rule.unit !== seriesUnit) return null;
  return rule.detector.threshold?.above ?? rule.detector.threshold?.below ?? null;
}

type Basis = NonNullable<Alarm['basis']>;

/** What the API is asked for to have the readings that an alarm rests on; `area` is that of its zone. */
export function asked(basis: Basis, area: Geometry | null): Record<string, string> {
  // The API's end is exclusive.
  const query: Record<string, string> = { from: basis.from, to: new Date(Date.parse(basis.to) + 1).toISOString() };
  if (basis.kinds.length > 0) query['kind'] = basis.kinds.join(',');
  if (basis.assets.length > 0) query['asset'] = basis.assets.join(',');
  if (basis.source) query['source'] = basis.source;
  if (basis.bbox) query['bbox'] = basis.bbox;
  const corners = area?.type === 'Polygon' ? (area.coordinates[0] ?? []) : [];
  if (corners.length > 0) {
    const [lons, lats] = [corners.map(([lon]) => lon ?? 0), corners.map(([, lat]) => lat ?? 0)];
    query['bbox'] = boxText(boxOf(Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)));
  }
  return query;
}

/** Those that lie in the area: the API asks by the box around it. */
export function within(readings: readonly Observation[], area: Geometry | null): Observation[] {
  return readings.filter((reading) => {
    const at = anchor(reading.place);
    return area === null || (at !== null && inside(at, area));
  });
}
