// The base map: our own vector tiles (docs/basemap.md) in a dark and a light drawing. Only this file knows its colours.

import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl';

export const fonts = ['Inter', 'Noto Sans', 'sans-serif'];

interface Paint {
  land: string; water: string; waterLine: string; green: string; wood: string; built: string; civic: string; building: string; buildingLine: string;
  road: string; roadMinor: string; motorway: string; casing: string; path: string; rail: string; label: string; labelWater: string; halo: string;
}

const dark: Paint = {
  land: '#10171e', water: '#0b2431', waterLine: '#14374a', green: '#12231d', wood: '#11251c', built: '#131b23', civic: '#161f2b', building: '#1d2833', buildingLine: '#2a3946',
  road: '#435564', roadMinor: '#33424f', motorway: '#5a6b78', casing: '#0c1319', path: '#2a3b43', rail: '#35424e', label: '#a3b3c3', labelWater: '#5f93ab', halo: '#0d141a',
};

const light: Paint = {
  land: '#f3f1ec', water: '#b9d8e6', waterLine: '#a3c8da', green: '#d6e8cf', wood: '#c9e0c3', built: '#edeae4', civic: '#e8e4ee', building: '#e0dcd4', buildingLine: '#cfc9be',
  road: '#ffffff', roadMinor: '#ffffff', motorway: '#ffe4ad', casing: '#d2ccc0', path: '#c9b9a0', rail: '#b9b4ac', label: '#4d5a66', labelWater: '#3a728e', halo: '#f8f6f2',
};

const byZoom = (...stops: [number, number | ExpressionSpecification][]): ExpressionSpecification =>
  ['interpolate', ['exponential', 1.5], ['zoom'], ...stops.flat()] as unknown as ExpressionSpecification;

/** Width of a road by its rank, at one zoom: a wide one for rank 1, thinner with each rank. */
const width = (widest: number): ExpressionSpecification => ['max', 0.6, ['*', widest, ['-', 1, ['*', 0.11, ['-', ['coalesce', ['get', 'rank'], 8], 1]]]]];

const isPath: ExpressionSpecification = ['in', ['get', 'class'], ['literal', ['footway', 'cycleway', 'track']]];

