// How many alarms operators get, against the limits of the alarm management standards: ANSI/ISA-18.2 and IEC 62682 (clause on
// monitoring and assessment), which took the figures of EEMUA Publication 191. For each operator position: about 150 alarms a
// day are acceptable and 300 the most that can be handled; 1 in 10 minutes on average, at most 2; 10 or more in 10 minutes are
// a flood, which lasts until fewer than 5 come; 3 or more of one alarm in a minute chatter; one that stands for a day is stale.

import type { Alarm } from '../lib/wire';

export const LIMITS = { dayAcceptable: 150, dayMost: 300, meanAcceptable: 1, meanMost: 2, flood: 10, calm: 5, floodShare: 0.01, chatter: 3, worstShare: 0.05 } as const;
export const INTERVAL_MS = 600_000;
export const CHATTER_MS = 60_000;
export const STALE_MS = 86_400_000;
const DAY_MS = 86_400_000;

/** Of an alarm what is reckoned with. */
export type Counted = Pick<Alarm, 'id' | 'rule' | 'rule_name' | 'key' | 'title' | 'asset' | 'raised' | 'cleared' | 'state' | 'stage' | 'severity'>;
export interface Ranked { id: string; name: string; count: number; share: number }
export interface Chattering { rule: string; ruleName: string; key: string; asset: string | null; title: string; count: number; most: number }
export type Verdict = 'good' | 'warn' | 'bad';

export interface Load {
  total: number;
  /** Alarms a day and in 10 minutes, for one operator position. */
  perDay: number; perInterval: number;
  /** Most in 10 minutes for one position, and when that interval began. */
  peak: number; peakAt: number | null;
  /** Share of the intervals in flood, 0 to 1. */
  floodShare: number;
  /** Alarms in each 10 minutes, oldest first, for one position. */
  intervals: { at: number; count: number; flood: boolean }[];
  rules: Ranked[]; sources: Ranked[]; stale: Counted[]; chattering: Chattering[];
}

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

/** Of one rule and key, three or more within a minute; `most` is the most in any minute. */
export function chattering(alarms: readonly Counted[]): Chattering[] {
  const groups = new Map<string, Counted[]>();
  for (const alarm of alarms) {
    const key = `${alarm.rule}\n${alarm.key}`;
    const held = groups.get(key);
    if (held) held.push(alarm);
    else groups.set(key, [alarm]);
  }
  const found: Chattering[] = [];
  for (const group of groups.values()) {
    const times = group.map((alarm) => Date.parse(alarm.raised)).sort((a, b) => a - b);
    let [from, most] = [0, 0];
    times.forEach((at, i) => {
      while (at - (times[from] ?? at) >= CHATTER_MS) from += 1;
      most = Math.max(most, i - from + 1);
    });
    const [one] = group;
    if (one && most >= LIMITS.chatter) found.push({ rule: one.rule, ruleName: one.rule_name, key: one.key, asset: one.asset ?? null, title: one.title, count: group.length, most });
  }
  return found.sort((a, b) => b.most - a.most || b.count - a.count || a.key.localeCompare(b.key));
}

/** Whole intervals of 10 minutes that end at `to`; a span shorter than one is one. */
function intervalsOf(alarms: readonly Counted[], from: number, to: number, positions: number): Load['intervals'] {
  const count = Math.max(1, Math.ceil((to - from) / INTERVAL_MS));
  const counts = new Array<number>(count).fill(0);
  const start = to - count * INTERVAL_MS;
  for (const alarm of alarms) {
    // What was raised at the very end belongs to the last interval.
    const i = Math.min(count - 1, Math.floor((Date.parse(alarm.raised) - start) / INTERVAL_MS));
    if (i >= 0) counts[i] = (counts[i] ?? 0) + 1;
  }
  let flood = false;
  return counts.map((held, i) => {
    const each = held / positions;
    flood = each >= LIMITS.flood || (flood && each >= LIMITS.calm);
    return { at: start + i * INTERVAL_MS, count: each, flood };
  });
}

/** `alarms` raised from `from` until `to` (Unix ms), and `standing` ones of any age; shared among so many positions. */
export function load(alarms: readonly Counted[], standing: readonly Counted[], from: number, to: number, positions: number): Load {
  const told = alarms.filter((alarm) => isTold(alarm) && Date.parse(alarm.raised) >= from && Date.parse(alarm.raised) <= to);
  const intervals = intervalsOf(told, from, to, positions);
  const peak = intervals.reduce<Load['intervals'][number] | null>((most, held) => (most && most.count >= held.count ? most : held), null);
  const span = Math.max(1, to - from);
  return {
    total: told.length,
    perDay: (told.length / span) * DAY_MS / positions,
    perInterval: (told.length / span) * INTERVAL_MS / positions,
    peak: peak?.count ?? 0,
    peakAt: peak && peak.count > 0 ? peak.at : null,
    floodShare: intervals.filter((held) => held.flood).length / intervals.length,
    intervals,
    rules: rank(told, (alarm) => [alarm.rule, alarm.rule_name]),
    sources: rank(told, (alarm) => [alarm.asset ?? alarm.key, alarm.asset ?? alarm.key]),
    stale: standing.filter((alarm) => isTold(alarm) && alarm.state === 'active' && to - Date.parse(alarm.raised) > STALE_MS).sort((a, b) => Date.parse(a.raised) - Date.parse(b.raised)),
    chattering: chattering(told),
  };
}

export const verdicts = {
  perDay: ({ perDay }: Load): Verdict => (perDay <= LIMITS.dayAcceptable ? 'good' : perDay <= LIMITS.dayMost ? 'warn' : 'bad'),
  perInterval: ({ perInterval }: Load): Verdict => (perInterval <= LIMITS.meanAcceptable ? 'good' : perInterval <= LIMITS.meanMost ? 'warn' : 'bad'),
  peak: ({ peak }: Load): Verdict => (peak < LIMITS.flood ? 'good' : 'bad'),
  flood: ({ floodShare }: Load): Verdict => (floodShare === 0 ? 'good' : floodShare < LIMITS.floodShare ? 'warn' : 'bad'),
} as const;

/** What to do first: chattering is mended by a delay or a dead band, a noisy rule by its limit, a stale alarm by clearing it. */
export type Advice =
  | { what: 'none' } | { what: 'calm' }
  | { what: 'chatter'; alarm: Chattering } | { what: 'rule'; rule: Ranked } | { what: 'stale'; alarm: Counted; n: number } | { what: 'spread' };

export function advice(found: Load): Advice {
  if (found.total === 0 && found.stale.length === 0) return { what: 'none' };
  const [chatter] = found.chattering;
  const [rule] = found.rules;
  const over = verdicts.perDay(found) !== 'good' || verdicts.perInterval(found) !== 'good' || verdicts.peak(found) !== 'good';
  if (chatter) return { what: 'chatter', alarm: chatter };
  // Few rules commonly make most of the alarms: where one does, it is mended first.
  if (over && rule && rule.share >= 0.2) return { what: 'rule', rule };
  if (over) return { what: 'spread' };
  const [oldest] = found.stale;
  return oldest ? { what: 'stale', alarm: oldest, n: found.stale.length } : { what: 'calm' };
}
