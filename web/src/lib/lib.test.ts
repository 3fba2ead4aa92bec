import { expect, test } from 'vitest';
import { line } from '../incident/events';
import { advance } from '../live/moment.svelte';
import { fromRule, slug, toRule, blank } from '../rules/form';
import { rank } from '../shell/palette';
import { linkToken } from '../signin/link';
import { parseMapping } from '../sources/mapping';
import { path } from '../system/sparkline';
import { marks, ticks } from '../timeline/ticks';
import { Problem } from './api';
import { anchor, circle, crosses, distanceM, inside, nearestM, offset, sector } from './geo';
import { parse } from './router.svelte';
import type { Geometry } from './wire';
import { ago, span, unit, value } from './show';

const MINUTE = 60_000;

test('geometry: distance and offset agree, sectors are closed, inside is even-odd', () => {
  const monaco: [number, number] = [7.42, 43.73];
  expect(distanceM(monaco, offset(monaco, 500, 90))).toBeCloseTo(500, 0);
  expect(distanceM(monaco, offset(monaco, 500, 0))).toBeCloseTo(500, 0);
  for (const ring of [sector(monaco, { bearing_deg: 90, angle_deg: 60, range_m: 100 }), circle(monaco, 100)]) expect(ring[0]).toEqual(ring[ring.length - 1]);
  const hole = { type: 'Polygon' as const, coordinates: [[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]], [[1, 1], [3, 1], [3, 3], [1, 3], [1, 1]]] };
  expect(inside([0.5, 0.5], hole)).toBe(true);
  expect(inside([2, 2], hole)).toBe(false);
  expect(inside([5, 2], hole)).toBe(false);
  expect(anchor({ type: 'Polygon', coordinates: [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]] })).toEqual([1, 1]);
  expect(anchor(null)).toBeNull();
});

test('the nearest point of a line is not its middle, and inside an area is no distance', () => {
  const check = (from: [number, number], place: Geometry, metres: number) => expect(nearestM(from, place)).toBeCloseTo(metres, -1);
  const road = { type: 'LineString' as const, coordinates: [[0, 0], [2, 0]] };
  check([0.25, 0.01], road, 1112);
  check([-0.01, 0], road, 1112);
  const area = { type: 'Polygon' as const, coordinates: [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]] };
  check([1, 1], area, 0);
  check([1, -0.01], area, 1112);
  check([0, 0.01], { type: 'Point', coordinates: [0, 0] }, 1112);
});

test('an area whose edges cross or touch is told from one that only has corners', () => {
  const check = (rings: [number, number][][], expected: boolean) => expect(crosses({ type: 'Polygon', coordinates: rings }), JSON.stringify(rings)).toBe(expected);
  const square: [number, number][] = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]];
  check([square], false);
  check([[[0, 0], [4, 0], [4, 4], [2, 1], [0, 4], [0, 0]]], false);
  check([[[0, 0], [4, 4], [4, 0], [0, 4], [0, 0]]], true);
  check([[[0, 0], [2, 2], [4, 4], [4, 0], [2, 2], [0, 4], [0, 0]]], true);
  // A corner on the edge across, a way that turns back on itself, and a corner that stands twice.
  check([[[0, 0], [4, 0], [4, 4], [2, 0], [0, 4], [0, 0]]], true);
  check([[[0, 0], [4, 0], [2, 0], [2, 4], [0, 0]]], true);
  check([[[0, 0], [1, 1], [2, 2], [0, 0]]], true);
  check([[[0, 0], [4, 0], [4, 0], [4, 4], [0, 0]]], false);
  // A corner on a straight edge is none too many.
  check([[[0, 0], [2, 0], [4, 0], [4, 4], [0, 0]]], false);
  // Holes may touch the outer ring, not cross it.
  check([square, [[1, 1], [3, 1], [3, 3], [1, 1]]], false);
  check([square, [[0, 0], [3, 1], [3, 3], [0, 0]]], false);
  check([square, [[1, 1], [5, 2], [3, 3], [1, 1]]], true);
  expect(crosses({ type: 'LineString', coordinates: [[0, 0], [2, 2], [2, 0], [0, 2]] })).toBe(false);
});

test('a ring of thousands of corners is judged at once', () => {
  const ring = circle([7.42, 43.73], 5000);
  const many = Array.from({ length: 6000 }, (_, i) => offset([7.42, 43.73], 5000 + (i % 2) * 10, (i * 360) / 6000));
  expect(crosses({ type: 'Polygon', coordinates: [ring] })).toBe(false);
  expect(crosses({ type: 'Polygon', coordinates: [[...many, many[0] ?? [0, 0]]] })).toBe(false);
  const knot = many.with(3000, [7.42, 43.79]);
  expect(crosses({ type: 'Polygon', coordinates: [[...knot, knot[0] ?? [0, 0]]] })).toBe(true);
});

