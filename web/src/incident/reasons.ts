// Why an alarm joined an incident, from its history: the score stands in front of the words (docs/correlation.md).

import { said } from '../lib/said';
import type { Alarm, Incident } from '../lib/wire';

/** `score` from 0 to 1; null where none was reckoned, as for the first alarm. `rule`: the correlation rule that gave it. */
export interface Reason { score: number | null; text: string; rule?: string }

export function reason(why: string): Reason {
  const found = /^score (\d+(?:\.\d+)?): (.*?)(?:; rule `([^`]+)`)?$/s.exec(why);
  if (!found) return { score: null, text: said(why) };
  return { score: Number(found[1]), text: said(found[2] ?? ''), ...(found[3] ? { rule: found[3] } : {}) };
}

/** A reason as one line, with the rule by its name. */
export function inOneLine(why: string, nameOf: (rule: string) => string): string {
  const found = reason(why);
  return found.rule ? `${found.text} · ${nameOf(found.rule)}` : found.text;
}

/** Alarms of one rule and key, one after the other: the latest, and those before it with the newest first. */
export interface Repeated<A> { latest: A; earlier: A[] }

/** The same condition raises an alarm again and again: it is one line. The groups stand as their first alarms did. */
export function repeated<A extends Pick<Alarm, 'rule' | 'key' | 'raised'>>(alarms: readonly A[]): Repeated<A>[] {
  const groups = new Map<string, A[]>();
  for (const alarm of alarms) {
    const of = `${alarm.rule}\n${alarm.key}`;
    groups.set(of, [...(groups.get(of) ?? []), alarm]);
  }
  return [...groups.values()].map((group) => {
    const [latest, ...earlier] = [...group].sort((a, b) => Date.parse(b.raised) - Date.parse(a.raised));
    return { latest: latest as A, earlier };
  });
}

/** Why each alarm is here, by its id: what was said last, since an alarm may leave and come back. */
export function reasons(incident: Incident): Map<string, Reason> {
  const found = new Map<string, Reason>();
  for (const { event } of incident.timeline) if (typeof event !== 'string' && 'alarm_joined' in event) found.set(event.alarm_joined.alarm, reason(event.alarm_joined.why));
  return found;
}

/** Links between groups rather than single alarms: each pair once, by its best score, with the number of links behind it. */
export function linksOfGroups(links: Incident['links'], groups: readonly Repeated<Pick<Alarm, 'id'>>[]): (Incident['links'][number] & { times: number })[] {
  const groupOf = new Map(groups.flatMap(({ latest, earlier }) => [latest, ...earlier].map(({ id }) => [id, latest.id] as const)));
  const found = new Map<string, Incident['links'][number] & { times: number }>();
  for (const link of links) {
    const [cause, effect] = [groupOf.get(link.cause) ?? link.cause, groupOf.get(link.effect) ?? link.effect];
    if (cause === effect) continue;
    const held = found.get(`${cause}\n${effect}`);
    const best = held && held.score >= link.score ? held : link;
    found.set(`${cause}\n${effect}`, { ...best, cause, effect, times: (held?.times ?? 0) + 1 });
  }
  return [...found.values()];
}

/** A reason beside its cause need not name the cause again. */
export const withoutCause = (text: string): string => text.replace(/^effect of ".*", (?=\d)/, '');

/** Alarms as a chain, each after those that brought it about; the order of the links stays. */
export function chain(incident: Pick<Incident, 'links'>): { id: string; before: string[] }[] {
  const before = new Map<string, string[]>();
  for (const { cause, effect } of incident.links) {
    if (!before.has(cause)) before.set(cause, []);
    before.set(effect, [...(before.get(effect) ?? []), cause]);
  }
  return [...before].map(([id, causes]) => ({ id, before: causes }));
}
