// What a scenario plays: the form of a scenario file, and what pages say of its entries and targets.

import type { Position, Priority, Severity } from '../lib/wire';

export type ScenarioValue = { Number: number } | { Boolean: boolean } | { Text: string };
export type ScenarioFault = { silent: { from_s: number } } | { stuck: { from_s: number } };
export interface ScenarioReading {
  kind: string; source?: string | null; asset?: string | null; place?: Position | { lon: number; lat: number } | null; value: ScenarioValue;
  attributes?: Record<string, string>; every_s?: number | null; until_s?: number | null; rise_per_s?: number | null; fault?: ScenarioFault | null;
}
export interface ScenarioCall { title: string; incident_type: string; priority: Priority; severity: Severity; playbook?: string | null }
export interface ScenarioEntry { after_s: number; reading?: ScenarioReading | null; call?: ScenarioCall | null }
export type ScenarioTarget =
  | { opened: { incident_type: string; within_s: number } }
  | { acknowledged: { incident_type: string; within_s: number } }
  | { done: { playbook: string; task: string; within_s: number } };
export interface Scenario { id: string; name: string; description: string; source: string; timeline: ScenarioEntry[]; targets: ScenarioTarget[] }

/** When an entry is over, in seconds after the beginning. */
export const endOf = (entry: ScenarioEntry): number => entry.reading?.until_s ?? entry.after_s;

export const lengthOf = (scenario: Scenario): number => Math.max(0, ...scenario.timeline.map(endOf));

/** From when a series is at fault, and how; null for none. */
export function faultOf(entry: ScenarioEntry): { sort: 'silent' | 'stuck'; from: number } | null {
  const fault = entry.reading?.fault;
  if (!fault) return null;
  return 'silent' in fault ? { sort: 'silent', from: fault.silent.from_s } : { sort: 'stuck', from: fault.stuck.from_s };
}

/** Entries in the order in which they begin. */
export const inOrder = (scenario: Scenario): ScenarioEntry[] => [...scenario.timeline].sort((a, b) => a.after_s - b.after_s);

export type Phase = 'past' | 'now' | 'next' | 'coming';
/** An entry that happens at once counts as present for this long, so that a director sees it pass. */
const MOMENT_S = 5;

/** Where each entry of a timeline in order stands `s` seconds after the beginning; the first of those to come is next. */
export function phases(entries: readonly ScenarioEntry[], s: number): Phase[] {
  let next = false;
  return entries.map((entry) => {
    if (s >= entry.after_s) return s < Math.max(endOf(entry), entry.after_s + MOMENT_S) ? 'now' : 'past';
    if (next) return 'coming';
    next = true;
    return 'next';
  });
}

/** The part of a line around a column (from 1), and under it the mark of the column. */
export function excerpt(line: string, column: number): { text: string; mark: string } {
  const from = Math.max(0, column - 1 - 30);
  return { text: line.slice(from, from + 60), mark: `${' '.repeat(Math.max(0, column - 1 - from))}^` };
}

export function valueOf(value: ScenarioValue): number | boolean | string {
  return 'Number' in value ? value.Number : 'Boolean' in value ? value.Boolean : value.Text;
}

export const sortOf = (target: ScenarioTarget): 'opened' | 'acknowledged' | 'done' => ('opened' in target ? 'opened' : 'acknowledged' in target ? 'acknowledged' : 'done');
export const within = (target: ScenarioTarget): number => ('opened' in target ? target.opened : 'acknowledged' in target ? target.acknowledged : target.done).within_s;
