import type { Map as MapLibre } from 'maplibre-gl';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Asset, Observation } from '../lib/wire';
import { World } from '../live/world';
import { assetState, reportFeatures } from './features';
import { FINE, SILENT } from './layers';
import { MapSync, type Picture } from './sync';

const START = Date.parse('2026-05-04T03:00:00Z');
const HOUR = 3_600_000;
const place = { type: 'Point' as const, coordinates: [7.4, 43.7] };
const reading = (part: Partial<Observation>): Observation => ({
  id: 'o', kind: 'k', source: 's', asset: 'a', time: new Date(START).toISOString(), arrived: '', place, value: 1, unit: '', quality: 'good', origin: 'live', attributes: {}, ...part,
});

let frame: (() => void) | null = null;
beforeEach(() => vi.stubGlobal('requestAnimationFrame', (next: () => void) => ((frame = next), 1)));
afterEach(() => vi.unstubAllGlobals());

test('an asset that should have been heard is drawn as one that never reported; its alarm stays', () => {
  const world = new World();
  world.observe([reading({})]);
  const check = (now: number, alarmed: [string, number][], expected: number) => expect(assetState(world, 'a', new Map(alarmed), now)).toBe(expected);
  check(START + 2 * HOUR, [], FINE);
  check(START + 2 * HOUR + 1, [], SILENT);
  check(START + 3 * HOUR, [['a', 4]], 4);
});

test('reports leave the map after six hours of the moment shown', () => {
  const world = new World();
  world.observe([reading({ id: 'r', asset: null })]);
  expect(reportFeatures(world, START + 6 * HOUR).features).toHaveLength(1);
  expect(reportFeatures(world, START + 6 * HOUR + 1).features).toHaveLength(0);
});

test('who fell silent is looked for among some assets each time, not among all', () => {
  const world = new World();
  const ids = Array.from({ length: 2500 }, (_, index) => `a${index}`);
  world.fill('assets', ids.map((id) => ({ id, version: 1, name: id, class: 'sensor', place, observes: [], agency: 'city', attributes: {} }) as Asset));
  const told: [string, number][] = [];
  const map = { getSource: () => undefined, getLayer: () => undefined, getZoom: () => 0, setFeatureState: ({ id }: { id: string }, { s }: { s: number }) => told.push([id, s]) } as unknown as MapLibre;
  const picture = { world, entries: [], colours: {} as Picture['colours'], ring: null, draft: { shown: null, corners: [] }, now: START };
  const sync = new MapSync(map, () => picture);
  sync.attach();
  world.observe(ids.map((asset) => reading({ asset, id: asset })));
  frame?.();
  expect(told).toHaveLength(2500);
  told.length = 0;
  picture.now += 3 * HOUR;
  const counts = Array.from({ length: 4 }, () => {
    const before = told.length;
    sync.mark('silence');
    frame?.();
    return told.length - before;
  });
  expect(counts).toEqual([1000, 1000, 500, 0]);
  expect(new Set(told.map(([id, state]) => `${id} ${state}`))).toEqual(new Set(ids.map((id) => `${id} ${SILENT}`)));
});
