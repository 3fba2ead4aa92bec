// A place or an area that a person chooses on the map: by clicks, or by the crosshair in its middle and the keyboard.
// The form that asked for it stays open beside the map.

import { FEWEST_CORNERS, polygon, type LonLat } from '../lib/coordinates';
import type { Geometry } from '../lib/wire';

interface Wish { sort: 'point' | 'area'; done: (place: Geometry) => void; opener: Element | null }

class Draw {
  wish: Wish | null = $state.raw(null);
  corners: LonLat[] = $state.raw([]);
  /** Where the crosshair stands; the map keeps it up to date. */
  centre: LonLat | null = $state.raw(null);
  /** The place or area of the form that is open. */
  shown: Geometry | null = $state.raw(null);

  start(sort: Wish['sort'], done: Wish['done']): void {
    this.corners = [];
    this.wish = { sort, done, opener: document.activeElement };
  }

  take(at: LonLat): void {
    this.corners = [...this.corners, at];
    if (this.wish?.sort === 'point') this.finish();
  }

  undo(): void {
    this.corners = this.corners.slice(0, -1);
  }

  get complete(): boolean {
    return this.wish?.sort === 'point' ? this.corners.length > 0 : this.corners.length >= FEWEST_CORNERS;
  }

  finish(): void {
    const { wish, corners } = this;
    const [first] = corners;
    if (!wish || !first || !this.complete) return;
    this.cancel();
    wish.done(wish.sort === 'point' ? { type: 'Point', coordinates: first } : polygon(corners));
  }

  cancel(): void {
    const opener = this.wish?.opener;
    this.wish = null;
    this.corners = [];
    // On a phone the form is shown again only now.
    if (opener instanceof HTMLElement) requestAnimationFrame(() => opener.isConnected && opener.focus());
  }
}

export const draw = new Draw();
