// A correlation rule as a form: what may be shared is a word, or the name of an attribute.

import type { Correlation, CorrelationSide } from '../lib/wire';
import { slug } from '../rules/form';

export const shareWords = ['asset', 'zone', 'incident_type', 'track'] as const;
type ShareWord = (typeof shareWords)[number];
/** `what`: one of the words, or `attribute` with its name beside it. */
export interface ShareForm { what: ShareWord | 'attribute'; attribute: string; agree: number; differ: number }
export interface CorrelationForm {
  name: string; description: string; enabled: boolean; relation: Correlation['relation']; first: CorrelationSide;
  /** Null: both sides are the first. */
  second: CorrelationSide | null; within_s: number; within_m: number; late_s: number; shares: ShareForm[]; weight: number;
}

export const blankSide = (): CorrelationSide => ({ incident_types: [], kinds: [] });
/** Two bits where it agrees, as the platform has it where nothing is said. */
export const blankShare = (): ShareForm => ({ what: 'zone', attribute: '', agree: 2, differ: 0 });
export const blankCorrelation = (): CorrelationForm => ({ name: '', description: '', enabled: true, relation: 'same_event', first: blankSide(), second: null, within_s: 600, within_m: 300, late_s: 0, shares: [], weight: 1 });

const fromShare = ({ what, agree, differ }: Correlation['shares'][number]): ShareForm => ({ what: typeof what === 'string' ? what : 'attribute', attribute: typeof what === 'string' ? '' : what.attribute, agree, differ });
const toShare = ({ what, attribute, agree, differ }: ShareForm): Correlation['shares'][number] => ({ what: what === 'attribute' ? { attribute: attribute.trim() } : what, agree, differ });

export function fromCorrelation(rule: Correlation): CorrelationForm {
  const { name, description, enabled, relation, first, second, within_s, within_m, late_s, weight } = rule;
  return { name, description, enabled, relation, first, second, within_s, within_m, late_s, weight, shares: rule.shares.map(fromShare) };
}

/** Only a cause can be seen late, and it always has an effect of its own. */
export function toCorrelation(form: CorrelationForm, id: string, version: number): Correlation {
  const cause = form.relation === 'cause';
  return {
    id: id || slug(form.name), name: form.name.trim(), description: form.description.trim(), enabled: form.enabled, version, relation: form.relation, first: form.first,
    second: cause ? (form.second ?? blankSide()) : form.second, within_s: form.within_s, within_m: form.within_m, late_s: cause ? form.late_s : 0, shares: form.shares.map(toShare), weight: form.weight,
  };
}
