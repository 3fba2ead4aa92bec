import { expect, test } from 'vitest';
import { layout, type Step } from './layers';

const steps = (text: string): Step[] => text.split(' ').filter(Boolean).map((part) => {
  const [id = '', before = ''] = part.split('<');
  return { id, before: before.split(',').filter(Boolean) };
});
/** The ids of each layer from left to right. */
const drawn = (text: string) => {
  const { steps: placed, layers } = layout(steps(text));
  return Array.from({ length: layers }, (_, layer) => placed.filter((step) => step.layer === layer).sort((a, b) => a.x - b.x).map(({ id }) => id).join(' '));
};

test('a step stands below all that it comes after', () => {
  const check = (text: string, expected: string[]) => expect(drawn(text)).toEqual(expected);
  check('', []);
  check('a', ['a']);
  check('a b<a c<b', ['a', 'b', 'c']);
  check('a b c<a,b d<c', ['a b', 'c', 'd']);
  check('a b<a c<a,b', ['a', 'b', 'c']);
});

test('neighbours stand below each other, so that edges do not cross', () => {
  expect(drawn('a b c<b d<a')).toEqual(['a b', 'd c']);
  expect(drawn('a b c<a d<b e<c f<d')).toEqual(['a b', 'c d', 'e f']);
});

test('an edge over several layers passes beside the steps between', () => {
  const { edges, steps: placed } = layout(steps('a b<a c<b,a'));
  const long = edges.find((edge) => edge.from === 'a' && edge.to === 'c');
  expect(long?.points.map(({ layer }) => layer)).toEqual([0, 1, 2]);
  const passed = placed.find((step) => step.id === 'b');
  expect(Math.abs((long?.points[1]?.x ?? 0) - (passed?.x ?? 0))).toBeGreaterThan(0.5);
});

test('a circle, a step that waits for itself and a name that is not there are drawn all the same', () => {
  const { edges, layers } = layout(steps('a<c b<a c<b d<d e<nobody'));
  expect(edges.filter((edge) => edge.back).map(({ from, to }) => `${from}${to}`)).toEqual(['ab', 'dd']);
  expect(layers).toBe(3);
  expect(edges.some((edge) => edge.from === 'nobody')).toBe(false);
});

test('no two steps of a layer overlap, whatever the graph', () => {
  // A small generator of its own: the same graphs each time.
  let seed = 7;
  const random = (n: number) => ((seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648), seed % n);
  for (let round = 0; round < 200; round += 1) {
    const count = 1 + random(30);
    const graph = Array.from({ length: count }, (_, i) => ({ id: `s${i}`, before: Array.from({ length: random(4) }, () => `s${random(count)}`) }));
    const { steps: placed, edges } = layout(graph);
    expect(layout(graph).edges).toEqual(edges);
    for (const one of placed) for (const other of placed) if (one.id < other.id && one.layer === other.layer) expect(Math.abs(one.x - other.x)).toBeGreaterThan(0.999);
    for (const edge of edges) if (!edge.back) expect(placed.find(({ id }) => id === edge.from)?.layer ?? 0).toBeLessThan(placed.find(({ id }) => id === edge.to)?.layer ?? 0);
  }
});
