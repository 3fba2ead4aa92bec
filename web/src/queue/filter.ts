// What the queue and the map both show: one function decides, so that they cannot differ.

import { anchor, inside } from '../lib/geo';
import type { Alarm, Geometry, Incident, IncidentState, Observation, Priority, Severity, Zone } from '../lib/wire';

type Origin = Observation['origin'];

/** One line of the queue and one mark on the map: an incident, or an alarm that opened none. */
export interface Entry {
  id: string; sort: 'incident' | 'alarm'; number: number | null; title: string; type: string; severity: Severity;
  priority: Priority | null; state: IncidentState | 'active' | 'cleared'; place: Geometry | null; at: number; changed: number;
  reality: Incident['reality']; alarms: number; tasksDone: number; tasks: number; origin: Origin; search: string;
}

export const realities = ['both', 'city', 'exercise'] as const;
export type Played = (typeof realities)[number];
export const isPlayed = (entry: { reality: Incident['reality'] }): boolean => entry.reality !== 'actual';

export interface Filter {
  /** Only what changed in the last so many minutes; 0 for any time. */
  minutes: number;
  priorities: Priority[];
  states: string[];
  type: string;
  zone: string;
  text: string;
  /** The real city, what is played beside it, or both: those of the city first. */
  reality: Played;
}

/** What the picture of a moment can hold, and so the queue: incidents that are closed or merged have a page of their own. */
export const pictureStates = ['new', 'acknowledged', 'in_progress', 'reopened', 'resolved', 'active'];
/** Alarms without an incident that are over: they are held only where they ended while the window looked on. */
export const OVER = 'cleared';
/** So long a resolved incident stays in the picture, as the server decides. */
const AFTERGLOW_MS = 3_600_000;

/** Open ones by default: what still needs somebody. */
export const openStates = ['new', 'acknowledged', 'in_progress', 'reopened', 'active'];
export const noFilter: Filter = { minutes: 0, priorities: [], states: openStates, type: '', zone: '', text: '', reality: 'both' };

export function isFiltered(filter: Filter): boolean {
  return filter.minutes > 0 || filter.priorities.length > 0 || filter.type !== '' || filter.zone !== '' || filter.text !== '' || filter.reality !== 'both' || filter.states.join() !== openStates.join();
}

/** What is not of this city and this hour says so: the first origin among the causes that is not live. */
export function originOf(alarms: readonly Alarm[]): Origin {
  return alarms.flatMap((alarm) => alarm.causes.map((cause) => cause.origin)).find((origin) => origin !== 'live') ?? 'live';
}

export function incidentEntry(incident: Incident, alarms: ReadonlyMap<string, Alarm>): Entry {
  const origin = originOf(incident.alarms.flatMap((id) => alarms.get(id) ?? []));
  return {
    id: incident.id, sort: 'incident', number: incident.number, title: incident.title, type: incident.incident_type,
    severity: incident.severity, priority: incident.priority, state: incident.state, place: incident.place ?? null,
    at: Date.parse(incident.opened), changed: Date.parse(incident.changed), reality: incident.reality,
    alarms: incident.alarms.length, tasks: incident.tasks.length,
    tasksDone: incident.tasks.filter((task) => task.state === 'done' || task.state === 'skipped').length, origin,
    search: `${incident.number} ${incident.title} ${incident.incident_type} ${incident.assets.join(' ')}`.toLowerCase(),
  };
}

export function alarmEntry(alarm: Alarm): Entry {
  return {
    id: alarm.id, sort: 'alarm', number: null, title: alarm.title, type: alarm.rule, severity: alarm.severity, priority: null,
    state: alarm.state, place: alarm.place ?? null, at: Date.parse(alarm.raised), changed: Date.parse(alarm.cleared ?? alarm.raised),
    reality: alarm.reality, alarms: 1, tasks: 0, tasksDone: 0, origin: originOf([alarm]),
    search: `${alarm.title} ${alarm.reason} ${alarm.rule} ${alarm.asset ?? ''}`.toLowerCase(),
  };
}

/** Whether the picture of a moment holds it: a window that has been open for days shows what a fresh one does. */
function pictured(incident: Incident, now: number): boolean {
  if (incident.state === 'resolved') return Date.parse(incident.changed) >= now - AFTERGLOW_MS;
  return pictureStates.includes(incident.state);
}

export function matches(entry: Entry, filter: Filter, now: number, zones: ReadonlyMap<string, Zone>): boolean {
  if (filter.reality !== 'both' && isPlayed(entry) !== (filter.reality === 'exercise')) return false;
  if (filter.minutes > 0 && entry.changed < now - filter.minutes * 60_000) return false;
  if (filter.priorities.length > 0 && (entry.priority === null || !filter.priorities.includes(entry.priority))) return false;
  if (filter.states.length > 0 && !filter.states.includes(entry.state)) return false;
  if (filter.type && entry.type !== filter.type) return false;
  if (filter.zone) {
    const zone = zones.get(filter.zone);
    const point = anchor(entry.place);
    if (!zone || !point || !inside(point, zone.area)) return false;
  }
  return filter.text.toLowerCase().split(/\s+/).filter(Boolean).every((part) => entry.search.includes(part.replace(/^#/, '')));
}

const severities: Severity[] = ['extreme', 'severe', 'moderate', 'minor', 'unknown'];

/** The city before what is played. Then the most urgent first: priority, then what nobody has seen, then severity, then the newest. */
export function compare(a: Entry, b: Entry): number {
  return (
    Number(isPlayed(a)) - Number(isPlayed(b)) ||
    (a.priority ?? 'p5').localeCompare(b.priority ?? 'p5') ||
    Number(b.state === 'new') - Number(a.state === 'new') ||
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    b.at - a.at
  );
}

export interface Held { incidents: ReadonlyMap<string, Incident>; alarms: ReadonlyMap<string, Alarm>; zones: ReadonlyMap<string, Zone> }

/** The set that the queue lists and the map draws. */
export function select(held: Held, filter: Filter, now: number): Entry[] {
  const entries: Entry[] = [];
  for (const incident of held.incidents.values()) if (pictured(incident, now)) entries.push(incidentEntry(incident, held.alarms));
  for (const alarm of held.alarms.values()) if (!alarm.incident) entries.push(alarmEntry(alarm));
  return entries.filter((entry) => matches(entry, filter, now, held.zones)).sort(compare);
}
