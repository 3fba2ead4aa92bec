// Which readings explain an alarm, and which line a limit is in their chart.

import type { Alarm, Rule } from '../lib/wire';

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
