// Carries what changed to the map, at most once a frame. Ten thousand readings a second touch only the assets whose
// colour changes and the labels in view.

import type { GeoJSONSource, Map } from 'maplibre-gl';
import type { FeatureCollection } from 'geojson';
import type { World } from '../live/world';
import type { Entry } from '../queue/filter';
import type { Colours } from './colours';
import type { LonLat } from '../lib/coordinates';
import type { Geometry } from '../lib/wire';
import * as features from './features';
import { SILENT, type SourceName } from './layers';

export type Part = 'assets' | 'zones' | 'reports' | 'entries' | 'ring' | 'draft' | 'alarms' | 'values' | 'silence';

export interface Picture {
  world: World; entries: readonly Entry[]; colours: Colours; ring: { centre: [number, number]; radiusM: number } | null;
  draft: { shown: Geometry | null; corners: readonly LonLat[] };
  /** The moment shown, Unix ms. */
  now: number;
}

/** Labels are drawn again at most this often; colours at every frame. */
const LABELS_MS = 400;
const LABELS_ZOOM = 12.5;
/** With more assets than this, signs and labels wait until one is closer: collisions would eat the frames. */
const MANY = 2000;
const MANY_ZOOM = 15.5;
const SIGNS_ZOOM = 13;
/** Assets judged at one time for whether they fell silent: ten thousand are through in ten seconds, soon enough where the least silence is a minute. */
const LISTENED = 1000;

export class MapSync {
  #map: Map;
  #picture: () => Picture;
  #parts = new Set<Part>();
  #frame = 0;
  #states = new globalThis.Map<string, number>();
  #alarmed: ReadonlyMap<string, number> = new globalThis.Map();
  #drawn = new globalThis.Map<string, string>();
  #moving = false;
  #labelsAt = 0;
  #labelled = true;
  #turn: Iterator<string> | null = null;
  #ready = false;
  /** Readings taken to the map so far, for the bench. */
  taken = 0;

  constructor(map: Map, picture: () => Picture) {
    this.#map = map;
    this.#picture = picture;
  }

  /** After a style has been loaded every source is empty: all parts are carried again. */
  attach(): void {
    this.#ready = true;
    this.#states.clear();
    this.#drawn.clear();
    this.#moving = false;
    this.mark('assets', 'zones', 'reports', 'entries', 'ring', 'draft', 'alarms', 'values');
  }

  detach(): void {
    this.#ready = false;
  }

  mark(...parts: Part[]): void {
    for (const part of parts) this.#parts.add(part);
    if (!this.#frame && this.#ready) this.#frame = requestAnimationFrame(() => this.#flush());
  }

  /** Highlights one feature of a source, or takes the highlight away. */
  flag(source: 'entries' | 'assets' | 'zones', id: string, name: 'h' | 'c', on: boolean): void {
    if (this.#ready && this.#map.getSource(source)) this.#map.setFeatureState({ source, id }, { [name]: on });
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
    this.#ready = false;
  }

  #set(source: SourceName, data: FeatureCollection): void {
    this.#map.getSource<GeoJSONSource>(source)?.setData(data);
  }

  #flush(): void {
    this.#frame = 0;
    if (!this.#ready) return;
    const parts = new Set(this.#parts);
    this.#parts.clear();
    const { world, entries, colours, ring, draft, now } = this.#picture();
    if (parts.has('assets')) {
      this.#set('assets', features.assetFeatures(world));
      this.#set('views', features.viewFeatures(world));
      if (this.#map.getLayer('asset-sign')) this.#map.setLayerZoomRange('asset-sign', world.assets.size > MANY ? MANY_ZOOM : SIGNS_ZOOM, 24);
    }
    if (parts.has('zones')) this.#set('zones', features.zoneFeatures(world));
    if (parts.has('reports')) this.#set('reports', features.reportFeatures(world, now));
    if (parts.has('entries')) this.#set('entries', features.entryFeatures(entries, colours));
    if (parts.has('ring')) this.#set('ring', features.ringFeatures(ring));
    if (parts.has('draft')) this.#set('draft', features.draftFeatures(draft.shown, draft.corners));
    if (parts.has('alarms') || parts.has('assets')) {
      this.#alarmed = features.alarmLevels(world.alarms.values());
      for (const id of world.assets.keys()) this.#colour(world, id, now);
    }
    for (const id of world.dirty) this.#colour(world, id, now);
    if (parts.has('silence')) this.#listen(world, now);
    this.#move(world, world.dirty);
    this.taken += world.dirty.size;
    world.dirty.clear();
    if (parts.has('values') || parts.has('alarms')) this.#labels(world, now);
  }

  /** Silence tells nobody of itself: the assets are judged in turn, where the last time ended. */
  #listen(world: World, now: number): void {
    this.#turn ??= world.assets.keys();
    for (let count = 0; count < LISTENED; count += 1) {
      const next = this.#turn.next();
      if (next.done) {
        this.#turn = null;
        return;
      }
      this.#colour(world, next.value, now);
    }
  }

  #colour(world: World, id: string, now: number): void {
    const state = features.assetState(world, id, this.#alarmed, now);
    // An asset without a state of its own is drawn as silent: ten thousand need not be told so at the start.
    if ((this.#states.get(id) ?? SILENT) === state) return;
    this.#states.set(id, state);
    this.#map.setFeatureState({ source: 'assets', id }, { s: state });
  }

  /** Assets that moved, as a difference; the next one waits until the map has taken this one. */
  #move(world: World, ids: Iterable<string>): void {
    const source = this.#map.getSource<GeoJSONSource>('assets');
    if (world.moving.size === 0 || this.#moving || !source) return;
    const update = [];
    for (const id of ids) {
      const at = world.moving.get(id);
      if (!at || this.#drawn.get(id) === at.join()) continue;
      this.#drawn.set(id, at.join());
      update.push({ id, newGeometry: { type: 'Point' as const, coordinates: at } });
    }
    if (update.length === 0) return;
    this.#moving = true;
    const done = () => (this.#moving = false);
    source.updateData({ update }).then(done, done);
  }

  #labels(world: World, moment: number): void {
    const now = performance.now();
    if (now - this.#labelsAt < LABELS_MS) {
      this.mark('values');
      return;
    }
    this.#labelsAt = now;
    const from = world.assets.size > MANY ? MANY_ZOOM : world.assets.size > 200 ? LABELS_ZOOM : 0;
    if (this.#map.getZoom() < from) {
      if (this.#labelled) this.#set('values', features.collection([]));
      this.#labelled = false;
      return;
    }
    this.#labelled = true;
    const box = this.#map.getBounds();
    this.#set('values', features.valueFeatures(world, { west: box.getWest(), south: box.getSouth(), east: box.getEast(), north: box.getNorth() }, this.#alarmed, moment));
  }
}
