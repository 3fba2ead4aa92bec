// Small geometry on WGS 84, good to a metre or so within one city.

import type { FieldOfView, Geometry, Position } from './wire';

const EARTH_RADIUS_M = 6_371_008.8;
const rad = Math.PI / 180;

/** A point that stands for the geometry: the point itself, the middle of a line, the centroid of a polygon's vertices. */
export function anchor(place: Geometry | null | undefined): [number, number] | null {
  if (!place) return null;
  if (place.type === 'Point') return pair(place.coordinates);
  if (place.type === 'LineString') return pair(place.coordinates[Math.floor(place.coordinates.length / 2)]);
  const ring = (place.coordinates[0] ?? []).slice(0, -1);
  if (ring.length === 0) return null;
  const sum = ring.reduce<[number, number]>((s, p) => [s[0] + (p[0] ?? 0), s[1] + (p[1] ?? 0)], [0, 0]);
  return [sum[0] / ring.length, sum[1] / ring.length];
}

function pair(position: Position | undefined): [number, number] | null {
  const [lon, lat] = position ?? [];
  return lon === undefined || lat === undefined ? null : [lon, lat];
}

/** Great-circle distance in metres. */
export function distanceM(a: readonly [number, number], b: readonly [number, number]): number {
  const dLat = (b[1] - a[1]) * rad;
  const dLon = (b[0] - a[0]) * rad;
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(a[1] * rad) * Math.cos(b[1] * rad) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** Metres to the nearest point of a geometry, 0 inside a polygon; flat, so good within one city. */
export function nearestM(from: readonly [number, number], place: Geometry): number {
  if (place.type === 'Point') return distanceM(from, [place.coordinates[0] ?? 0, place.coordinates[1] ?? 0]);
  if (inside(from, place)) return 0;
  const lines = place.type === 'LineString' ? [place.coordinates] : place.coordinates;
  const stretch = Math.cos(from[1] * rad);
  const flat = (p: Position | undefined): [number, number] => [((p?.[0] ?? 0) - from[0]) * stretch, (p?.[1] ?? 0) - from[1]];
  let least = Number.POSITIVE_INFINITY;
  for (const line of lines) for (let i = 1; i < line.length; i += 1) least = Math.min(least, fromOrigin(flat(line[i - 1]), flat(line[i])));
  return least * rad * EARTH_RADIUS_M;
}

function fromOrigin([ax, ay]: [number, number], [bx, by]: [number, number]): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const share = length === 0 ? 0 : Math.max(0, Math.min(1, -(ax * dx + ay * dy) / length));
  return Math.hypot(ax + share * dx, ay + share * dy);
}

/** The point at a distance in metres and a bearing in degrees clockwise from north. */
export function offset(from: readonly [number, number], metres: number, bearingDeg: number): [number, number] {
  const dLat = (metres * Math.cos(bearingDeg * rad)) / EARTH_RADIUS_M / rad;
  const dLon = (metres * Math.sin(bearingDeg * rad)) / (EARTH_RADIUS_M * Math.cos(from[1] * rad)) / rad;
  return [from[0] + dLon, from[1] + dLat];
}

/** A closed ring of the sector that a camera sees. */
export function sector(from: readonly [number, number], view: FieldOfView): [number, number][] {
  if (view.angle_deg >= 360) return circle(from, view.range_m);
  const steps = Math.max(2, Math.ceil(view.angle_deg / 6));
  const start = view.bearing_deg - view.angle_deg / 2;
  const arc = Array.from({ length: steps + 1 }, (_, i) => offset(from, view.range_m, start + (view.angle_deg * i) / steps));
  const apex: [number, number] = [from[0], from[1]];
  return [apex, ...arc, apex];
}

/** A closed ring around a point. */
export function circle(from: readonly [number, number], metres: number): [number, number][] {
  return Array.from({ length: 49 }, (_, i) => offset(from, metres, (i % 48) * 7.5));
}

