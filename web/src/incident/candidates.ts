// Which incidents one may have to do with: those near in time and place first.

import { anchor, distanceM } from '../lib/geo';
import type { Incident } from '../lib/wire';

export interface Candidate { incident: Incident; metres: number | null; seconds: number }

/** So far, and so long ago, weigh the same: the reach that rules commonly have. */
const [REACH_M, REACH_S] = [500, 1800];
/** An incident without a place is no nearer than this. */
const NOWHERE = 4;

export function nearness({ metres, seconds }: Candidate): number {
  return (metres === null ? NOWHERE : metres / REACH_M) + Math.abs(seconds) / REACH_S;
}

/** Others of the same city, real or played, that are neither merged nor closed and match the text, nearest first. */
export function candidates(of: Incident, all: Iterable<Incident>, text: string): Candidate[] {
  const wanted = text.trim().toLowerCase().replace(/^#/, '');
  const here = anchor(of.place);
  const found: Candidate[] = [];
  for (const other of all) {
    if (other.id === of.id || other.reality !== of.reality || other.state === 'merged' || other.state === 'closed' || !`${other.number} ${other.title}`.toLowerCase().includes(wanted)) continue;
    const there = anchor(other.place);
    found.push({ incident: other, metres: here && there ? distanceM(here, there) : null, seconds: (Date.parse(other.opened) - Date.parse(of.opened)) / 1000 });
  }
  return found.sort((a, b) => nearness(a) - nearness(b) || b.incident.number - a.incident.number);
}
