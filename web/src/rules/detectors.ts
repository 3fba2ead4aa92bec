// What the form asks for each detector: its group in the picker, and its fields with label, unit and bounds. The bounds
// are those of the platform's own check (crates/engine/src/rule), which has the last word.

import { word, type Key } from '../lib/i18n/index.svelte';
import type { DetectorName } from '../lib/wire';

/** What stands beside a figure: the unit of the readings, a span of time, metres, spreads (sigmas), or nothing. */
export type Measure = 'reading' | 'time' | 'm' | 'sigma' | 'number';

export type FieldSpec =
  | { sort: 'number'; field: string; label: Key; hint?: Key; measure: Measure; optional?: true; min?: number; max?: number; whole?: true; usual?: number }
  | { sort: 'choice'; field: string; label: Key; hint?: Key; wordOf: (option: string) => string; options: readonly string[] }
  | { sort: 'text'; field: string; label: Key; hint: Key }
  | { sort: 'zones' | 'expression' | 'part' | 'parts'; field: string; label: Key; hint?: Key };

/** Groups of the picker in plain words, simplest first. */
export const groups: readonly { name: string; detectors: readonly DetectorName[] }[] = [
  { name: 'limit', detectors: ['threshold'] },
  { name: 'change', detectors: ['rate_of_change', 'change_point'] },
  { name: 'sensor', detectors: ['silent', 'flat_line', 'out_of_range', 'drift'] },
  { name: 'unusual', detectors: ['baseline', 'forecast', 'anomaly'] },
  { name: 'places', detectors: ['geofence'] },
  { name: 'counts', detectors: ['count'] },
  { name: 'patterns', detectors: ['sequence', 'absence', 'cooccurrence'] },
  { name: 'expression', detectors: ['condition'] },
];

const holds: FieldSpec = { sort: 'number', field: 'for_s', label: 'rule.for', hint: 'rule.for.hint', measure: 'time', min: 0 };
const over: FieldSpec = { sort: 'number', field: 'clear_for_s', label: 'rule.clear_for', measure: 'time', min: 0 };
const side: FieldSpec = { sort: 'choice', field: 'side', label: 'rule.side', wordOf: (option) => word('side', option), options: ['both', 'above', 'below'] };
const season: FieldSpec = { sort: 'choice', field: 'season', label: 'rule.season', hint: 'rule.season.hint', wordOf: (option) => word('season', option), options: ['day', 'week'] };
const within: FieldSpec[] = [
  { sort: 'number', field: 'within_s', label: 'rule.within', measure: 'time', min: 1 },
  { sort: 'number', field: 'within_m', label: 'rule.within_m', hint: 'rule.radius.hint', measure: 'm', min: 1, optional: true },
];
const sigmas = (usual: number): FieldSpec => ({ sort: 'number', field: 'sigmas', label: 'rule.sigmas', hint: 'rule.sigmas.hint', measure: 'sigma', min: 0.1, max: 100, optional: true, usual });
const learning = (usual: number, min: number, max: number): FieldSpec => ({ sort: 'number', field: 'learning', label: 'rule.learning', measure: 'number', min, max, whole: true, optional: true, usual });

export const fieldsOf: Record<DetectorName, readonly FieldSpec[]> = {
  threshold: [
    { sort: 'number', field: 'above', label: 'rule.above', measure: 'reading', optional: true },
    { sort: 'number', field: 'below', label: 'rule.below', measure: 'reading', optional: true },
    { sort: 'number', field: 'clear', label: 'rule.clear', hint: 'rule.clear.hint', measure: 'reading', optional: true },
    holds, over,
  ],
  out_of_range: [holds, over],
  rate_of_change: [
    { sort: 'number', field: 'above', label: 'rule.rise', measure: 'reading', optional: true },
    { sort: 'number', field: 'below', label: 'rule.fall', hint: 'rule.fall.hint', measure: 'reading', optional: true },
    { sort: 'number', field: 'per_s', label: 'rule.per', measure: 'time', min: 0.001 },
    over,
  ],
  change_point: [
    { sort: 'number', field: 'shift_sigmas', label: 'rule.shift', hint: 'rule.sigmas.hint', measure: 'sigma', min: 0.1, max: 5, optional: true, usual: 1 },
    { sort: 'number', field: 'limit_sigmas', label: 'rule.surety', hint: 'rule.surety.hint', measure: 'sigma', min: 1, max: 1000, optional: true, usual: 12 },
    side, { ...over, label: 'rule.stays' },
  ],
  silent: [{ sort: 'number', field: 'after_s', label: 'rule.after', measure: 'time', min: 1 }],
  flat_line: [
    { ...holds, label: 'rule.stuck', hint: 'rule.stuck.hint', min: 1 },
    { sort: 'number', field: 'tolerance', label: 'rule.tolerance', measure: 'reading', min: 0 },
  ],
  drift: [
    { sort: 'number', field: 'within_m', label: 'rule.neighbours.within', measure: 'm', min: 1, max: 100_000 },
    { sort: 'number', field: 'neighbours', label: 'rule.neighbours', measure: 'number', min: 1, max: 64, whole: true, optional: true, usual: 3 },
    { sort: 'number', field: 'fresh_s', label: 'rule.fresh', measure: 'time', min: 1 },
    sigmas(1.5),
    { sort: 'number', field: 'at_least', label: 'rule.drift.least', measure: 'reading', min: 0 },
    learning(336, 2, 100_000),
  ],
  baseline: [season, side, sigmas(5), learning(10, 5, 250), holds, over],
  forecast: [season, side, sigmas(5), learning(100, 2, 100_000), holds, over],
  anomaly: [sigmas(4.5), over],
  geofence: [
    { sort: 'choice', field: 'on', label: 'rule.on', wordOf: (option) => word('crossing', option), options: ['enter', 'leave', 'inside'] },
    { ...holds, hint: 'rule.dwell.hint' },
    { sort: 'zones', field: 'zones', label: 'rule.zones' },
  ],
  count: [
    { sort: 'number', field: 'at_least', label: 'rule.at_least', measure: 'number', min: 1, max: 10_000, whole: true },
    { sort: 'number', field: 'window_s', label: 'rule.window', measure: 'time', min: 1 },
    { sort: 'number', field: 'radius_m', label: 'rule.radius', hint: 'rule.radius.hint', measure: 'm', min: 1, optional: true },
    { sort: 'text', field: 'distinct', label: 'rule.distinct', hint: 'rule.distinct.hint' },
  ],
  sequence: [{ sort: 'parts', field: 'parts', label: 'rule.parts.order' }, ...within],
  absence: [{ sort: 'part', field: 'first', label: 'rule.part.first' }, { sort: 'part', field: 'then', label: 'rule.part.then' }, ...within],
  cooccurrence: [
    { sort: 'parts', field: 'parts', label: 'rule.parts.any' }, ...within,
    { sort: 'number', field: 'at_least', label: 'rule.parts.least', hint: 'rule.parts.least.hint', measure: 'number', min: 2, max: 8, whole: true, optional: true },
  ],
  condition: [{ sort: 'expression', field: 'expression', label: 'rule.expression', hint: 'rule.expression.hint' }, holds, over],
};
