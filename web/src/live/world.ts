// What the console knows of the city: plain maps, so that ten thousand readings a second cost no proxies. Whoever
// shows something subscribes to the topics it depends on.

import { anchor } from '../lib/geo';
import { asRead } from '../lib/said';
import type { Alarm, Asset, Incident, Kind, Observation, Picture, Playbook, Rule, Setting, Zone } from '../lib/wire';
import { Rhythm } from './rhythm';

export interface Versioned { id: string; version: number }
export type Topic = 'assets' | 'zones' | 'kinds' | 'rules' | 'playbooks' | 'alarms' | 'incidents' | 'values';

/** Newest reading of each kind, by asset (or by source, for readings without one). */
export type Readings = Map<string, Observation>;

/** Whether the first reading is of a later time. As texts they compare only where both have, or lack, a fraction of a second. */
const isLater = (one: Observation, other: Observation): boolean =>
  one.time.length === other.time.length ? one.time > other.time : Date.parse(one.time) > Date.parse(other.time);

export class World {
  readonly assets = new Map<string, Asset>();
  readonly zones = new Map<string, Zone>();
  readonly kinds = new Map<string, Kind>();
  readonly rules = new Map<string, Rule>();
  readonly playbooks = new Map<string, Playbook>();
  readonly alarms = new Map<string, Alarm>();
  readonly incidents = new Map<string, Incident>();
  readonly values = new Map<string, Readings>();
  /** Where assets that move are, by their newest reading with a place of its own. */
  readonly moving = new Map<string, [number, number]>();
  /** Readings without an asset, newest first: reports and detections that stand for themselves on the map. */
  readonly loose: Observation[] = [];
  /** Assets with new readings since the map last took them. */
  readonly dirty = new Set<string>();
  /** When each asset was heard last, in Unix ms, and by a reading of which kind. */
  #heard = new Map<string, { at: number; kind: string }>();
  #rhythm: Rhythm;
  #learns: boolean;
  #changed: (topic: Topic) => void;

  /** A world of the past is given that of today: a single moment does not say how often its assets report. */
  constructor(changed: (topic: Topic) => void = () => {}, today: World | null = null) {
    this.#changed = changed;
    this.#rhythm = today ? today.#rhythm : new Rhythm();
    this.#learns = today === null;
  }

  /** Takes a resource unless a newer one is here already. */
  put(topic: Exclude<Topic, 'values'>, resource: Versioned): boolean {
    const shelf = this[topic] as Map<string, Versioned>;
    const held = shelf.get(resource.id);
    if (held && held.version > resource.version) return false;
    shelf.set(resource.id, asRead(resource));
    this.#changed(topic);
    return true;
  }

  delete(topic: Exclude<Topic, 'values'>, id: string): void {
    if (this[topic].delete(id)) this.#changed(topic);
  }

  fill(topic: Exclude<Topic, 'values'>, resources: Versioned[]): void {
    const shelf = this[topic] as Map<string, Versioned>;
    shelf.clear();
    for (const resource of resources) shelf.set(resource.id, asRead(resource));
    this.#changed(topic);
  }

  /** Takes readings; an older one never replaces a newer one. */
  observe(observations: readonly Observation[]): void {
    for (const observation of observations) {
      if (!observation.asset) {
        this.#keepLoose(observation);
        continue;
      }
      let readings = this.values.get(observation.asset);
      if (!readings) {
        readings = new Map();
        this.values.set(observation.asset, readings);
      }
      const held = readings.get(observation.kind);
      if (held && isLater(held, observation)) continue;
      readings.set(observation.kind, observation);
      this.dirty.add(observation.asset);
      this.#hear(observation.asset, observation);
      this.#move(observation.asset, observation);
    }
    if (observations.length > 0) this.#changed('values');
  }

  #hear(id: string, observation: Observation): void {
    const at = Date.parse(observation.time);
    const heard = this.#heard.get(id);
    if (!heard) this.#heard.set(id, { at, kind: observation.kind });
    else if (at >= heard.at) [heard.at, heard.kind] = [at, observation.kind];
    if (this.#learns) this.#rhythm.hear(id, observation.kind, at);
  }

  /** Since when an asset should have been heard again, in Unix ms: its newest reading. Null while it reports, or where it never did. */
  silentSince(id: string, now: number): number | null {
    const heard = this.#heard.get(id);
    return heard && this.#rhythm.overdue(id, heard.kind, now - heard.at) ? heard.at : null;
  }

  #move(id: string, observation: Observation): void {
    const asset = this.assets.get(id);
    if (!asset || asset.place.type !== 'Point' || observation.place?.type !== 'Point') return;
    const [lon, lat] = observation.place.coordinates;
    const [homeLon, homeLat] = asset.place.coordinates;
    if (lon === undefined || lat === undefined) return;
    if (lon !== homeLon || lat !== homeLat || this.moving.has(id)) this.moving.set(id, [lon, lat]);
  }

  /** Where an asset is: by its newest reading, else where it stands. */
  position(asset: Asset): [number, number] | null {
    return this.moving.get(asset.id) ?? anchor(asset.place);
  }

  #keepLoose(observation: Observation): void {
    if (!observation.place || this.loose.some((held) => held.id === observation.id)) return;
    this.loose.unshift(observation);
    if (this.loose.length > MOST_LOOSE) this.loose.length = MOST_LOOSE;
  }

  /** The setting as it was: today's, with what was another then. What was registered later stays where it has readings. */
  setBack(today: World, setting: Setting, observed: ReadonlySet<string>): void {
    const later = new Set([...setting.later_assets.filter((id) => !observed.has(id)), ...setting.later_zones.map((id) => `zone ${id}`)]);
    const then = <T extends Versioned>(now: ReadonlyMap<string, T>, changed: readonly T[], prefix: string): T[] => {
      const held = new Map([...now].filter(([id]) => !later.has(prefix + id)));
      for (const one of changed) held.set(one.id, one);
      return [...held.values()];
    };
    this.fill('assets', then(today.assets, setting.assets as Asset[], ''));
    this.fill('zones', then(today.zones, setting.zones as Zone[], 'zone '));
  }

  /** Replaces everything that moves with time by the picture of one moment. */
  show(picture: Picture): void {
    for (const asset of this.values.keys()) this.dirty.add(asset);
    this.values.clear();
    this.#heard.clear();
    this.moving.clear();
    this.loose.length = 0;
    this.fill('alarms', picture.alarms);
    this.fill('incidents', picture.incidents);
    this.observe(picture.observations);
    this.#changed('values');
  }

  /** Takes what holds at this moment into what is known; newer readings that came meanwhile stay. */
  merge(picture: Picture): void {
    this.fill('alarms', picture.alarms);
    this.fill('incidents', picture.incidents);
    this.observe(picture.observations);
  }

  /** Shares everything that is configured with another world (a past moment differs from today in a few of them). */
  borrow(other: World): void {
    for (const topic of ['assets', 'zones', 'kinds', 'rules', 'playbooks'] as const) {
      this.fill(topic, [...(other[topic] as Map<string, Versioned>).values()]);
    }
  }
}

/** Most readings without an asset that are kept; the map shows the latest ones. */
export const MOST_LOOSE = 500;
