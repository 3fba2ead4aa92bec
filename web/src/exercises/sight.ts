// An incident of an exercise that is opened on a screen is read from the platform, not only from what the window holds: the audit
// log so knows who saw it when, which the debrief tells. Its alarms come with no event, and are fetched with it.

import { get } from '../lib/api';
import type { Alarm, Incident, Page } from '../lib/wire';
import { live } from '../live/city.svelte';

export async function sight(id: string): Promise<void> {
  try {
    const path = encodeURIComponent(id);
    const incident = await get<Incident>(`/incidents/${path}`);
    const alarms = await get<Page<Alarm>>(`/alarms?reality=exercise&incident=${path}&limit=1000`);
    for (const alarm of alarms.items) live.live.put('alarms', alarm);
    live.live.put('incidents', incident);
  } catch {
    // What is held stays on the screen; the banner says where the connection is lost.
  }
}
