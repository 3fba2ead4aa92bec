// A rule as the form holds it: every detector has its fields, so that switching back and forth loses nothing; only the
// chosen one is sent.

import type { Detector, DetectorName, DetectorOf, IncidentTemplate, Part, Rule } from '../lib/wire';

export const detectors: readonly DetectorName[] = [
  'threshold', 'out_of_range', 'rate_of_change', 'change_point', 'silent', 'flat_line', 'drift', 'baseline', 'forecast', 'anomaly', 'geofence', 'count',
  'sequence', 'absence', 'cooccurrence', 'condition',
];

export interface RuleForm {
  id: string; name: string; description: string; enabled: boolean; stage: Rule['stage']; agency: string; kinds: string[]; unit: string; lateness_s: number; when: string; key: Rule['key'];
  detector: DetectorName; fields: { [K in DetectorName]: DetectorOf<K> };
  alarmTitle: string; severity: Rule['alarm']['severity']; urgency: Rule['alarm']['urgency']; certainty: Rule['alarm']['certainty'];
  cooldown_s: number; opens: boolean; incident: IncidentTemplate;
  /** Why the next version is made. */
  reason: string;
}

export const blankPart = (): Part => ({ kinds: [], when: null });

const blankFields = (): RuleForm['fields'] => ({
  threshold: { above: null, below: null, clear: null, for_s: 60, clear_for_s: 60 },
  out_of_range: { for_s: 0, clear_for_s: 0 },
  rate_of_change: { per_s: 60, above: null, below: null, clear_for_s: 0 },
  change_point: { shift_sigmas: null, limit_sigmas: null, side: 'both', clear_for_s: 3600 },
  silent: { after_s: 600 },
  flat_line: { for_s: 3600, tolerance: 0 },
  drift: { within_m: 2000, fresh_s: 3600, neighbours: null, sigmas: null, at_least: 0, learning: null },
  baseline: { season: 'week', sigmas: null, learning: null, side: 'both', for_s: 0, clear_for_s: 0 },
  forecast: { season: 'week', sigmas: null, learning: null, side: 'both', for_s: 0, clear_for_s: 0 },
  anomaly: { sigmas: null, clear_for_s: 3600 },
  geofence: { zones: [], on: 'enter', for_s: 0 },
  count: { window_s: 600, at_least: 3, distinct: null, radius_m: null },
  sequence: { parts: [blankPart(), blankPart()], within_s: 600, within_m: null },
  absence: { first: blankPart(), then: blankPart(), within_s: 600, within_m: null },
  cooccurrence: { parts: [blankPart(), blankPart()], within_s: 600, within_m: null, at_least: null },
  condition: { expression: '', for_s: 0, clear_for_s: 0 },
});

const blankIncident = (): IncidentTemplate => ({ incident_type: '', priority: 'p3', playbook: null, radius_m: 500, window_s: 1800, title: null });

/** A new rule begins silent: nobody is troubled before somebody has looked at what it finds. */
export function blank(agency: string): RuleForm {
  return {
    id: '', name: '', description: '', enabled: true, stage: 'silent', agency, kinds: [], unit: '', lateness_s: 0, when: '', key: 'asset', detector: 'threshold', fields: blankFields(),
    alarmTitle: '{asset}: {value} {unit}', severity: 'moderate', urgency: 'unknown', certainty: 'unknown', cooldown_s: 300, opens: false, incident: blankIncident(), reason: '',
  };
}

export function detectorOf(rule: Pick<Rule, 'detector'>): DetectorName {
  return detectors.find((name) => rule.detector[name]) ?? 'threshold';
}

export function fromRule(rule: Rule): RuleForm {
  const detector = detectorOf(rule);
  return {
    ...blank(rule.agency),
    id: rule.id, name: rule.name, description: rule.description, enabled: rule.enabled, stage: rule.stage, kinds: [...rule.kinds], unit: rule.unit ?? '', lateness_s: rule.lateness_s, when: rule.when ?? '', key: rule.key,
    detector, fields: { ...blankFields(), [detector]: { ...blankFields()[detector], ...plain(rule.detector[detector]) } },
    alarmTitle: rule.alarm.title, severity: rule.alarm.severity, urgency: rule.alarm.urgency, certainty: rule.alarm.certainty, cooldown_s: rule.cooldown_s,
    opens: Boolean(rule.incident), incident: { ...blankIncident(), ...rule.incident },
  };
}

/** Letters, digits and hyphens, from a name. */
export function slug(name: string): string {
  return name.toLowerCase().normalize('NFKD').replaceAll(/[̀-ͯ]/g, '').replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '').slice(0, 60);
}

export function toRule(form: RuleForm, version: number): Rule {
  return {
    id: form.id || slug(form.name), name: form.name.trim(), description: form.description.trim(), enabled: form.enabled, stage: form.stage, version, agency: form.agency,
    author: null, reason: form.reason.trim(), kinds: [...form.kinds], unit: form.unit.trim() || null, lateness_s: form.lateness_s, when: form.when.trim() || null, key: form.key,
    detector: { [form.detector]: plain(form.fields[form.detector]) } as Detector,
    alarm: { title: form.alarmTitle.trim(), severity: form.severity, urgency: form.urgency, certainty: form.certainty }, cooldown_s: form.cooldown_s,
    incident: form.opens ? { ...plain(form.incident), playbook: form.incident.playbook || null, title: form.incident.title || null } : null,
  };
}

/** A plain copy, without the proxies of the form. */
function plain<T>(value: T): T {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T);
}
