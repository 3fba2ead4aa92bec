// A rule as the form holds it: every detector has its fields, so that switching back and forth loses nothing; only the
// chosen one is sent.

import type { Detector, DetectorName, DetectorOf, IncidentTemplate, Rule } from '../lib/wire';

export const detectors: readonly DetectorName[] = ['threshold', 'rate_of_change', 'silent', 'geofence', 'count', 'condition'];

export interface RuleForm {
  id: string; name: string; description: string; enabled: boolean; agency: string; kinds: string[]; when: string; key: Rule['key'];
  detector: DetectorName; fields: { [K in DetectorName]: DetectorOf<K> };
  alarmTitle: string; severity: Rule['alarm']['severity']; cooldown_s: number; opens: boolean; incident: IncidentTemplate;
}

const blankFields = (): RuleForm['fields'] => ({
  threshold: { above: null, below: null, clear: null, for_s: 60, clear_for_s: 60 },
  rate_of_change: { per_s: 60, above: null, below: null, clear_for_s: 0 },
  silent: { after_s: 600 },
  geofence: { zones: [], on: 'enter' },
  count: { window_s: 600, at_least: 3, distinct: null, radius_m: null },
  condition: { expression: '', for_s: 0, clear_for_s: 0 },
});

const blankIncident = (): IncidentTemplate => ({ incident_type: '', priority: 'p3', playbook: null, radius_m: 500, window_s: 1800, title: null });

export function blank(agency: string): RuleForm {
  return {
    id: '', name: '', description: '', enabled: true, agency, kinds: [], when: '', key: 'asset', detector: 'threshold', fields: blankFields(),
    alarmTitle: '', severity: 'moderate', cooldown_s: 300, opens: false, incident: blankIncident(),
  };
}

export function fromRule(rule: Rule): RuleForm {
  const detector = detectors.find((name) => rule.detector[name]) ?? 'threshold';
  return {
    ...blank(rule.agency),
    id: rule.id, name: rule.name, description: rule.description, enabled: rule.enabled, kinds: [...rule.kinds], when: rule.when ?? '', key: rule.key,
    detector, fields: { ...blankFields(), [detector]: { ...blankFields()[detector], ...rule.detector[detector] } },
    alarmTitle: rule.alarm.title, severity: rule.alarm.severity, cooldown_s: rule.cooldown_s,
    opens: Boolean(rule.incident), incident: { ...blankIncident(), ...rule.incident },
  };
}

/** Letters, digits and hyphens, from a name. */
export function slug(name: string): string {
  return name.toLowerCase().normalize('NFKD').replaceAll(/[̀-ͯ]/g, '').replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '').slice(0, 60);
}

export function toRule(form: RuleForm, version: number): Rule {
  return {
    id: form.id || slug(form.name), name: form.name.trim(), description: form.description.trim(), enabled: form.enabled, version, agency: form.agency,
    author: null, kinds: form.kinds, when: form.when.trim() || null, key: form.key, detector: { [form.detector]: plain(form.fields[form.detector]) } as Detector,
    alarm: { title: form.alarmTitle.trim(), severity: form.severity }, cooldown_s: form.cooldown_s,
    incident: form.opens ? { ...form.incident, playbook: form.incident.playbook || null, title: form.incident.title || null } : null,
  };
}

/** A plain copy, without the proxies of the form. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
