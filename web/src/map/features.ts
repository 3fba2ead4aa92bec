// GeoJSON for the map out of what the console knows.

import type { Feature, FeatureCollection, Geometry as GeoGeometry } from 'geojson';
import type { LonLat } from '../lib/coordinates';
import { anchor, circle, sector } from '../lib/geo';
import { word } from '../lib/i18n/index.svelte';
import { value } from '../lib/show';
import type { Alarm, Asset, Geometry, Observation, Severity } from '../lib/wire';
import type { World } from '../live/world';
import { isPlayed, type Entry } from '../queue/filter';
import { assetIcon } from '../shell/icons';
import type { Colours } from './colours';
import { FINE, SILENT } from './layers';

export const collection = (features: Feature[]): FeatureCollection => ({ type: 'FeatureCollection', features });

const feature = (id: string, geometry: GeoGeometry, properties: Record<string, unknown> = {}): Feature => ({ type: 'Feature', geometry, properties: { id, ...properties } });
const point = (at: readonly [number, number]): GeoGeometry => ({ type: 'Point', coordinates: [at[0], at[1]] });

const levels: Record<Severity, number> = { unknown: 2, minor: 3, moderate: 4, severe: 5, extreme: 6 };

/** The worst active alarm of each asset, as the number that the layers colour by. */
export function alarmLevels(alarms: Iterable<Alarm>): Map<string, number> {
  const found = new Map<string, number>();
  for (const alarm of alarms) {
    if (alarm.state === 'active' && alarm.asset && alarm.reality === 'actual') found.set(alarm.asset, Math.max(found.get(alarm.asset) ?? 0, levels[alarm.severity]));
  }
  return found;
}

export function assetState(world: World, id: string, alarmed: ReadonlyMap<string, number>, now: number): number {
  return alarmed.get(id) ?? (world.values.has(id) && world.silentSince(id, now) === null ? FINE : SILENT);
}

/** The one reading that stands for an asset: of the kind it lists first, else the newest. */
export function headline(world: World, asset: Asset): Observation | undefined {
  const readings = world.values.get(asset.id);
  if (!readings) return undefined;
  for (const kind of asset.observes) {
    const reading = readings.get(kind);
    if (reading) return reading;
  }
  return readings.values().next().value;
}

export function assetFeatures(world: World): FeatureCollection {
  const features: Feature[] = [];
  for (const asset of world.assets.values()) {
    const at = world.position(asset);
    if (at) features.push(feature(asset.id, point(at), { sign: `asset-${assetIcon(asset.class)}` }));
  }
  return collection(features);
}

export function viewFeatures(world: World): FeatureCollection {
  const features: Feature[] = [];
  for (const asset of world.assets.values()) {
    const at = anchor(asset.place);
    if (at && asset.view) features.push(feature(asset.id, { type: 'Polygon', coordinates: [sector(at, asset.view)] }));
    else if (asset.place.type === 'LineString') features.push(feature(asset.id, asset.place as GeoGeometry));
  }
  return collection(features);
}

export function zoneFeatures(world: World): FeatureCollection {
  return collection([...world.zones.values()].map((zone) => feature(zone.id, zone.area as GeoGeometry, { name: zone.name })));
}

/** A report has no end of its own: after this it no longer says how the city is. */
const REPORT_MS = 6 * 3_600_000;

export function reportFeatures(world: World, now: number): FeatureCollection {
  const features: Feature[] = [];
  for (const report of world.loose) {
    if (Date.parse(report.time) < now - REPORT_MS) continue;
    const at = anchor(report.place);
    if (at) features.push(feature(report.id, point(at), { kind: report.kind }));
  }
  return collection(features);
}

export function entryFeatures(entries: readonly Entry[], colours: Colours): FeatureCollection {
  const features: Feature[] = [];
  entries.forEach((entry, index) => {
    const at = anchor(entry.place);
    if (!at) return;
    features.push(feature(entry.id, point(at), {
      sort: entry.sort, state: entry.state, sign: `${isPlayed(entry) ? 'drill' : 'severity'}-${entry.severity}-${entry.sort === 'incident' ? 28 : 18}`, colour: colours[entry.severity],
      order: index, label: (isPlayed(entry) ? `${word('reality', entry.reality).toUpperCase()} ` : '') + (entry.number === null ? entry.title : `#${entry.number} ${entry.priority?.toUpperCase() ?? ''}`),
    }));
  });
  return collection(features);
}

export function ringFeatures(ring: { centre: [number, number]; radiusM: number } | null): FeatureCollection {
  return collection(ring ? [feature('ring', { type: 'Polygon', coordinates: [circle(ring.centre, ring.radiusM)] })] : []);
}

/** Most labels with values at one time; more would only collide. */
const MOST_LABELS = 250;

export type Box = { west: number; south: number; east: number; north: number };

/** Labels for the assets in view, the alarmed ones first. */
export function valueFeatures(world: World, box: Box, alarmed: ReadonlyMap<string, number>, now: number): FeatureCollection {
  const features: Feature[] = [];
  const take = (asset: Asset) => {
    if (features.length >= MOST_LABELS) return;
    const at = world.position(asset);
    if (!at || at[0] < box.west || at[0] > box.east || at[1] < box.south || at[1] > box.north) return;
    const reading = headline(world, asset);
    if (!reading) return;
    const mark = reading.quality === 'good' ? '' : '? ';
    features.push(feature(asset.id, point(at), { text: mark + value(reading), s: assetState(world, asset.id, alarmed, now) }));
  };
  for (const id of alarmed.keys()) {
    const asset = world.assets.get(id);
    if (asset) take(asset);
  }
  for (const asset of world.assets.values()) {
    if (features.length >= MOST_LABELS) break;
    if (!alarmed.has(asset.id)) take(asset);
  }
  return collection(features);
}

/** Corners set so far with the lines between them; else the place or area of the open form. */
export function draftFeatures(shown: Geometry | null, corners: readonly LonLat[]): FeatureCollection {
  const dots = corners.map((corner, index) => feature(`corner-${index}`, point(corner), { size: index === 0 ? 7 : 5 }));
  if (corners.length > 2) return collection([feature('area', { type: 'Polygon', coordinates: [[...corners, corners[0] as LonLat]] }), ...dots]);
  if (corners.length === 2) return collection([feature('line', { type: 'LineString', coordinates: [...corners] }), ...dots]);
  if (corners.length === 1 || !shown) return collection(dots);
  return collection([feature('shown', shown as GeoGeometry, { size: 8 })]);
}
