// One corner of an area at a time: moved, added after another, taken away. Areas are never changed, always made anew.

import { closed, FEWEST_CORNERS, type LonLat, type Polygon } from '../lib/coordinates';
import { t } from '../lib/i18n/index.svelte';

/** The corner `index` of the ring `ring`; ring 0 is the outer one, the others are holes. */
export interface Spot { ring: number; index: number }

/** A corner, or the middle of the edge behind it, among the `of` corners of its ring. */
export interface Place extends Spot { at: LonLat; of: number }

const pair = (position: readonly number[]): LonLat => [position[0] ?? 0, position[1] ?? 0];
const open = (ring: readonly (readonly number[])[]) => ring.slice(0, -1).map(pair);

export const sameSpot = (a: Spot | null, b: Spot | null) => a !== null && b !== null && a.ring === b.ring && a.index === b.index;

export const corners = (area: Polygon): Place[] =>
  area.coordinates.flatMap((positions, ring) => open(positions).map((at, index, all) => ({ ring, index, at, of: all.length })));

export const middles = (area: Polygon): Place[] =>
  area.coordinates.flatMap((positions, ring) => open(positions).map((at, index, all) => ({ ring, index, at: between(at, all[(index + 1) % all.length] ?? at), of: all.length })));

const between = (a: LonLat, b: LonLat): LonLat => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];

export const cornerAt = (area: Polygon, spot: Spot): Place | undefined => corners(area).find((corner) => sameSpot(corner, spot));

export const nameOf = ({ ring, index, of }: Place) => (ring === 0 ? t('reshape.corner', { n: index + 1, of }) : t('reshape.corner.hole', { n: index + 1, of, hole: ring }));

const withRing = (area: Polygon, ring: number, change: (all: LonLat[]) => LonLat[]): Polygon =>
  ({ type: 'Polygon', coordinates: area.coordinates.map((positions, index) => (index === ring ? closed(change(open(positions))) : positions)) });

export const moved = (area: Polygon, spot: Spot, at: LonLat): Polygon => withRing(area, spot.ring, (all) => all.with(spot.index, at));

/** With a corner more after this one; without a place it stands in the middle of the edge. */
export function inserted(area: Polygon, spot: Spot, at?: LonLat): Polygon {
  const middle = middles(area).find((place) => sameSpot(place, spot));
  const place = at ?? middle?.at;
  return place ? withRing(area, spot.ring, (all) => all.toSpliced(spot.index + 1, 0, place)) : area;
}

/** Without this corner; null where the ring would keep too few. */
export function removed(area: Polygon, spot: Spot): Polygon | null {
  const corner = cornerAt(area, spot);
  if (!corner || corner.of <= FEWEST_CORNERS) return null;
  return withRing(area, spot.ring, (all) => all.toSpliced(spot.index, 1));
}
