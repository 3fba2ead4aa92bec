// Places as people type them: "43.7384, 7.4246" (latitude first), and areas as GeoJSON.

import type { Geometry, Position } from './wire';

export type LonLat = [number, number];

const NUMBER = String.raw`([+-]?\d{1,3}(?:[.,]\d+)?)\s*°?\s*`;
const PAIR = new RegExp(`^\\s*${NUMBER}([NS]?)\\s*[,;\\s]\\s*${NUMBER}([EOW]?)\\s*$`, 'i');

/** Latitude and longitude, apart by a comma, a semicolon or a space; null for what is no place. */
export function parsePlace(text: string): LonLat | null {
  const [, lat, south, lon, west] = PAIR.exec(text) ?? [];
  if (lat === undefined || lon === undefined) return null;
  const number = (digits: string) => Number(digits.replace(',', '.'));
  const place: LonLat = [number(lon) * (/w/i.test(west ?? '') ? -1 : 1), number(lat) * (/s/i.test(south ?? '') ? -1 : 1)];
  return Math.abs(place[0]) <= 180 && Math.abs(place[1]) <= 90 ? place : null;
}

/** Five decimals are a metre. */
export const writePlace = ([lon, lat]: readonly [number, number]) => `${lat.toFixed(5)}, ${lon.toFixed(5)}`;

export type Polygon = Extract<Geometry, { type: 'Polygon' }>;

export const FEWEST_CORNERS = 3;

const rounded = (value: number) => Number(value.toFixed(6));

/** A ring around corners in order, closed here; six decimals are a hand's breadth. */
export function closed(corners: readonly LonLat[]): Position[] {
  const ring = corners.map(([lon, lat]) => [rounded(lon), rounded(lat)]);
  const [first] = ring;
  return first ? [...ring, first] : ring;
}

export const polygon = (corners: readonly LonLat[]): Polygon => ({ type: 'Polygon', coordinates: [closed(corners)] });

function isPosition(value: unknown): value is LonLat {
  return Array.isArray(value) && value.length >= 2 && value.slice(0, 2).every((part) => typeof part === 'number' && Number.isFinite(part));
}

/** The polygon in a GeoJSON text: a geometry, a feature or a collection of one; open rings are closed. */
export function parseArea(text: string): { area: Polygon | null; fault: 'json' | 'polygon' | 'corners' | null } {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return { area: null, fault: 'json' };
  }
  const part = (value: unknown, name: string): unknown => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined);
  const features = part(found, 'features');
  if (Array.isArray(features) && features.length === 1) found = features[0];
  found = part(found, 'geometry') ?? found;
  const rings = part(found, 'coordinates');
  if (part(found, 'type') !== 'Polygon' || !Array.isArray(rings) || rings.length === 0) return { area: null, fault: 'polygon' };
  const whole: LonLat[][] = [];
  for (const ring of rings as unknown[]) {
    if (!Array.isArray(ring) || !ring.every(isPosition)) return { area: null, fault: 'polygon' };
    const corners = ring.map((corner): LonLat => [corner[0], corner[1]]);
    const [first, last] = [corners[0], corners[corners.length - 1]];
    if (first && last && (first[0] !== last[0] || first[1] !== last[1])) corners.push(first);
    if (corners.length <= FEWEST_CORNERS) return { area: null, fault: 'corners' };
    whole.push(corners);
  }
  return { area: { type: 'Polygon', coordinates: whole }, fault: null };
}

/** One corner a line, so that a person can change one. */
export function writeArea(area: Geometry): string {
  if (area.type !== 'Polygon') return '';
  const rings = area.coordinates.map((ring) => `    [\n${ring.map((corner) => `      ${JSON.stringify(corner)}`).join(',\n')}\n    ]`);
  return `{\n  "type": "Polygon",\n  "coordinates": [\n${rings.join(',\n')}\n  ]\n}`;
}
