// Settings of the detectors that look at the statistics of a series (docs/detectors-statistics.md). The platform takes
// them as part of a rule; its schema names only the other detectors, so these shapes are written here.

type Side = 'both' | 'above' | 'below';
type Season = 'day' | 'week';
/** Null: the platform's own choice. */
type Choice = number | null;

export interface Statistics {
  baseline: { season: Season; sigmas: Choice; learning: Choice; side: Side; for_s: number; clear_for_s: number };
  forecast: { season: Season; sigmas: Choice; learning: Choice; side: Side; for_s: number; clear_for_s: number };
  change_point: { shift_sigmas: Choice; limit_sigmas: Choice; side: Side; clear_for_s: number };
  drift: { within_m: number; fresh_s: number; neighbours: Choice; sigmas: Choice; at_least: number; learning: Choice };
  anomaly: { sigmas: Choice; clear_for_s: number };
}
