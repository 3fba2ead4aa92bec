// What an operator does to an incident. Every command answers with the incident as it is now.
//
// No version is sent along: an incident that gains alarms changes many times a minute, and none of that may refuse a note
// or an acknowledgement. What must not happen twice or too late is refused by the incident's own states.

import { command } from '../lib/api';
import type { Incident, IncidentState, Priority } from '../lib/wire';
import { live } from '../live/city.svelte';

async function order(incident: Incident, path: string, body: unknown): Promise<Incident> {
  const changed = await command<Incident>(`/incidents/${encodeURIComponent(incident.id)}/${path}`, body);
  live.live.put('incidents', changed);
  return changed;
}

export const setState = (incident: Incident, to: IncidentState, reason?: string) => order(incident, 'state', reason ? { to, reason } : { to });
export const setPriority = (incident: Incident, priority: Priority) => order(incident, 'priority', { priority });
export const addNote = (incident: Incident, text: string) => order(incident, 'notes', { text });
export const merge = (into: Incident, from: string) => order(into, 'merge', { from });
export const split = (incident: Incident, alarms: string[], title: string) => order(incident, 'split', title ? { alarms, title } : { alarms });
export const startPlaybook = (incident: Incident, playbook: string) => order(incident, 'playbook', { playbook });
export const finishTask = (incident: Incident, task: string, outcome: 'done' | 'skipped' | 'retry', text?: string) =>
  order(incident, `tasks/${encodeURIComponent(task)}`, text ? { outcome, text } : { outcome });

export async function open(body: { title: string; incident_type: string; priority: Priority; severity: string; playbook?: string; reality?: string }): Promise<Incident> {
  const incident = await command<Incident>('/incidents', body);
  live.live.put('incidents', incident);
  return incident;
}
