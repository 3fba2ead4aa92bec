// The limits of alarm management for one operator position, in the one place that every page takes them from: ANSI/ISA-18.2
// (2016) and IEC 62682, clause 16 on monitoring and assessment, whose figures are those of EEMUA Publication 191.
//
// A flood: ISA-18.2 defines it as more alarms than the operator can manage, "more than 10 alarms per 10 minutes", in agreement
// with its targets (at most 10 in 10 minutes; fewer than 1 % of the periods with more). It ends below 5. Some guides begin at 10.

export const LIMITS = {
  /** Alarms a day: about 150 are acceptable, about 300 the most that can be handled. */
  dayAcceptable: 150, dayMost: 300,
  /** In 10 minutes on average. */
  meanAcceptable: 1, meanMost: 2,
  /** More in 10 minutes are a flood, which lasts until fewer than `calm` come. */
  flood: 10, calm: 5,
  /** More than these in an hour are too many, in this share of the hours at most; the same share of time in flood. */
  hour: 30, share: 0.01,
  /** Share of all alarms that the ten most frequent bring: the target, and the most with a plan of what to do. */
  worstGood: 0.01, worstMost: 0.05, worst: 10,
  /** Fewer stale alarms than these on any day. */
  stale: 5,
  /** So many of one alarm in a minute chatter. One that clears by itself within a minute is fleeting. */
  chatter: 3,
  /** Shares of priorities: low, medium, high; and how far from it is still well, in shares. */
  priorities: [0.8, 0.15, 0.05], priorityNear: 0.05, priorityFar: 0.15,
} as const;

export const MINUTE_MS = 60_000;
export const INTERVAL_MS = 600_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** `none` where there are too few data for a judgement. */
export type Verdict = 'good' | 'warn' | 'bad' | 'none';

/** Whether so many alarms in 10 minutes are a flood, where the interval before was one or not. */
export const isFlood = (count: number, before: boolean): boolean => count > LIMITS.flood || (before && count >= LIMITS.calm);

/** A figure with one limit that must not be passed, and perhaps a lower one that is better. */
export function upTo(value: number | null, good: number, most: number): Verdict {
  if (value === null) return 'none';
  return value <= good ? 'good' : value <= most ? 'warn' : 'bad';
}

/** A share that must lie below a target, best at nothing. */
export function below(share: number | null, target: number): Verdict {
  if (share === null) return 'none';
  return share === 0 ? 'good' : share < target ? 'warn' : 'bad';
}
