// The layers of the city itself, above the base map. Colours that change with the readings come from feature-state, so
// that a new reading costs no new tile.

import type { ExpressionSpecification, LayerSpecification, Map } from 'maplibre-gl';
import { fonts } from './base';
import type { Colours } from './colours';

export const sources = ['zones', 'views', 'ring', 'reports', 'assets', 'values', 'entries', 'draft'] as const;
export type SourceName = (typeof sources)[number];

/** What a person can switch, and the layers it stands for. Alarms and incidents always show: the queue lists them. */
export const groups: Record<string, string[]> = {
  assets: ['asset-disc', 'asset-sign'], values: ['value'], cameras: ['view', 'view-line'], zones: ['zone', 'zone-line', 'zone-name'], reports: ['report'],
};

/** State of an asset as a number for feature-state: silent, fine, then the severities. */
export const SILENT = 0;
export const FINE = 1;

const pick = (colours: Colours, input: ExpressionSpecification): ExpressionSpecification =>
  ['match', input, 1, colours.ok, 2, colours.unknown, 3, colours.minor, 4, colours.moderate, 5, colours.severe, 6, colours.extreme, colours.silent];
const state: ExpressionSpecification = ['coalesce', ['feature-state', 's'], SILENT];
const raised: ExpressionSpecification = ['boolean', ['feature-state', 'h'], false];
const chosen: ExpressionSpecification = ['boolean', ['feature-state', 'c'], false];

function areas(colours: Colours): LayerSpecification[] {
  return [
    { id: 'zone', type: 'fill', source: 'zones', paint: { 'fill-color': colours.accent, 'fill-opacity': ['case', raised, 0.14, 0.045] } },
    { id: 'zone-line', type: 'line', source: 'zones', paint: { 'line-color': colours.accent, 'line-opacity': 0.55, 'line-width': 1.2, 'line-dasharray': [3, 2] } },
    { id: 'view', type: 'fill', source: 'views', minzoom: 12, filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': colours.accent, 'fill-opacity': 0.16 } },
    { id: 'view-line', type: 'line', source: 'views', minzoom: 12, paint: { 'line-color': colours.accent, 'line-opacity': 0.6, 'line-width': 1 } },
    { id: 'draft', type: 'fill', source: 'draft', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': colours.moderate, 'fill-opacity': 0.18 } },
    { id: 'ring', type: 'line', source: 'ring', paint: { 'line-color': colours.text, 'line-opacity': 0.7, 'line-width': 1.4, 'line-dasharray': [2, 2] } },
  ];
}

function things(colours: Colours): LayerSpecification[] {
  return [
    { id: 'report', type: 'circle', source: 'reports', paint: { 'circle-color': colours.past, 'circle-opacity': 0.75, 'circle-radius': ['interpolate', ['linear'], ['zoom'], 9, 2, 15, 5], 'circle-stroke-color': colours.halo, 'circle-stroke-width': 1 } },
    { id: 'asset-disc', type: 'circle', source: 'assets', paint: {
      'circle-color': pick(colours, state), 'circle-stroke-color': ['case', raised, colours.text, colours.halo], 'circle-stroke-width': ['case', raised, 2.5, 1.4],
      'circle-radius': ['interpolate', ['linear'], ['zoom'], 9, 2.2, 12, 4.5, 13.5, 9.5, 17, 12] } },
    { id: 'asset-sign', type: 'symbol', source: 'assets', minzoom: 13, layout: { 'icon-image': ['get', 'sign'], 'icon-allow-overlap': true, 'icon-ignore-placement': true } },
    { id: 'value', type: 'symbol', source: 'values', layout: {
      'text-field': ['get', 'text'], 'text-font': fonts, 'text-size': 12, 'text-anchor': 'left', 'text-offset': [1.1, 0], 'text-justify': 'left', 'symbol-sort-key': ['-', 5, ['get', 's']] },
      paint: { 'text-color': ['match', ['get', 's'], [2, 3, 4, 5], pick(colours, ['get', 's']), colours.text], 'text-halo-color': colours.halo, 'text-halo-width': 1.8, 'text-opacity': ['case', ['==', ['get', 's'], SILENT], 0.65, 1] } },
    { id: 'zone-name', type: 'symbol', source: 'zones', minzoom: 11, layout: { 'text-field': ['get', 'name'], 'text-font': fonts, 'text-size': 11, 'text-letter-spacing': 0.05 },
      paint: { 'text-color': colours.accent, 'text-halo-color': colours.halo, 'text-halo-width': 1.5, 'text-opacity': 0.9 } },
  ];
}

function marks(colours: Colours): LayerSpecification[] {
  const small: ExpressionSpecification = ['==', ['get', 'sort'], 'alarm'];
  return [
    { id: 'entry-halo', type: 'circle', source: 'entries', paint: {
      'circle-radius': ['case', ['any', raised, chosen], 24, ['==', ['get', 'state'], 'new'], 19, 0],
      'circle-color': ['case', chosen, colours.accent, colours.text], 'circle-opacity': ['case', raised, 0.3, chosen, 0.25, 0.1],
      'circle-stroke-color': ['case', ['any', raised, chosen], colours.text, ['get', 'colour']], 'circle-stroke-width': ['case', raised, 2.5, chosen, 2, 1.5] } },
    { id: 'entry', type: 'symbol', source: 'entries', layout: {
      'icon-image': ['get', 'sign'], 'icon-allow-overlap': true, 'symbol-sort-key': ['get', 'order'], 'text-field': ['get', 'label'], 'text-font': fonts,
      'text-size': ['case', small, 10, 12], 'text-anchor': 'top', 'text-offset': [0, 1.55], 'text-optional': true, 'text-max-width': 14 },
      paint: { 'text-color': colours.text, 'text-halo-color': colours.halo, 'text-halo-width': 2 } },
  ];
}

/** What is being drawn, or stands in the open form: above everything. */
function draft(colours: Colours): LayerSpecification[] {
  return [
    { id: 'draft-line', type: 'line', source: 'draft', filter: ['!=', ['geometry-type'], 'Point'], paint: { 'line-color': colours.moderate, 'line-width': 2.5 } },
    { id: 'draft-point', type: 'circle', source: 'draft', filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-color': colours.moderate, 'circle-radius': ['get', 'size'], 'circle-stroke-color': colours.text, 'circle-stroke-width': 2 } },
  ];
}

/** Adds the sources (empty) and layers; called again after each change of style. */
export function addLayers(map: Map, colours: Colours): void {
  for (const name of sources) {
    if (!map.getSource(name)) map.addSource(name, { type: 'geojson', promoteId: 'id', data: { type: 'FeatureCollection', features: [] }, ...(name === 'assets' ? { buffer: 16, maxzoom: 15 } : {}) });
  }
  for (const layer of [...areas(colours), ...things(colours), ...marks(colours), ...draft(colours)]) if (!map.getLayer(layer.id)) map.addLayer(layer);
}

export function showGroup(map: Map, layers: readonly string[], visible: boolean): void {
  for (const id of layers) if (map.getLayer(id)) map.setLayoutProperty(id, 'visibility', visible ? 'visible' : 'none');
}