/** Whether a point lies in a polygon (even-odd over all rings). */
export function inside(point: readonly [number, number], area: Geometry): boolean {
  if (area.type !== 'Polygon') return false;
  let within = false;
  for (const ring of area.coordinates) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
      const [xi = 0, yi = 0] = ring[i] ?? [];
      const [xj = 0, yj = 0] = ring[j] ?? [];
      if (yi > point[1] !== yj > point[1] && point[0] < ((xj - xi) * (point[1] - yi)) / (yj - yi) + xi) within = !within;
    }
  }
  return within;
}

interface Edge { ring: number; index: number; of: number; a: Pair; b: Pair; west: number; east: number }
type Pair = readonly [number, number];

/** Whether edges of a polygon cross one another or a ring touches itself: then nobody can tell inside from outside. */
export function crosses(area: Geometry): boolean {
  if (area.type !== 'Polygon') return false;
  const edges = area.coordinates.flatMap(edgesOf).sort((p, q) => p.west - q.west);
  // Only edges that overlap from west to east are compared: districts come with thousands of corners.
  return edges.some((p, i) => {
    for (let j = i + 1; j < edges.length; j += 1) {
      const q = edges[j];
      if (!q || q.west > p.east) return false;
      if (p.ring === q.ring ? meet(p, q) : pierce(p, q)) return true;
    }
    return false;
  });
}

/** The edges of a ring; a corner that stands twice makes none. */
function edgesOf(positions: Position[], ring: number): Edge[] {
  const corners = positions.map((p): Pair => [p[0] ?? 0, p[1] ?? 0]).filter((p, i, all) => i === 0 || !same(p, all[i - 1]));
  return corners.slice(1).map((b, index) => {
    const a = corners[index] ?? b;
    return { ring, index, of: corners.length - 1, a, b, west: Math.min(a[0], b[0]), east: Math.max(a[0], b[0]) };
  });
}

const same = (p: Pair, q: Pair | undefined) => p[0] === q?.[0] && p[1] === q[1];

/** On which side of the line from `a` to `b` a point lies: 1, -1, or 0 on it. */
const side = (a: Pair, b: Pair, p: Pair) => Math.sign((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]));

const pierce = (p: Edge, q: Edge) => side(q.a, q.b, p.a) * side(q.a, q.b, p.b) < 0 && side(p.a, p.b, q.a) * side(p.a, p.b, q.b) < 0;

/** Whether two edges of one ring meet where they should not: neighbours share a corner, and may not lie on each other. */
function meet(p: Edge, q: Edge): boolean {
  const apart = (q.index - p.index + p.of) % p.of;
  if (apart === 1) return folds(p.a, p.b, q.b);
  if (apart === p.of - 1) return folds(q.a, q.b, p.b);
  const on = (e: Edge, c: Pair) => side(e.a, e.b, c) === 0 && Math.min(e.a[0], e.b[0]) <= c[0] && c[0] <= Math.max(e.a[0], e.b[0]) && Math.min(e.a[1], e.b[1]) <= c[1] && c[1] <= Math.max(e.a[1], e.b[1]);
  return pierce(p, q) || on(p, q.a) || on(p, q.b) || on(q, p.a) || on(q, p.b);
}

/** Whether the way from `a` by `b` to `c` turns back on itself. */
const folds = (a: Pair, b: Pair, c: Pair) => side(a, b, c) === 0 && (a[0] - b[0]) * (c[0] - b[0]) + (a[1] - b[1]) * (c[1] - b[1]) > 0;

/** West, south, east, north of geometries. */
export function bounds(places: (Geometry | null | undefined)[]): [number, number, number, number] | null {
  let box: [number, number, number, number] | null = null;
  const visit = (p: Position) => {
    const [x, y] = p;
    if (x === undefined || y === undefined) return;
    box = box === null ? [x, y, x, y] : [Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x), Math.max(box[3], y)];
  };
  for (const place of places) {
    if (place?.type === 'Point') visit(place.coordinates);
    else if (place?.type === 'LineString') place.coordinates.forEach(visit);
    else if (place?.type === 'Polygon') place.coordinates.flat().forEach(visit);
  }
  return box;
}
