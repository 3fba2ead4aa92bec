// A whole rule in one sentence, so that who cannot read the form can still say whether it is what they meant.

import { intlLocale, t, word } from '../lib/i18n/index.svelte';
import { distance, span } from '../lib/show';
import type { DetectorOf, Part } from '../lib/wire';
import type { RuleForm } from './form';

/** How the city calls what a rule names by id; `unit` is that of the rule's figures as people write it. */
export interface Names { kind: (id: string) => string; zone: (id: string) => string; unit: string }

/** A figure as it was written: a limit of 0.035 is not rounded away. */
export function figure(value: number, unit = ''): string {
  const text = new Intl.NumberFormat(intlLocale(), { maximumSignificantDigits: 8 }).format(value);
  return unit ? `${text} ${unit}` : text;
}

const list = (words: string[], or = false) => new Intl.ListFormat(intlLocale(), { type: or ? 'disjunction' : 'conjunction' }).format(words);
const lasting = (seconds: number) => (seconds > 0 ? t('says.for', { span: span(seconds) }) : '');
const near = (metres: number | null) => (metres === null ? '' : t('says.near', { distance: distance(metres) }));
const sided = (side: string) => (side === 'both' ? '' : word('says.side', side));

function part(held: Part, form: RuleForm, names: Names): string {
  const kinds = held.kinds?.length ? held.kinds : form.kinds;
  const what = kinds.length ? list(kinds.map(names.kind), true) : t('says.anything');
  return held.when ? t('says.part', { what, when: held.when }) : what;
}

function limits(above: number | null, below: number | null, names: Names): string {
  const said = [
    ...(above === null ? [] : [t('says.above', { value: figure(above, names.unit) })]),
    ...(below === null ? [] : [t('says.below', { value: figure(below, names.unit) })]),
  ];
  return said.length ? list(said, true) : t('says.unset');
}

function changes(fields: DetectorOf<'rate_of_change'>, names: Names): string {
  const up = (value: number) => t(value < 0 ? 'says.falls_less' : 'says.rises', { value: figure(Math.abs(value), names.unit) });
  const down = (value: number) => t(value > 0 ? 'says.rises_less' : 'says.falls', { value: figure(Math.abs(value), names.unit) });
  const said = [...(fields.above === null ? [] : [up(fields.above)]), ...(fields.below === null ? [] : [down(fields.below)])];
  return said.length ? list(said, true) : t('says.changes_unset');
}

type Said = { [K in RuleForm['detector']]: (fields: DetectorOf<K>, about: { kinds: string; where: string }, form: RuleForm, names: Names) => string };

const said: Said = {
  threshold: (f, about, _form, names) => t('says.threshold', { ...about, limit: limits(f.above, f.below, names), for: lasting(f.for_s) }),
  out_of_range: (f, about) => t('says.out_of_range', { ...about, for: lasting(f.for_s) }),
  rate_of_change: (f, about, _form, names) => t('says.rate_of_change', { ...about, change: changes(f, names), span: span(f.per_s) }),
  change_point: (f, about) => t('says.change_point', { ...about, side: sided(f.side) }),
  silent: (f, about) => t('says.silent', { ...about, span: span(f.after_s) }),
  flat_line: (f, about, _form, names) => t('says.flat_line', { ...about, value: figure(f.tolerance, names.unit), span: span(f.for_s) }),
  drift: (f, about) => t('says.drift', { ...about, distance: distance(f.within_m) }),
  baseline: (f, about) => t('says.baseline', { ...about, side: sided(f.side), season: word('says.season', f.season), for: lasting(f.for_s) }),
  forecast: (f, about) => t('says.forecast', { ...about, side: sided(f.side), for: lasting(f.for_s) }),
  anomaly: (_f, about) => t('says.anomaly', about),
  geofence: (f, about, _form, names) => t('says.geofence', { kinds: about.kinds, crossing: word('crossing', f.on), zones: f.zones.length ? list(f.zones.map(names.zone), true) : t('says.no_zone'), for: lasting(f.for_s) }),
  count: (f, about) => t('says.count', { ...about, n: f.at_least, span: span(f.window_s), near: near(f.radius_m), distinct: f.distinct ? t('says.distinct', { what: f.distinct }) : '' }),
  sequence: (f, _about, form, names) => t('says.sequence', { parts: f.parts.map((held) => part(held, form, names)).join(t('says.then')), span: span(f.within_s), near: near(f.within_m) }),
  absence: (f, _about, form, names) => t('says.absence', { first: part(f.first, form, names), then: part(f.then, form, names), span: span(f.within_s), near: near(f.within_m) }),
  cooccurrence: (f, _about, form, names) => t('says.cooccurrence', { n: f.at_least ?? f.parts.length, parts: list(f.parts.map((held) => part(held, form, names))), span: span(f.within_s), near: near(f.within_m) }),
  condition: (f, about) => t('says.condition', { ...about, expression: f.expression || '…', for: lasting(f.for_s) }),
};

function what<K extends RuleForm['detector']>(detector: K, form: RuleForm, names: Names): string {
  const kinds = form.kinds.length ? list(form.kinds.map(names.kind), true) : t('says.anything');
  return said[detector](form.fields[detector], { kinds, where: word('says.where', form.key) }, form, names);
}

/** The rule in words: when, what then, and what narrows it. */
export function sentence(form: RuleForm, names: Names): string {
  const alarm = word('says.alarm', form.severity);
  const opens = form.stage === 'live' && form.opens && form.incident.incident_type ? t('says.opens', { type: word('type', form.incident.incident_type) }) : '';
  const act = form.stage === 'live' ? t('says.act.live', { alarm, opens }) : form.stage === 'shadow' ? t('says.act.shadow', { alarm }) : t('says.act.silent', { alarm });
  const more = [
    ...(form.when.trim() ? [t('says.when', { when: form.when.trim() })] : []),
    ...(form.cooldown_s > 0 ? [t('says.cooldown', { span: span(form.cooldown_s) })] : []),
    ...(form.enabled ? [] : [t('says.off')]),
  ];
  return [t('says.whole', { what: what(form.detector, form, names), act }), ...more].join(' ');
}
