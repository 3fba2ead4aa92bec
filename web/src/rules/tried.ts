// What the platform remembers of the back-tests of a condition, in words.

import { t } from '../lib/i18n/index.svelte';
import { personName } from '../lib/people';
import { full, span } from '../lib/show';
import type { RuleTrial } from '../lib/wire';

const DAY_S = 86_400;

/** "Tried on 30 days of the past: 12 alarms"; of the span only the time that has readings counts. */
export function triedWords(tried: RuleTrial | null | undefined): string {
  if (!tried) return t('tried.not');
  const days = Math.round((10 * tried.data_s) / DAY_S) / 10;
  const words = { span: days < 2 ? span(tried.data_s) : t('tried.days', { n: days }), n: tried.alarms };
  return tried.bbox ? t('tried.part', words) : t('tried.on', words);
}

/** Who tried it, when, over which span and how many readings. */
export function triedFacts(tried: RuleTrial): string {
  const { at, by, by_name: name, from, to, observations: n } = tried;
  const facts = { at: full(at), from: full(from), to: full(to), n };
  return by ? t('tried.facts.by', { ...facts, who: personName(by, name) }) : t('tried.facts', facts);
}
