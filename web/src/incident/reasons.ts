// Why an alarm joined an incident, from its history: the score stands in front of the words (docs/correlation.md).

import type { Incident } from '../lib/wire';

/** `score` from 0 to 1; null where none was reckoned, as for the first alarm. */
export interface Reason { score: number | null; text: string }

export function reason(why: string): Reason {
  const found = /^score (\d+(?:\.\d+)?): (.*)$/s.exec(why);
  return found ? { score: Number(found[1]), text: found[2] ?? '' } : { score: null, text: why };
}

/** Why each alarm is here, by its id: what was said last, since an alarm may leave and come back. */
export function reasons(incident: Incident): Map<string, Reason> {
  const found = new Map<string, Reason>();
  for (const { event } of incident.timeline) if (typeof event !== 'string' && 'alarm_joined' in event) found.set(event.alarm_joined.alarm, reason(event.alarm_joined.why));
  return found;
}

/** Alarms as a chain, each after those that brought it about; the order of the links stays. */
export function chain(incident: Pick<Incident, 'links'>): { id: string; before: string[] }[] {
  const before = new Map<string, string[]>();
  for (const { cause, effect } of incident.links) {
    if (!before.has(cause)) before.set(cause, []);
    before.set(effect, [...(before.get(effect) ?? []), cause]);
  }
  return [...before].map(([id, causes]) => ({ id, before: causes }));
}
