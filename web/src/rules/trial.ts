// What a back-test is asked for, and what its figures mean for people at the console.

import { LIMITS } from '../alarms/standard';
import type { Box } from '../lib/box';
import { t } from '../lib/i18n/index.svelte';
import type { Rule, TrialReport } from '../lib/wire';
import { differences, type Difference } from './differences';

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

/** What a back-test does not depend on. */
const aside = new Set(['name', 'description', 'stage', 'enabled', 'agency']);

/** What differs between the rule that was tried and the rule as it is now, as far as it could find something else. */
export const changedSince = (tried: Rule, now: Rule): Difference[] => differences(tried, now).filter(({ path }) => !aside.has(path));

/** An area in words, in degrees; a thousandth of one is about a hundred metres. */
export function areaWords([west, south, east, north]: Box): string {
  const degrees = (value: number) => value.toFixed(3);
  return t('trial.area.of', { west: degrees(west), south: degrees(south), east: degrees(east), north: degrees(north) });
}

/** How long one waits for a back-test in seconds, and how long one who wants all of a long span. */
export const PATIENCE_S = { usual: 60, most: 600 } as const;

/** Whether it ended early for want of time, and may have more. */
export const mayGoOn = (report: TrialReport, patience: number): boolean =>
  patience < PATIENCE_S.most && (report.stopped?.why === 'too_long' || report.stopped?.why === 'too_many_observations');

export type Load = 'none' | 'acceptable' | 'manageable' | 'too_many' | 'unknown';

/** Alarms a day against the limits for one operator; null where less than a day has data. */
export function load(perDay: number | null | undefined): Load {
  if (perDay === null || perDay === undefined) return 'unknown';
  if (perDay === 0) return 'none';
  if (perDay <= LIMITS.dayAcceptable) return 'acceptable';
  return perDay <= LIMITS.dayMost ? 'manageable' : 'too_many';
}

/** Stretches of the chart without data, as positions of the first bucket and the one after the last. */
export function withoutData(report: Pick<TrialReport, 'buckets'>): [number, number][] {
  const found: [number, number][] = [];
  report.buckets.forEach((bucket, i) => {
    if (bucket.data_s > 0) return;
    const last = found.at(-1);
    if (last?.[1] === i) last[1] = i + 1;
    else found.push([i, i + 1]);
  });
  return found;
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
 * Sets one number, or an expression with another number, in a detector's fields by a path such as `detector.threshold.above`; false where there is none. The
 * distance at which a threshold ends moves along, as it did for the variants that were tried.
 */
export function applySuggestion(fields: Record<string, Record<string, unknown>>, path: string, value: number | string): boolean {
  const [first, detector = '', field = ''] = path.split('.');
  const target = fields[detector];
  if (first !== 'detector' || !target || !(field in target)) return false;
  const before = target[field];
  if (detector === 'threshold' && typeof before === 'number' && typeof value === 'number' && typeof target['clear'] === 'number') target['clear'] += value - before;
  target[field] = value;
  return true;
}
