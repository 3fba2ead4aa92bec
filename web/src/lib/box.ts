// A box of degrees on WGS 84, as the API's `bbox` takes it.

/** West, south, east, north. West is greater than east where the box goes across the 180th meridian. */
export type Box = readonly [number, number, number, number];

/** About a metre. */
const DIGITS = 5;
const round = (degrees: number) => Number(degrees.toFixed(DIGITS));
const wrap = (lon: number) => (lon >= -180 && lon <= 180 ? lon : ((((lon + 180) % 360) + 360) % 360) - 180);

/** What a map shows, whose longitudes may go on beyond 180 degrees. */
export function boxOf(west: number, south: number, east: number, north: number): Box {
  const around = east - west >= 360;
  return [around ? -180 : round(wrap(west)), round(Math.max(-90, south)), around ? 180 : round(wrap(east)), round(Math.min(90, north))];
}

/** `west,south,east,north`. */
export const boxText = (box: Box): string => box.join(',');

/** Its corners as a closed ring, without a jump at the 180th meridian. */
export function boxRing([west, south, east, north]: Box): [number, number][] {
  const right = east < west ? east + 360 : east;
  return [[west, south], [right, south], [right, north], [west, north], [west, south]];
}
