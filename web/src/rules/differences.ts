// Two versions of a rule, field by field.

import { humanise, t, word, type Key } from '../lib/i18n/index.svelte';
import type { DetectorName, Rule } from '../lib/wire';
import { fieldsOf } from './detectors';
import { detectorOf } from './form';

export interface Difference { path: string; before: string | null; after: string | null }

/** What says which version it is, and not what it does. */
const aside = new Set(['id', 'version', 'author', 'reason']);

/** Every field as a text by its path; lists of words are one field, lists of parts are followed into their parts. */
function flatten(value: unknown, path: string, into: Map<string, string>): void {
  if (value === null || value === undefined || value === '') return;
  if (Array.isArray(value)) {
    if (value.length === 0) return;
    if (value.every((item) => typeof item !== 'object')) into.set(path, value.join(', '));
    else value.forEach((item, index) => flatten(item, `${path}[${index}]`, into));
  } else if (typeof value === 'object') {
    for (const [name, item] of Object.entries(value)) flatten(item, path ? `${path}.${name}` : name, into);
  } else into.set(path, String(value));
}

function fields(rule: Rule): Map<string, string> {
  const into = new Map<string, string>([['detector', detectorOf(rule)]]);
  for (const [name, value] of Object.entries(rule)) if (!aside.has(name)) flatten(value, name, into);
  return into;
}

/** What differs, in the order of the fields; null where a side has nothing. */
export function differences(before: Rule, after: Rule): Difference[] {
  const [one, other] = [fields(before), fields(after)];
  const paths = [...new Set([...one.keys(), ...other.keys()])];
  return paths.filter((path) => one.get(path) !== other.get(path)).map((path) => ({ path, before: one.get(path) ?? null, after: other.get(path) ?? null }));
}

const labels: Record<string, Key> = {
  name: 'field.name', description: 'field.description', enabled: 'rule.enabled', stage: 'stage.title', agency: 'field.agency', kinds: 'rule.kinds', unit: 'rule.unit', lateness_s: 'rule.lateness',
  when: 'rule.when', key: 'rule.key', detector: 'rule.detector', cooldown_s: 'rule.cooldown', 'alarm.title': 'rule.alarm.title', 'alarm.severity': 'field.severity', 'alarm.urgency': 'rule.urgency', 'alarm.certainty': 'rule.certainty',
  'incident.incident_type': 'filter.type', 'incident.priority': 'incident.priority', 'incident.playbook': 'open.playbook', 'incident.radius_m': 'rule.join.radius', 'incident.window_s': 'rule.join.window', 'incident.title': 'rule.incident.title',
};

/** The label of a field as the form shows it; a part of a pattern is told by its number. */
export function labelOf(path: string): string {
  const known = labels[path] ?? labels[path.replace(/\[\d+\]$/, '')];
  if (known) return t(known);
  const [, detector = '', rest = ''] = /^detector\.(\w+)\.(.+)$/.exec(path) ?? [];
  const spec = fieldsOf[detector as DetectorName]?.find((held) => rest === held.field || rest.startsWith(`${held.field}[`) || rest.startsWith(`${held.field}.`));
  if (!spec) return humanise(path);
  const [, part = '', within = ''] = /^\w+(?:\[(\d+)\])?(?:\.(\w+))?$/.exec(rest) ?? [];
  const number = part === '' ? '' : ` ${Number(part) + 1}`;
  const inner = within === 'when' ? t('rule.when') : within === 'kinds' ? t('rule.kinds.short') : '';
  return `${word('detector', detector)}: ${t(spec.label)}${number}${inner ? `, ${inner}` : ''}`;
}

/** A value as the form words it. */
export function shown(path: string, value: string | null): string {
  if (value === null) return '–';
  const groups: Record<string, string> = { detector: 'detector', stage: 'stage', key: 'key', 'alarm.severity': 'severity', 'alarm.urgency': 'urgency', 'alarm.certainty': 'certainty' };
  const group = groups[path];
  return group ? word(group, value) : value;
}