test('addresses', () => {
  const check = (address: string, page: string, id: string | null) => expect(parse(address, '')).toMatchObject({ page, id });
  check('/', 'map', null);
  check('/incidents/inc-1', 'incidents', 'inc-1');
  check('/assets/a%2Fb', 'assets', 'a/b');
  check('/nonsense/x', 'map', 'x');
});

test('a sign-in link carries its token in the path, the query or behind the sign', () => {
  expect(linkToken('/link/abc', '', '')).toBe('abc');
  expect(linkToken('/sign-in', '?link=abc', '')).toBe('abc');
  expect(linkToken('/sign-in', '', '#link=abc')).toBe('abc');
  expect(linkToken('/sign-in', '', '')).toBeNull();
});

test('playing ends at the present', () => {
  expect(advance(0, 1000, 10, 100_000)).toBe(10_000);
  expect(advance(95_000, 1000, 60, 100_000)).toBeNull();
});

test('ticks are round, few and inside', () => {
  const start = Date.parse('2026-05-04T02:03:00Z');
  const found = ticks(start, start + 60 * MINUTE);
  expect(found.length).toBeGreaterThan(2);
  expect(found.length).toBeLessThanOrEqual(8);
  expect(found.every((at) => at % (10 * MINUTE) === 0 && at > start && at < start + 60 * MINUTE)).toBe(true);
  expect(marks([], 0, 1)).toEqual([]);
});

test('values, units and times are written as people write them', () => {
  expect(value({ value: 42.13, unit: 'ug/m3' })).toBe('42.1 µg/m³');
  expect(value({ value: true, unit: '' })).toBe('yes');
  expect(value({ value: 'Noise', unit: '' })).toBe('Noise');
  expect(unit('{vehicle}')).toBe('vehicle');
  expect(span(90)).toBe('1.5 min');
  expect(ago(0, 1000)).toBe('now');
  expect(ago(0, 120_000)).toBe('2 min ago');
});

test('a rule survives the form', () => {
  const rule = toRule({ ...blank('city'), name: 'Über 35 µg!', kinds: ['air.pm25'], alarmTitle: 'High', opens: true }, 0);
  expect(rule.id).toBe('uber-35-g');
  expect(Object.keys(rule.detector)).toEqual(['threshold']);
  expect(toRule(fromRule(rule), 0)).toEqual(rule);
  expect(slug('--a  b--')).toBe('a-b');
});

test('a condition is sent alone', () => {
  const form = { ...blank('city'), name: 'x', detector: 'condition' as const };
  form.fields.condition.expression = 'value > 1.0';
  expect(toRule(form, 2)).toMatchObject({ version: 2, detector: { condition: { expression: 'value > 1.0' } }, incident: null });
});

test('the palette ranks a beginning over a word over a part', () => {
  const labels = (text: string) => rank(['Air map', 'Map', 'Snap mapper', 'Bitmap'].map((label) => ({ label })), text).map((choice) => choice.label);
  expect(labels('map')).toEqual(['Map', 'Air map', 'Snap mapper', 'Bitmap']);
  expect(labels('zzz')).toEqual([]);
});

test('a mapping must be an object', () => {
  expect(parseMapping('')).toEqual({ mapping: null, error: null });
  expect(parseMapping('{"a":1}').error).toBeNull();
  expect(parseMapping('[1]').error).not.toBeNull();
  expect(parseMapping('{').error).not.toBeNull();
});

test('a sparkline of nothing is flat', () => {
  expect(path([])).toBe('M0 28 L100 28');
  expect(path([0, 1])).toBe('M0.00 27.00 L100.00 2.00');
});

test('the timeline reads as sentences', () => {
  const names = { alarm: () => 'Dust', incident: () => '#2', rule: (id: string) => id };
  expect(line({ alarm_joined: { alarm: 'a', why: '410 m away' } }, names)).toMatchObject({ text: 'Alarm joined: Dust', quote: '410 m away' });
  expect(line({ state: { from: 'new', to: 'in_progress' } }, names).text).toBe('New → In progress');
  expect(line({ opened: {} }, names).text).toBe('Opened');
});

test('a problem document is read, also a broken one', async () => {
  const answer = (body: string) => Problem.of(new Response(body, { status: 409, statusText: 'Conflict' }));
  const full = await answer('{"title":"Not now","detail":"from new to closed","mend":"resolve it first","errors":[{"path":"to","message":"no"}]}');
  expect([full.title, full.message, full.mend, full.fields.length]).toEqual(['Not now', 'from new to closed', 'resolve it first', 1]);
  expect((await answer('<html>')).title).toBe('Conflict');
});
