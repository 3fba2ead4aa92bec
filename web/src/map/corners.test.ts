import { expect, test } from 'vitest';
import type { Polygon } from '../lib/coordinates';
import { corners, inserted, middles, moved, removed } from './corners';
import { MOST_STEPS, Reshape } from './reshape.svelte';

const area: Polygon = { type: 'Polygon', coordinates: [[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]], [[1, 1], [2, 1], [2, 2], [1, 1]]] };
const outer = (held: Polygon | null) => held?.coordinates[0];

test('corners and middles of all rings, each ring without its closing corner', () => {
  expect(corners(area).map(({ ring, index, of }) => [ring, index, of])).toEqual([[0, 0, 4], [0, 1, 4], [0, 2, 4], [0, 3, 4], [1, 0, 3], [1, 1, 3], [1, 2, 3]]);
  expect(middles(area).map(({ at }) => at)).toEqual([[2, 0], [4, 2], [2, 4], [0, 2], [1.5, 1], [2, 1.5], [1.5, 1.5]]);
});

test('a corner moves, and the ring stays closed', () => {
  const check = (index: number, expected: number[][]) => expect(outer(moved(area, { ring: 0, index }, [9, 9.12345678]))).toEqual(expected);
  check(0, [[9, 9.123457], [4, 0], [4, 4], [0, 4], [9, 9.123457]]);
  check(3, [[0, 0], [4, 0], [4, 4], [9, 9.123457], [0, 0]]);
  const hole = moved(area, { ring: 1, index: 1 }, [3, 1]);
  expect(hole.coordinates).toEqual([area.coordinates[0], [[1, 1], [3, 1], [2, 2], [1, 1]]]);
});

test('a corner is added after another, also after the last', () => {
  expect(outer(inserted(area, { ring: 0, index: 0 }))).toEqual([[0, 0], [2, 0], [4, 0], [4, 4], [0, 4], [0, 0]]);
  expect(outer(inserted(area, { ring: 0, index: 3 }, [-1, 2]))).toEqual([[0, 0], [4, 0], [4, 4], [0, 4], [-1, 2], [0, 0]]);
});

test('a corner is removed, never below three', () => {
  expect(outer(removed(area, { ring: 0, index: 0 }))).toEqual([[4, 0], [4, 4], [0, 4], [4, 0]]);
  expect(removed(area, { ring: 1, index: 0 })).toBeNull();
  expect(removed(area, { ring: 0, index: 7 })).toBeNull();
});

function begun(): { reshape: Reshape; told: Polygon[] } {
  const reshape = new Reshape();
  const told: Polygon[] = [];
  reshape.start(area, (held) => told.push(held));
  return { reshape, told };
}

test('every step is told; a drag is one step to undo', () => {
  const { reshape, told } = begun();
  reshape.choose({ ring: 0, index: 1 });
  reshape.move([5, 0]);
  reshape.move([6, 0], true);
  reshape.move([7, 0], true);
  expect(told.map((held) => outer(held)?.[1])).toEqual([[5, 0], [6, 0], [7, 0]]);
  expect(reshape.steps.length).toBe(1);
  reshape.undo();
  expect([reshape.area, told.at(-1), reshape.chosen, reshape.steps.length]).toEqual([area, area, { ring: 0, index: 1 }, 0]);
  reshape.undo();
  expect(told.length).toBe(4);
});

test('what was added is chosen; removed down to three, and no further', () => {
  const { reshape } = begun();
  reshape.insert({ ring: 0, index: 3 });
  expect(reshape.chosen).toEqual({ ring: 0, index: 4 });
  reshape.remove();
  reshape.remove();
  expect([outer(reshape.area)?.length, reshape.chosen, reshape.refused]).toEqual([4, { ring: 0, index: 2 }, false]);
  reshape.remove();
  expect([outer(reshape.area)?.length, reshape.refused]).toEqual([4, true]);
  reshape.undo();
  expect([outer(reshape.area)?.length, reshape.refused]).toEqual([5, false]);
});

test('a corner that was picked up is put down once', () => {
  const { reshape } = begun();
  reshape.choose({ ring: 0, index: 1 }, true);
  reshape.move([5, 0]);
  expect([reshape.picked, reshape.chosen]).toEqual([false, { ring: 0, index: 1 }]);
});

test('cancel tells the area as it was, finish leaves it', () => {
  const cancelled = begun();
  cancelled.reshape.insert({ ring: 0, index: 0 });
  cancelled.reshape.cancel();
  expect([cancelled.reshape.area, cancelled.told.at(-1)]).toEqual([null, area]);
  const finished = begun();
  finished.reshape.insert({ ring: 0, index: 0 });
  finished.reshape.finish();
  expect([finished.reshape.area, outer(finished.told.at(-1) ?? null)?.length]).toEqual([null, 6]);
});

test('the steps to undo have a bound', () => {
  const { reshape } = begun();
  reshape.choose({ ring: 0, index: 1 });
  for (let i = 0; i < MOST_STEPS + 5; i += 1) reshape.move([i, 0]);
  expect(reshape.steps.length).toBe(MOST_STEPS);
});
