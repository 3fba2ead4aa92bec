import { expect, test } from 'vitest';
import { parseArea, parsePlace, polygon, writeArea, writePlace } from './coordinates';

test('places as people type them', () => {
  const check = (text: string, expected: [number, number] | null) => expect(parsePlace(text), text).toEqual(expected);
  check('43.7384, 7.4246', [7.4246, 43.7384]);
  check(' 43.7384 7.4246 ', [7.4246, 43.7384]);
  check('43,7384; 7,4246', [7.4246, 43.7384]);
  check('43.7384° N, 7.4246° E', [7.4246, 43.7384]);
  check('33.9S 18.4W', [-18.4, -33.9]);
  check('-33.9,-18.4', [-18.4, -33.9]);
  check('91, 7', null);
  check('43.7', null);
  check('Monaco', null);
  check('43.7, 7.4, 1', null);
  expect(parsePlace(writePlace([7.42461, 43.73842]))).toEqual([7.42461, 43.73842]);
});

test('an area is a polygon, alone or in a feature; its ring is closed', () => {
  const drawn = polygon([[0, 0], [1, 0], [1, 1]]);
  expect(drawn).toEqual({ type: 'Polygon', coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] });
  expect(parseArea(writeArea(drawn))).toEqual({ area: drawn, fault: null });
  expect(parseArea(JSON.stringify({ type: 'Feature', properties: {}, geometry: drawn })).area).toEqual(drawn);
  expect(parseArea(JSON.stringify({ type: 'FeatureCollection', features: [{ type: 'Feature', geometry: drawn }] })).area).toEqual(drawn);
  expect(parseArea('{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1]]]}').area).toEqual(drawn);
  expect(parseArea('{').fault).toBe('json');
  expect(parseArea('null').fault).toBe('polygon');
  expect(parseArea('{"type":"Point","coordinates":[0,0]}').fault).toBe('polygon');
  expect(parseArea('{"type":"Polygon","coordinates":[[["a",0]]]}').fault).toBe('polygon');
  expect(parseArea('{"type":"Polygon","coordinates":[[[0,0],[1,0]]]}').fault).toBe('corners');
});
