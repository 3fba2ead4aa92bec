// Where the targets of an exercise under way stand, from its incidents as they change. The debrief of the server is what counts in
// the end; it decides the same (crates/engine/src/exercise/targets.rs).

import type { Incident } from '../lib/wire';
import { sortOf, within, type ScenarioTarget } from './scenario';

export type Outcome = 'met' | 'missed' | 'running' | 'waiting';
/** `took` and `left` are seconds; `left` is below zero by how much it is late, and null before the clock runs. */
export interface Standing { target: ScenarioTarget; outcome: Outcome; took: number | null; left: number | null; incident: Incident | null }

const seconds = (from: number, to: number | string) => ((typeof to === 'string' ? Date.parse(to) : to) - from) / 1000;
const handled: readonly string[] = ['acknowledged', 'in_progress', 'resolved'];

/** Incidents of one exercise, in the order of their numbers. */
export function incidentsOf(exercise: { started: string; ended?: string | null }, all: Iterable<Incident>): Incident[] {
  const [from, to] = [Date.parse(exercise.started), exercise.ended ? Date.parse(exercise.ended) : Infinity];
  const of = [...all].filter((incident) => incident.reality === 'exercise' && Date.parse(incident.opened) >= from && Date.parse(incident.opened) <= to);
  return of.sort((a, b) => a.number - b.number);
}

const earliest = (moments: readonly (string | null)[]) => moments.reduce((best, at) => (at !== null && (best === null || Date.parse(at) < Date.parse(best)) ? at : best), null);
const latest = (one: string, other: string) => (Date.parse(one) < Date.parse(other) ? other : one);

/** When an incident was acknowledged first: itself, or what it was merged into, whatever the type of that, from the merge on. */
function acknowledgedAt(incident: Incident, all: readonly Incident[]): string | null {
  let [held, since] = [incident, incident.opened];
  for (const _ of all) {
    const own = held.timeline.find(({ event }) => typeof event !== 'string' && 'state' in event && handled.includes(event.state.to));
    if (own) return latest(own.at, since);
    const merge = held.timeline.find(({ event }) => typeof event !== 'string' && 'merged_into' in event);
    const into = all.find(({ id }) => id === held.merged_into);
    if (!merge || !into) return null;
    [held, since] = [into, merge.at];
  }
  return null;
}

function doneAt(incident: Incident, title: string): string | null {
  const over: readonly string[] = ['done', 'compensating', 'compensated'];
  return earliest(incident.tasks.filter((task) => task.title === title && !task.compensates && !task.escalates && over.includes(task.state)).map(({ ended }) => ended ?? null));
}

/** From when a target is counted, when it was reached, and the incident that it is about: the one in which it was reached, or
 *  the first. The clock begins with the first incident that matches; what is done in any of them counts, the earliest. */
function course(target: ScenarioTarget, started: number, incidents: readonly Incident[]): { from: number | null; at: string | null; incident: Incident | null } {
  if ('opened' in target) {
    const incident = incidents.find((held) => held.incident_type === target.opened.incident_type) ?? null;
    return { from: started, at: incident?.opened ?? null, incident };
  }
  const matching = 'acknowledged' in target ? incidents.filter((held) => held.incident_type === target.acknowledged.incident_type) : incidents.filter((held) => held.playbook === target.done.playbook);
  const [first] = matching;
  if (!first) return { from: null, at: null, incident: null };
  const reached = matching.map((held) => ('acknowledged' in target ? acknowledgedAt(held, incidents) : doneAt(held, target.done.task)));
  const at = earliest(reached);
  return { from: Date.parse(first.opened), at, incident: (at === null ? null : matching[reached.indexOf(at)]) ?? first };
}

export function standing(target: ScenarioTarget, started: string, incidents: readonly Incident[], now: number): Standing {
  const { from, at, incident } = course(target, Date.parse(started), incidents);
  if (from === null) return { target, outcome: 'waiting', took: null, left: null, incident };
  const took = at === null ? null : seconds(from, at);
  const left = within(target) - (took ?? seconds(from, now));
  const outcome = took === null ? (left > 0 ? 'running' : 'missed') : left < 0 ? 'missed' : 'met';
  return { target, outcome, took, left, incident };
}

/** The target as a sentence, by the key of its text and what fills it. */
export function said(target: ScenarioTarget): { key: `target.${'opened' | 'acknowledged' | 'done'}`; type: string; task: string } {
  const sort = sortOf(target);
  return { key: `target.${sort}`, type: 'opened' in target ? target.opened.incident_type : 'acknowledged' in target ? target.acknowledged.incident_type : '', task: 'done' in target ? target.done.task : '' };
}
