// The alarms of a span, page by page, with what came so far: a week of a large city is many pages.

import { get } from '../lib/api';
import type { Alarm, Page } from '../lib/wire';
import type { Counted } from './load';

/** Beyond that many alarms the rates are told as they are so far; nobody could have handled them anyway. */
export const MOST_PAGES = 50;

export interface Fetched { alarms: Counted[]; complete: boolean }

/** Of an alarm only what is reckoned with stays in memory: its readings may be large. */
function counted({ id, rule, rule_name, key, title, asset, causes, raised, cleared, state, stage, severity }: Alarm): Counted {
  const cause = causes.at(-1);
  return { id, rule, rule_name, key, title, source: asset ?? cause?.asset ?? cause?.source ?? key, raised, cleared: cleared ?? null, state, stage, severity };
}

/** From when on there are data for a span: from its beginning where any alarm is older, else from its first alarm. */
export async function dataFrom(from: number, alarms: readonly Counted[], signal: AbortSignal): Promise<number> {
  const parts = new URLSearchParams({ stage: 'live,shadow', to: new Date(from).toISOString(), limit: '1' });
  const older = await get<Page<Alarm>>(`/alarms?${parts}`, signal);
  if (older.items.length > 0) return from;
  return Math.min(...alarms.map((alarm) => Date.parse(alarm.raised)), Number.POSITIVE_INFINITY);
}

export async function fetchAlarms(query: Record<string, string>, signal: AbortSignal, progress: (count: number) => void): Promise<Fetched> {
  const alarms: Counted[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const parts = new URLSearchParams({ ...query, limit: '1000', ...(cursor ? { cursor } : {}) });
    const found: Page<Alarm> = await get<Page<Alarm>>(`/alarms?${parts}`, signal);
    alarms.push(...found.items.map(counted));
    progress(alarms.length);
    cursor = found.next ?? null;
    if (!cursor) return { alarms, complete: true };
  }
  return { alarms, complete: false };
}
