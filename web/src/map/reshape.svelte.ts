// The corners of an area that exists, changed one by one on the map. The form that asked for it follows every step.

import type { LonLat, Polygon } from '../lib/coordinates';
import { cornerAt, inserted, moved, removed, sameSpot, type Spot } from './corners';

interface Step { area: Polygon; chosen: Spot | null }

/** More steps back are forgotten. */
export const MOST_STEPS = 200;

export class Reshape {
  /** Null where nothing is reshaped. */
  area: Polygon | null = $state.raw(null);
  chosen: Spot | null = $state.raw(null);
  /** The chosen corner was clicked: the next click on the map is its new place. */
  picked = $state(false);
  /** More corners are in view than handles can be told apart. */
  crowded = $state(false);
  /** A corner was to be removed from a ring that has no more to spare. */
  refused = $state(false);
  steps: readonly Step[] = $state.raw([]);
  #before: Polygon | null = null;
  #tell: (area: Polygon) => void = () => {};
  #opener: HTMLElement | null = null;

  /** `tell` learns of every step; `opener` gets the focus back at the end. */
  start(area: Polygon, tell: (area: Polygon) => void, opener: HTMLElement | null = null): void {
    this.#before = area;
    this.#tell = tell;
    this.#opener = opener;
    this.steps = [];
    this.choose(null);
    this.area = area;
  }

  choose(spot: Spot | null, picked = false): void {
    if (!sameSpot(this.chosen, spot)) this.chosen = spot && { ring: spot.ring, index: spot.index };
    this.picked = picked;
    this.refused = false;
  }

  /** Moves the chosen corner; `on` continues the step before, as a drag does with every frame. */
  move(at: LonLat, on = false): void {
    if (this.area && this.chosen) this.#put(moved(this.area, this.chosen, at), this.chosen, on);
  }

  /** Adds a corner after this one and chooses it. */
  insert(spot: Spot, at?: LonLat): void {
    if (this.area) this.#put(inserted(this.area, spot, at), { ring: spot.ring, index: spot.index + 1 });
  }

  remove(): void {
    const { area, chosen } = this;
    if (!area || !chosen) return;
    const rest = removed(area, chosen);
    if (rest) this.#put(rest, { ring: chosen.ring, index: Math.max(0, chosen.index - 1) });
    else this.refused = true;
  }

  undo(): void {
    const step = this.steps.at(-1);
    if (!step) return;
    this.#put(step.area, step.chosen, true);
    this.steps = this.steps.slice(0, -1);
  }

  /** Ends with the area as it is. */
  finish(): void {
    if (!this.area) return;
    this.area = null;
    this.choose(null);
    const opener = this.#opener;
    // The focus was on a handle or in the bar, unless a person went on in the form. On a phone the form is shown again only now.
    if (opener) requestAnimationFrame(() => document.activeElement === document.body && opener.isConnected && opener.focus());
  }

  /** Ends with the area as it was. */
  cancel(): void {
    if (this.area && this.#before && this.steps.length > 0) this.#tell(this.#before);
    this.finish();
  }

  #put(area: Polygon, chosen: Spot | null, on = false): void {
    if (!on && this.area) this.steps = [...this.steps.slice(1 - MOST_STEPS), { area: this.area, chosen: this.chosen }];
    this.area = area;
    this.choose(null);
    // A new object each time: the handle takes the focus back, also from a click on the map.
    this.choose(chosen && cornerAt(area, chosen) ? chosen : null);
    this.#tell(area);
  }
}

export const reshape = new Reshape();
