// What a correlation rule says, as one sentence.

import { t, word } from '../lib/i18n/index.svelte';
import { distance, span } from '../lib/show';
import type { Correlation, CorrelationSide } from '../lib/wire';

export type Shared = Correlation['shares'][number]['what'];

/** Alarms of a side in words: types of incidents and kinds of readings, or any. */
function side({ incident_types, kinds }: CorrelationSide, kindName: (id: string) => string): string {
  const types = incident_types.map((type) => word('type', type)).join(t('corr.or'));
  const read = kinds.map(kindName).join(t('corr.or'));
  if (types && read) return t('corr.side.both', { types, kinds: read });
  return types || read || t('corr.side.any');
}

export const sharedWord = (what: Shared): string => (typeof what === 'string' ? word('corr.share', what) : what.attribute);

/** "Signals dark brings about Collision within 150 m and 60 min." */
export function sentence(rule: Pick<Correlation, 'relation' | 'first' | 'second' | 'within_s' | 'within_m' | 'shares'>, kindName: (id: string) => string): string {
  const reach = rule.within_m > 0 ? t('corr.reach.both', { distance: distance(rule.within_m), span: span(rule.within_s) }) : t('corr.reach.time', { span: span(rule.within_s) });
  const [first, second] = [side(rule.first, kindName), side(rule.second ?? rule.first, kindName)];
  const shared = rule.shares.map(({ what }) => sharedWord(what)).join(', ');
  const says = rule.relation === 'cause' ? t('corr.says.cause', { first, second, reach }) : first === second ? t('corr.says.same', { first, reach }) : t('corr.says.two', { first, second, reach });
  return shared ? `${says} ${t(rule.within_m > 0 ? 'corr.says.shared' : 'corr.says.must', { shared })}` : says;
}
