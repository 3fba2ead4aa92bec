import { expect, test } from 'vitest';
import type { Asset, Observation, Zone } from '../lib/wire';
import { MOST_LOOSE, World, type Topic } from './world';

const reading = (part: Partial<Observation>): Observation => ({
  id: 'o', kind: 'air.pm25', source: 's', asset: 'a', time: '2026-05-04T03:00:00Z', arrived: '2026-05-04T03:00:00Z', place: { type: 'Point', coordinates: [7, 43] },
  value: 1, unit: 'ug/m3', quality: 'good', origin: 'live', attributes: {}, ...part,
});

test('a resource is replaced by a newer version only', () => {
  const topics: Topic[] = [];
  const world = new World((topic) => topics.push(topic));
  expect(world.put('zones', { id: 'z', version: 2 })).toBe(true);
  expect(world.put('zones', { id: 'z', version: 1 })).toBe(false);
  expect(world.zones.get('z')?.version).toBe(2);
  expect(topics).toEqual(['zones']);
});

test('the newest reading of each kind is kept, whatever the order', () => {
  const world = new World();
  world.observe([reading({ value: 2, time: '2026-05-04T03:01:00Z' }), reading({ value: 1 }), reading({ kind: 'air.no2', value: 9 })]);
  expect(world.values.get('a')?.get('air.pm25')?.value).toBe(2);
  expect(world.values.get('a')?.get('air.no2')?.value).toBe(9);
  expect([...world.dirty]).toEqual(['a']);
});

test('readings without an asset are kept once, newest first, and not without end', () => {
  const world = new World();
  world.observe([reading({ id: '1', asset: null }), reading({ id: '1', asset: null }), reading({ id: '2', asset: null }), reading({ id: '3', asset: null, place: null })]);
  expect(world.loose.map((report) => report.id)).toEqual(['2', '1']);
  world.observe(Array.from({ length: MOST_LOOSE + 20 }, (_, i) => reading({ id: `n${i}`, asset: null })));
  expect(world.loose.length).toBe(MOST_LOOSE);
});

test('a picture replaces everything that moves and marks what vanished', () => {
  const world = new World();
  world.observe([reading({})]);
  world.dirty.clear();
  world.show({ at: '', observations: [reading({ asset: 'b' })], alarms: [], incidents: [], setting: null });
  expect([...world.values.keys()]).toEqual(['b']);
  expect([...world.dirty].sort()).toEqual(['a', 'b']);
});

test('the setting of a past moment is that of today but for what was another then', () => {
  const today = new World();
  today.fill('assets', [{ id: 'a', version: 2 }, { id: 'new', version: 1 }, { id: 'heard', version: 1 }]);
  today.fill('zones', [{ id: 'z', version: 3 }, { id: 'new', version: 1 }]);
  const past = new World();
  past.setBack(today, { assets: [{ id: 'a', version: 1 }, { id: 'gone', version: 4 }] as Asset[], zones: [{ id: 'z', version: 1 }] as Zone[], later_assets: ['new', 'heard'], later_zones: ['new'] }, new Set(['heard']));
  expect([...past.assets.values()].map(({ id, version }) => [id, version])).toEqual([['a', 1], ['heard', 1], ['gone', 4]]);
  expect([...past.zones.values()].map(({ id, version }) => [id, version])).toEqual([['z', 1]]);
});
