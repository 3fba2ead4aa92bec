// What an incident turned out to be, and who said so last.

import type { Incident, Verdict } from '../lib/wire';

export const verdicts: readonly Verdict[] = ['genuine', 'false_alarm'];

/** `by` is null where the platform said it itself, `name` also where the account is gone. */
export interface Said { verdict: Verdict; at: string; by: string | null; name: string | null; reason: string | null }

/** The latest entry that says it as it stands; null where the history does not tell, as after a merge. */
export function saidBy(incident: Pick<Incident, 'verdict' | 'timeline'>): Said | null {
  for (const { at, by, by_name, event } of [...incident.timeline].reverse()) {
    if (typeof event === 'string' || !('assessed' in event)) continue;
    const { verdict, reason } = event.assessed;
    return verdict === incident.verdict ? { verdict, at, by: by ?? null, name: by_name ?? null, reason: reason ?? null } : null;
  }
  return null;
}

/** Shown once the incident is over or somebody has said it: before, there is nothing to judge. */
export function asksVerdict(incident: Pick<Incident, 'verdict' | 'state'>): boolean {
  return Boolean(incident.verdict) || incident.state === 'resolved' || incident.state === 'closed';
}
