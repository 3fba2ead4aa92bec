// The list of all incidents of the city: what is asked of the server, and what happened since then taken into it.

import type { Incident, IncidentState } from '../lib/wire';

export const incidentStates: readonly IncidentState[] = ['new', 'acknowledged', 'in_progress', 'reopened', 'resolved', 'closed', 'merged'];
const PAGE = '100';

export interface Wanted {
  /** None: any. */
  states: IncidentState[];
  text: string;
  /** Opened at or after, and before: as a field of type datetime-local gives them, empty for any time. */
  from: string;
  to: string;
}

export function isNarrowed(wanted: Wanted): boolean {
  return wanted.states.length > 0 || wanted.text.trim() !== '' || wanted.from !== '' || wanted.to !== '';
}

/** The query of one page; the first one without a cursor. */
export function query(wanted: Wanted, cursor: string | null): string {
  const parts = new URLSearchParams({ limit: PAGE, reality: 'actual,exercise,test' });
  if (wanted.states.length > 0) parts.set('state', wanted.states.join());
  if (wanted.text.trim()) parts.set('q', wanted.text.trim());
  if (wanted.from) parts.set('from', new Date(wanted.from).toISOString());
  if (wanted.to) parts.set('to', new Date(wanted.to).toISOString());
  if (cursor) parts.set('cursor', cursor);
  return parts.toString();
}

/** As the server decides: the text may stand anywhere in the incident. */
function matches(incident: Incident, wanted: Wanted): boolean {
  const opened = Date.parse(incident.opened);
  if (wanted.states.length > 0 && !wanted.states.includes(incident.state)) return false;
  if (wanted.from && opened < Date.parse(wanted.from)) return false;
  if (wanted.to && opened >= Date.parse(wanted.to)) return false;
  const text = wanted.text.trim().toLowerCase();
  return text === '' || JSON.stringify(incident).toLowerCase().includes(text);
}

const newestFirst = (a: Incident, b: Incident) => Date.parse(b.opened) - Date.parse(a.opened) || b.id.localeCompare(a.id);

/**
 * The list as it is now, newest first: newer versions of what is listed, what came since, without what no longer matches.
 * While there are further pages nothing is put in behind the last one listed: it comes with its page.
 */
export function refreshed(listed: readonly Incident[], live: ReadonlyMap<string, Incident>, wanted: Wanted, complete: boolean): Incident[] {
  const found = new Map(listed.map((incident) => [incident.id, incident]));
  const last = complete ? -Infinity : Date.parse(listed.at(-1)?.opened ?? '');
  for (const incident of live.values()) {
    const known = found.get(incident.id);
    if (known ? incident.version <= known.version : Date.parse(incident.opened) < last) continue;
    if (matches(incident, wanted)) found.set(incident.id, incident);
    else found.delete(incident.id);
  }
  return [...found.values()].sort(newestFirst);
}
