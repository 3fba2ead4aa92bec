// What a map cannot load is said with its cause. Tiles that are under way when the page is left fail with it: that is no fault.

import type { Map as MapLibre } from 'maplibre-gl';

/** So long after the question whether to leave, the page is still here: somebody stayed. */
const STAYED_MS = 2000;
let leaving = false;

if (typeof addEventListener !== 'undefined') {
  addEventListener('pagehide', () => (leaving = true));
  addEventListener('beforeunload', () => {
    leaving = true;
    setTimeout(() => (leaving = false), STAYED_MS);
  });
}

export function tellFaults(map: MapLibre): void {
  map.on('error', ({ error }) => {
    if (!leaving) console.error(`map: ${error.message}`);
  });
}
