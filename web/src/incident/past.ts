// What the server tells of today, cut back to what was known at the moment that is shown: these questions have no moment.

import type { Alarm, Nearby } from '../lib/wire';
import type { World } from '../live/world';

const until = (at: number) => (time: string) => Date.parse(time) <= at;

/** Alarms as they were: none that was raised later, and not ended yet where that came later. */
export function alarmsAt(alarms: readonly Alarm[], at: number): Alarm[] {
  const known = until(at);
  return alarms
    .filter((alarm) => known(alarm.raised))
    .map((alarm) => {
      const causes = alarm.causes.filter((cause) => known(cause.time));
      return alarm.cleared && !known(alarm.cleared) ? { ...alarm, causes, state: 'active', cleared: null } : { ...alarm, causes };
    });
}

/** What was near then. The world of that moment knows its incidents as they were, and which assets were there. */
export function nearbyAt(found: Nearby, world: Pick<World, 'incidents' | 'assets'>, at: number): Nearby {
  const known = until(at);
  return {
    alarms: alarmsAt(found.alarms, at),
    incidents: found.incidents.filter((other) => known(other.opened)).map((other) => world.incidents.get(other.id) ?? other),
    assets: found.assets.filter((asset) => world.assets.has(asset.id)),
    // They were asked for up to that moment.
    readings: found.readings,
    more: found.more,
  };
}
