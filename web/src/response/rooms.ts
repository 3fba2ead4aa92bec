// What was said in a joint room, oldest first: the history of the incident holds it.

import type { TimelineEntry } from '../lib/wire';

export interface Message { at: string; by: string | null; name: string | null; text: string }

export function messages(timeline: readonly TimelineEntry[], room: string): Message[] {
  return timeline.flatMap(({ at, by, by_name, event }) => (typeof event !== 'string' && 'message' in event && event.message.room === room ? [{ at, by: by ?? null, name: by_name ?? null, text: event.message.text }] : []));
}
