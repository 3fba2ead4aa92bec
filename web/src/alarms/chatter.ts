// Alarms that nobody can act on: those that come again and again, and those that are gone before anybody looked.

import type { Counted } from './load';
import { LIMITS, MINUTE_MS } from './standard';

export interface Chattering { rule: string; ruleName: string; key: string; source: string; title: string; count: number; most: number }

/** The alarms of each rule and key: what the standards call one alarm. */
export function byAlarm(alarms: readonly Counted[]): Map<string, Counted[]> {
  const groups = new Map<string, Counted[]>();
  for (const alarm of alarms) {
    const key = `${alarm.rule}\n${alarm.key}`;
    const held = groups.get(key);
    if (held) held.push(alarm);
    else groups.set(key, [alarm]);
  }
  return groups;
}

/** Of one rule and key, three or more within a minute; `most` is the most in any minute. */
export function chattering(alarms: readonly Counted[]): Chattering[] {
  const found: Chattering[] = [];
  for (const group of byAlarm(alarms).values()) {
    const times = group.map((alarm) => Date.parse(alarm.raised)).sort((a, b) => a - b);
    let [from, most] = [0, 0];
    times.forEach((at, i) => {
      while (at - (times[from] ?? at) >= MINUTE_MS) from += 1;
      most = Math.max(most, i - from + 1);
    });
    const [one] = group;
    if (one && most >= LIMITS.chatter) found.push({ rule: one.rule, ruleName: one.rule_name, key: one.key, source: one.source, title: one.title, count: group.length, most });
  }
  return found.sort((a, b) => b.most - a.most || b.count - a.count || a.key.localeCompare(b.key));
}

/** Alarms that ended within a minute, of those that do not chatter. */
export function fleeting(alarms: readonly Counted[], chatters: readonly Chattering[]): number {
  const known = new Set(chatters.map(({ rule, key }) => `${rule}\n${key}`));
  return alarms.filter((alarm) => alarm.cleared && Date.parse(alarm.cleared) - Date.parse(alarm.raised) < MINUTE_MS && !known.has(`${alarm.rule}\n${alarm.key}`)).length;
}
