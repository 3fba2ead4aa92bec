// What a back-test is asked for, and what its figures mean for people at the console.

import type { TrialReport } from '../lib/wire';

export const spans = ['day', 'week', 'month', 'own'] as const;
export type Span = (typeof spans)[number];

const DAY_MS = 86_400_000;
const lengths: Record<Exclude<Span, 'own'>, number> = { day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS };

/** The span as two moments in ISO 8601; null where the own one is not a span. */
export function between(span: Span, now: number, own: { from: string; to: string }): { from: string; to: string } | null {
  if (span !== 'own') return { from: new Date(now - lengths[span]).toISOString(), to: new Date(now).toISOString() };
  const [from, to] = [Date.parse(own.from), Date.parse(own.to)];
  return Number.isFinite(from) && Number.isFinite(to) && from < to ? { from: new Date(from).toISOString(), to: new Date(to).toISOString() } : null;
}

/** ANSI/ISA-18.2 and EEMUA 191, alarms a day for one operator: about 150 can be handled well, about 300 at most. */
export const ACCEPTABLE_PER_DAY = 150;
export const MANAGEABLE_PER_DAY = 300;
/** More in ten minutes than this is a flood by the same guides. */
export const FLOOD_IN_10_MIN = 10;

export type Load = 'none' | 'acceptable' | 'manageable' | 'too_many';

export function load(perDay: number): Load {
  if (perDay === 0) return 'none';
  if (perDay <= ACCEPTABLE_PER_DAY) return 'acceptable';
  return perDay <= MANAGEABLE_PER_DAY ? 'manageable' : 'too_many';
}

/** Columns for the chart: Unix seconds, alarms on trial, present alarms. */
export function columns(report: Pick<TrialReport, 'buckets'>): [number[], number[], number[]] {
  return [report.buckets.map((bucket) => Date.parse(bucket.start) / 1000), report.buckets.map((bucket) => bucket.alarms), report.buckets.map((bucket) => bucket.present)];
}

/** Radius of a circle on the map in pixels: its area grows with the number, so that twice as many look twice as much. */
export function radius(alarms: number, most: number): number {
  return alarms === 0 ? 0 : 5 + 17 * Math.sqrt(alarms / Math.max(1, most));
}

/**
 * Sets one number in a detector's fields by a path such as `detector.threshold.above`; false where there is none. The
 * distance at which a threshold ends moves along, as it did for the variants that were tried.
 */
export function applySuggestion(fields: Record<string, Record<string, unknown>>, path: string, value: number): boolean {
  const [first, detector = '', field = ''] = path.split('.');
  const target = fields[detector];
  if (first !== 'detector' || !target || !(field in target)) return false;
  const before = target[field];
  if (detector === 'threshold' && typeof before === 'number' && typeof target['clear'] === 'number') target['clear'] += value - before;
  target[field] = value;
  return true;
}
