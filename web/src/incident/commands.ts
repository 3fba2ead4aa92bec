// What an operator does to an incident. Every command answers with the incident as it is now.
//
// No version is sent along: an incident that gains alarms changes many times a minute, and none of that may refuse a note
// or an acknowledgement. What must not happen twice or too late is refused by the incident's own states.

import { command } from '../lib/api';
import type { CallerRole, Geometry, Incident, IncidentState, Priority, RelationWord, Verdict } from '../lib/wire';
import { live } from '../live/city.svelte';

async function order(incident: Incident, path: string, body: unknown): Promise<Incident> {
  const changed = await command<Incident>(`/incidents/${encodeURIComponent(incident.id)}/${path}`, body);
  live.live.put('incidents', changed);
  return changed;
}

export const setState = (incident: Incident, to: IncidentState, reason?: string) => order(incident, 'state', reason ? { to, reason } : { to });
export const assess = (incident: Incident, verdict: Verdict) => order(incident, 'verdict', { verdict });
export const setPriority = (incident: Incident, priority: Priority) => order(incident, 'priority', { priority });
export const addNote = (incident: Incident, text: string) => order(incident, 'notes', { text });
export const merge = (into: Incident, from: string) => order(into, 'merge', { from });
export const handOver = (incident: Incident, to: string, reason: string) => order(incident, 'lead', { to, reason });
export const split = (incident: Incident, alarms: string[], title: string) => order(incident, 'split', title ? { alarms, title } : { alarms });
export const startPlaybook = (incident: Incident, playbook: string) => order(incident, 'playbook', { playbook });
export const finishTask = (incident: Incident, task: string, outcome: 'done' | 'skipped' | 'retry', text?: string) =>
  order(incident, `tasks/${encodeURIComponent(task)}`, text ? { outcome, text } : { outcome });

export async function open(body: { title: string; incident_type: string; priority: Priority; severity: string; playbook?: string; reality?: string }): Promise<Incident> {
  const incident = await command<Incident>('/incidents', body);
  live.live.put('incidents', incident);
  return incident;
}

const task = (id: string) => `tasks/${encodeURIComponent(id)}`;
export const approveTask = (incident: Incident, id: string) => order(incident, `${task(id)}/approvals`, {});
export const answerTask = (incident: Incident, id: string, answer: string) => order(incident, `${task(id)}/answer`, { answer });
export const abortPlaybook = (incident: Incident, reason: string) => order(incident, 'playbook/abort', { reason });
export const say = (incident: Incident, room: string, text: string) => order(incident, `rooms/${encodeURIComponent(room)}/messages`, { text });
export const detach = (incident: Incident, alarm: string) => order(incident, 'detach', { alarm });
export const addCall = (incident: Incident, text: string, role: CallerRole, place: Geometry | null) => order(incident, 'calls', { text, role, ...(place ? { place } : {}) });
/** The call has an incident of its own then, which is answered; the one it leaves is told of by the live picture. */
export const detachCall = (incident: Incident, call: string) => order(incident, `calls/${encodeURIComponent(call)}/detach`, {});
export const relate = (incident: Incident, to: string, relation: RelationWord, reason: string) => order(incident, 'link', { to, relation, reason });
export const unrelate = (incident: Incident, from: string, reason: string) => order(incident, 'unlink', { from, reason });
