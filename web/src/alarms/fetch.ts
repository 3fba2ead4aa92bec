// The alarms of a span, page by page, with what came so far: a week of a large city is many pages.

import { get } from '../lib/api';
import type { Alarm, Page } from '../lib/wire';
import type { Counted } from './load';

/** Beyond that many alarms the rates are told as they are so far; nobody could have handled them anyway. */
export const MOST_PAGES = 50;

export interface Fetched { alarms: Counted[]; complete: boolean }

/** Of an alarm only what is reckoned with stays in memory: its readings may be large. */
function counted({ id, rule, rule_name, key, title, asset, raised, cleared, state, stage, severity }: Alarm): Counted {
  return { id, rule, rule_name, key, title, asset: asset ?? null, raised, cleared: cleared ?? null, state, stage, severity };
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
