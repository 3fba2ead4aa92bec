// How many alarms operators get, reckoned for one operator position. The limits and their sources stand in `standard.ts`.
// Rates are those of the time that has data: a platform that runs for an hour knows nothing of a day.

import type { Alarm } from '../lib/wire';
import { byAlarm, chattering, fleeting, type Chattering } from './chatter';
import { below, DAY_MS, HOUR_MS, INTERVAL_MS, isFlood, LIMITS, upTo, type Verdict } from './standard';

/** Of an alarm what is reckoned with. */
export type Counted = Pick<Alarm, 'id' | 'rule' | 'rule_name' | 'key' | 'title' | 'raised' | 'cleared' | 'state' | 'stage' | 'severity'> & {
  /** The asset that it is about, else the source of its readings: a key such as `all` is neither. */
  source: string;
};
export interface Ranked { id: string; name: string; count: number; share: number }

export interface Load {
  total: number;
  /** Milliseconds of the span that have data. */
  dataMs: number;
  /** Alarms a day for one operator position; null where less than a day has data. */
  perDay: number | null;
  /** Alarms in 10 minutes on average, for one position. */
  perInterval: number;
  /** Most in 10 minutes for one position, and when that interval began. */
  peak: number; peakAt: number | null;
  /** Shares from 0 to 1: of the 10 minutes in flood, of those with more than 10, of the hours with more than 30 (null below an hour). */
  floodShare: number; overShare: number; hoursOverShare: number | null;
  /** Share of all alarms that the ten most frequent bring. */
  worstShare: number;
  /** Shares of low (minor, unknown), medium (moderate) and high (severe and extreme) priority. */
  priorities: [number, number, number];
  /** Alarms in each 10 minutes of the whole span, oldest first, for one position; `data` is false before there was any. */
  intervals: { at: number; count: number; flood: boolean; data: boolean }[];
  rules: Ranked[]; sources: Ranked[]; stale: Counted[]; chattering: Chattering[]; fleeting: number;
}

/** The time that is judged, in Unix ms: what was asked for, and from when on there are data. */
export interface Span { from: number; to: number; data: number }

/** Alarms that operators get: a rule that is silent or in shadow tells nobody. */
const isTold = (alarm: Counted): boolean => alarm.stage === 'live';

function rank(alarms: readonly Counted[], of: (alarm: Counted) => [string, string]): Ranked[] {
  const found = new Map<string, Ranked>();
  for (const alarm of alarms) {
    const [id, name] = of(alarm);
    const held = found.get(id);
    if (held) held.count += 1;
    else found.set(id, { id, name, count: 1, share: 0 });
  }
  return [...found.values()].map((held) => ({ ...held, share: held.count / alarms.length })).sort((a, b) => b.count - a.count || a.id.localeCompare(b.id));
}

/** Counts in whole steps that end at `to`; a span shorter than one is one. */
function counts(alarms: readonly Counted[], from: number, to: number, step: number): number[] {
  const count = Math.max(1, Math.ceil((to - from) / step));
  const found = new Array<number>(count).fill(0);
  const start = to - count * step;
  for (const alarm of alarms) {
    // What was raised at the very end belongs to the last step.
    const i = Math.min(count - 1, Math.floor((Date.parse(alarm.raised) - start) / step));
    if (i >= 0) found[i] = (found[i] ?? 0) + 1;
  }
  return found;
}

function intervalsOf(alarms: readonly Counted[], { from, to, data }: Span, positions: number): Load['intervals'] {
  const found = counts(alarms, from, to, INTERVAL_MS);
  const start = to - found.length * INTERVAL_MS;
  let flood = false;
  return found.map((held, i) => {
    const [at, count] = [start + i * INTERVAL_MS, held / positions];
    flood = isFlood(count, flood);
    return { at, count, flood, data: at + INTERVAL_MS > data };
  });
}

/** Only whole hours with data are judged: half an hour with 30 alarms is not an hour with as many. */
function hoursOver(alarms: readonly Counted[], { to, data }: Span, positions: number): number | null {
  const whole = Math.floor((to - data) / HOUR_MS);
  if (whole < 1) return null;
  const hours = counts(alarms.filter((alarm) => Date.parse(alarm.raised) >= to - whole * HOUR_MS), to - whole * HOUR_MS, to, HOUR_MS);
  return hours.filter((held) => held / positions > LIMITS.hour).length / whole;
}

function prioritiesOf(alarms: readonly Counted[]): Load['priorities'] {
  const count = (of: readonly string[]) => alarms.filter(({ severity }) => of.includes(severity)).length;
  const [medium, high] = [count(['moderate']), count(['severe', 'extreme'])];
  // What is left is counted too: of shares rounding would leave a little more or less than nothing.
  const share = (found: number) => (alarms.length === 0 ? 0 : found / alarms.length);
  return [share(alarms.length - medium - high), share(medium), share(high)];
}

