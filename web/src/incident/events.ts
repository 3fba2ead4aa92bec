// Lines of an incident's timeline as sentences.

import { t, word } from '../lib/i18n/index.svelte';
import type { TimelineEntry } from '../lib/wire';
import type { IconName } from '../shell/icons';
import { inOneLine } from './reasons';

export interface Line { icon: IconName; text: string; quote?: string; link?: string }

export interface Names { alarm(id: string): string; incident(id: string): string; rule(id: string): string }

export function line(event: TimelineEntry['event'], names: Names): Line {
  if ('alarm_joined' in event) return { icon: 'incident', text: t('event.alarm_joined', { alarm: names.alarm(event.alarm_joined.alarm) }), quote: inOneLine(event.alarm_joined.why, names.rule) };
  if ('alarm_cleared' in event) return { icon: 'check', text: t('event.alarm_cleared', { alarm: names.alarm(event.alarm_cleared.alarm) }) };
  if ('alarm_left' in event) return { icon: 'split', text: t('event.alarm_left', { alarm: names.alarm(event.alarm_left.alarm) }) };
  if ('state' in event) return { icon: 'next', text: t('event.state', { from: word('state', event.state.from), to: word('state', event.state.to) }), ...(event.state.reason ? { quote: event.state.reason } : {}) };
  if ('priority' in event) return { icon: 'filter', text: t('event.priority', { from: event.priority.from.toUpperCase(), to: event.priority.to.toUpperCase() }) };
  if ('lead_handed_over' in event) return { icon: 'people', text: t('event.lead', { from: event.lead_handed_over.from, to: event.lead_handed_over.to }), quote: event.lead_handed_over.reason };
  if ('note' in event) return { icon: 'note', text: t('event.note'), quote: event.note.text };
  if ('assessed' in event) return { icon: 'check', text: t(`event.assessed.${event.assessed.verdict}`), ...(event.assessed.reason ? { quote: event.assessed.reason } : {}) };
  if ('message' in event) return { icon: 'note', text: t('event.message', { room: event.message.room }), quote: event.message.text };
  if ('task' in event) return { icon: 'rule', text: t('event.task', { title: event.task.title, outcome: event.task.outcome }) };
  if ('absorbed' in event) return { icon: 'merge', text: t('event.absorbed', { incident: names.incident(event.absorbed.incident) }), link: event.absorbed.incident };
  if ('merged_into' in event) return { icon: 'merge', text: t('event.merged_into', { incident: names.incident(event.merged_into.incident) }), link: event.merged_into.incident };
  if ('split_off' in event) return { icon: 'split', text: t('event.split_off', { incident: names.incident(event.split_off.incident) }), link: event.split_off.incident };
  if ('call_joined' in event) return { icon: 'plus', text: t('event.call_joined', { text: event.call_joined.text }), quote: inOneLine(event.call_joined.why, names.rule) };
  if ('call_left' in event) return { icon: 'split', text: t('event.call_left', { incident: names.incident(event.call_left.incident) }), link: event.call_left.incident };
  if ('related' in event) return { icon: 'incident', text: t(`event.related.${event.related.relation}`, { incident: names.incident(event.related.incident) }), quote: inOneLine(event.related.why, names.rule), link: event.related.incident };
  if ('unrelated' in event) return { icon: 'split', text: t('event.unrelated', { incident: names.incident(event.unrelated.incident) }), ...(event.unrelated.reason ? { quote: event.unrelated.reason } : {}), link: event.unrelated.incident };
  return { icon: 'plus', text: t('event.opened') };
}