function grounds(paint: Paint): LayerSpecification[] {
  const base = { source: 'base' } as const;
  return [
    { id: 'landuse', type: 'fill', ...base, 'source-layer': 'landuse', paint: { 'fill-color': ['match', ['get', 'class'], ['education', 'health'], paint.civic, paint.built] } },
    { id: 'green', type: 'fill', ...base, 'source-layer': 'green', paint: { 'fill-color': ['match', ['get', 'class'], ['forest', 'scrub'], paint.wood, ['beach', 'rock'], paint.built, paint.green] } },
    { id: 'water', type: 'fill', ...base, 'source-layer': 'water', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': paint.water } },
    { id: 'water-line', type: 'line', ...base, 'source-layer': 'water', filter: ['==', ['geometry-type'], 'LineString'], paint: { 'line-color': paint.waterLine, 'line-width': byZoom([9, 0.6], [16, 5]) } },
    { id: 'building', type: 'fill', ...base, 'source-layer': 'building', minzoom: 13, paint: { 'fill-color': paint.building, 'fill-outline-color': paint.buildingLine, 'fill-opacity': byZoom([13, 0], [14, 1]) } },
  ];
}

function ways(paint: Paint): LayerSpecification[] {
  const base = { source: 'base' } as const;
  const round = { 'line-cap': 'round', 'line-join': 'round' } as const;
  return [
    { id: 'rail', type: 'line', ...base, 'source-layer': 'rail', paint: { 'line-color': paint.rail, 'line-width': byZoom([10, 0.5], [17, 2.4]), 'line-dasharray': [4, 2] } },
    { id: 'path', type: 'line', ...base, 'source-layer': 'road', minzoom: 14, filter: isPath, paint: { 'line-color': paint.path, 'line-width': byZoom([14, 0.6], [18, 2.4]), 'line-dasharray': [2, 1.5] } },
    { id: 'road-casing', type: 'line', ...base, 'source-layer': 'road', minzoom: 12, filter: ['!', isPath], layout: round, paint: { 'line-color': paint.casing, 'line-width': byZoom([12, width(3.6)], [15, width(11)], [18, width(34)]) } },
    { id: 'road', type: 'line', ...base, 'source-layer': 'road', filter: ['!', isPath], layout: round, paint: {
      'line-color': ['match', ['get', 'class'], ['motorway', 'trunk'], paint.motorway, ['primary', 'secondary', 'tertiary'], paint.road, paint.roadMinor],
      'line-opacity': ['case', ['==', ['get', 'tunnel'], true], 0.45, 1],
      'line-width': byZoom([8, width(1.4)], [12, width(2.6)], [15, width(8.5)], [18, width(30)]) } },
  ];
}

function names(paint: Paint): LayerSpecification[] {
  const base = { source: 'base' } as const;
  const halo = { 'text-color': paint.label, 'text-halo-color': paint.halo, 'text-halo-width': 1.4 } as const;
  return [
    { id: 'road-name', type: 'symbol', ...base, 'source-layer': 'road', minzoom: 14, filter: ['has', 'name'],
      layout: { 'symbol-placement': 'line', 'text-field': ['get', 'name'], 'text-font': fonts, 'text-size': byZoom([14, 10], [18, 13]), 'symbol-spacing': 320, 'symbol-sort-key': ['coalesce', ['get', 'rank'], 9] }, paint: halo },
    { id: 'poi-name', type: 'symbol', ...base, 'source-layer': 'poi', minzoom: 15, filter: ['has', 'name'],
      layout: { 'text-field': ['get', 'name'], 'text-font': fonts, 'text-size': 11, 'text-max-width': 8, 'symbol-sort-key': ['coalesce', ['get', 'rank'], 9] }, paint: { ...halo, 'text-opacity': 0.85 } },
    { id: 'water-name', type: 'symbol', ...base, 'source-layer': 'place', filter: ['==', ['get', 'class'], 'water'],
      layout: { 'text-field': ['get', 'name'], 'text-font': fonts, 'text-size': 12, 'text-letter-spacing': 0.06 }, paint: { 'text-color': paint.labelWater, 'text-halo-color': paint.water, 'text-halo-width': 1 } },
    { id: 'place-name', type: 'symbol', ...base, 'source-layer': 'place', filter: ['!=', ['get', 'class'], 'water'],
      layout: { 'text-field': ['get', 'name'], 'text-font': fonts, 'text-size': ['match', ['get', 'class'], ['city'], 18, ['town'], 15, ['village', 'suburb'], 13, 11.5], 'text-letter-spacing': 0.02, 'text-max-width': 8, 'symbol-sort-key': ['coalesce', ['get', 'rank'], 9] }, paint: { ...halo, 'text-halo-width': 1.8 } },
  ];
}

/** Layers of the base map that a person can switch. */
export const baseGroups: Record<string, string[]> = { buildings: ['building'], names: ['road-name', 'poi-name', 'water-name', 'place-name'] };

/** A style without glyphs and sprites: names are drawn from the fonts of the system. */
export function baseStyle(theme: 'dark' | 'light', basemap: string | null, attribution: string): StyleSpecification {
  const paint = theme === 'dark' ? dark : light;
  const background: LayerSpecification = { id: 'background', type: 'background', paint: { 'background-color': paint.land } };
  if (!basemap) return { version: 8, sources: {}, layers: [background] };
  return {
    version: 8,
    sources: { base: { type: 'vector', url: `pmtiles://${new URL(basemap, location.href).href}`, attribution } },
    layers: [background, ...grounds(paint), ...ways(paint), ...names(paint)],
  };
}
