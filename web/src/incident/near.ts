// Readings near an incident, one line for each asset (or source) and kind.

import type { Observation } from '../lib/wire';

export interface Line { newest: Observation; count: number }

/** The newest reading of each asset and kind with the number of readings; in the order in which they are first told. */
export function newestOfEach(observations: readonly Observation[]): Line[] {
  const lines = new Map<string, Line>();
  for (const observation of observations) {
    const of = `${observation.asset ?? observation.source}\n${observation.kind}`;
    const line = lines.get(of);
    if (!line) lines.set(of, { newest: observation, count: 1 });
    else {
      line.count += 1;
      if (Date.parse(observation.time) > Date.parse(line.newest.time)) line.newest = observation;
    }
  }
  return [...lines.values()];
}