/** `alarms` raised in the span, and `standing` ones of any age; shared among so many positions. */
export function load(alarms: readonly Counted[], standing: readonly Counted[], asked: Span, positions: number): Load {
  const { from, to } = asked;
  const data = Math.min(to, Math.max(from, asked.data));
  const span = { from, to, data };
  const told = alarms.filter((alarm) => isTold(alarm) && Date.parse(alarm.raised) >= from && Date.parse(alarm.raised) <= to);
  const intervals = intervalsOf(told, span, positions);
  const judged = intervals.filter((held) => held.data);
  const shareOf = (is: (held: Load['intervals'][number]) => boolean) => judged.filter(is).length / Math.max(1, judged.length);
  const peak = judged.reduce<Load['intervals'][number] | null>((most, held) => (most && most.count >= held.count ? most : held), null);
  const dataMs = to - data;
  const most = [...byAlarm(told).values()].map((group) => group.length).sort((a, b) => b - a).slice(0, LIMITS.worst);
  const chatters = chattering(told);
  return {
    total: told.length, dataMs,
    perDay: dataMs >= DAY_MS ? ((told.length / dataMs) * DAY_MS) / positions : null,
    perInterval: ((told.length / Math.max(INTERVAL_MS, dataMs)) * INTERVAL_MS) / positions,
    peak: peak?.count ?? 0,
    peakAt: peak && peak.count > 0 ? peak.at : null,
    floodShare: shareOf((held) => held.flood),
    overShare: shareOf((held) => held.count > LIMITS.flood),
    hoursOverShare: hoursOver(told, span, positions),
    worstShare: told.length === 0 ? 0 : most.reduce((sum, count) => sum + count, 0) / told.length,
    priorities: prioritiesOf(told),
    intervals,
    rules: rank(told, (alarm) => [alarm.rule, alarm.rule_name]),
    sources: rank(told, (alarm) => [alarm.source, alarm.source]),
    stale: standing.filter((alarm) => isTold(alarm) && alarm.state === 'active' && to - Date.parse(alarm.raised) > DAY_MS).sort((a, b) => Date.parse(a.raised) - Date.parse(b.raised)),
    chattering: chatters,
    fleeting: fleeting(told, chatters),
  };
}

const count = (n: number, most: number): Verdict => (n === 0 ? 'good' : n < most ? 'warn' : 'bad');

/** Shares of priorities and of the most frequent alarms mean something only where there are some alarms and a day of data. */
const enough = (found: Load): boolean => found.perDay !== null && found.total > 0;

export const verdicts = {
  perDay: ({ perDay }: Load) => upTo(perDay, LIMITS.dayAcceptable, LIMITS.dayMost),
  perInterval: ({ perInterval }: Load) => upTo(perInterval, LIMITS.meanAcceptable, LIMITS.meanMost),
  peak: ({ peak }: Load): Verdict => (peak <= LIMITS.flood ? 'good' : 'bad'),
  flood: ({ floodShare }: Load) => below(floodShare, LIMITS.share),
  over: ({ overShare }: Load) => below(overShare, LIMITS.share),
  hours: ({ hoursOverShare }: Load) => below(hoursOverShare, LIMITS.share),
  worst: (found: Load): Verdict => (enough(found) ? upTo(found.worstShare, LIMITS.worstGood, LIMITS.worstMost) : 'none'),
  priorities(found: Load): Verdict {
    if (!enough(found)) return 'none';
    // More of low priority than the target is no fault.
    const off = Math.max(...found.priorities.slice(1).map((share, i) => share - (LIMITS.priorities[i + 1] ?? 0)));
    return off <= LIMITS.priorityNear ? 'good' : off <= LIMITS.priorityFar ? 'warn' : 'bad';
  },
  stale: ({ stale }: Load) => count(stale.length, LIMITS.stale),
  chattering: (found: Load) => count(found.chattering.length, 1),
  fleeting: (found: Load) => count(found.fleeting, 1),
} as const;

/** What to do first: chattering is mended by a delay or a dead band, a noisy rule by its limit, a stale alarm by clearing it. */
export type Advice =
  | { what: 'none' } | { what: 'calm' } | { what: 'early' }
  | { what: 'chatter'; alarm: Chattering } | { what: 'rule'; rule: Ranked } | { what: 'stale'; alarm: Counted; n: number } | { what: 'spread' };

export function advice(found: Load): Advice {
  if (found.total === 0 && found.stale.length === 0) return { what: 'none' };
  const [chatter] = found.chattering;
  const [rule] = found.rules;
  const over = (['perDay', 'perInterval', 'peak', 'hours'] as const).some((name) => ['warn', 'bad'].includes(verdicts[name](found)));
  if (chatter) return { what: 'chatter', alarm: chatter };
  // Few rules commonly make most of the alarms: where one does, it is mended first.
  if (over && rule && rule.share >= 0.2) return { what: 'rule', rule };
  if (over) return { what: 'spread' };
  const [oldest] = found.stale;
  if (oldest) return { what: 'stale', alarm: oldest, n: found.stale.length };
  return found.perDay === null ? { what: 'early' } : { what: 'calm' };
}
