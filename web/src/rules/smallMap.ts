// A small map on a page that scrolls: it looks like the large one, and the wheel moves the page.

import { AttributionControl, Map as MapLibre, NavigationControl, addProtocol, setWorkerUrl } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import 'maplibre-gl/dist/maplibre-gl.css';
import '../map/controls.css';
import { Protocol } from 'pmtiles';
import { t } from '../lib/i18n/index.svelte';
import { settings } from '../lib/settings.svelte';
import type { City } from '../lib/wire';
import { baseStyle } from '../map/base';
import { tellFaults } from '../map/faults';

export function smallMap(container: HTMLElement, city: City): MapLibre {
  setWorkerUrl(workerUrl);
  addProtocol('pmtiles', new Protocol().tile);
  const [lon = 0, lat = 0] = city.centre;
  const map = new MapLibre({
    container, style: baseStyle(settings.all.theme, city.basemap ?? null, city.attribution[0] ?? ''), center: [lon, lat], zoom: city.zoom, attributionControl: false, fadeDuration: 0, cooperativeGestures: false, scrollZoom: false,
    locale: { 'NavigationControl.ZoomIn': t('map.in'), 'NavigationControl.ZoomOut': t('map.out'), 'Map.Title': t('map.title') },
  });
  tellFaults(map);
  map.addControl(new NavigationControl({ showCompass: false }), 'top-left');
  map.addControl(new AttributionControl({ compact: false, customAttribution: city.basemap ? [] : city.attribution.slice(0, 1) }), 'bottom-right');
  return map;
}
