// Where the map is asked to look, what is chosen on it, and the circle drawn for "near in space".

import type { Box } from '../lib/box';
import type { Geometry } from '../lib/wire';

class Focus {
  /** The latest wish; the map takes it once. */
  wish: { place: Geometry; at: number } | null = $state.raw(null);
  ring: { centre: [number, number]; radiusM: number } | null = $state.raw(null);
  /** What the large map shows, or showed last. */
  view: Box | null = $state.raw(null);
  asset: string | null = $state(null);
  /** A zone pointed at in its list. */
  zone: string | null = $state(null);
}

export const focus = new Focus();

export function focusOn(place: Geometry | null | undefined): void {
  if (place) focus.wish = { place, at: Date.now() };
}
