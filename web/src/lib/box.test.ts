import { expect, test } from 'vitest';
import { boxOf, boxRing, boxText } from './box';

test('what a map shows is a box that the API takes', () => {
  const check = (shown: [number, number, number, number], expected: string) => expect(boxText(boxOf(...shown))).toBe(expected);
  check([7.4000001, 43.72, 7.44, 43.7512345], '7.4,43.72,7.44,43.75123');
  check([-200, -95, -170, 95], '160,-90,-170,90');
  check([170, 0, 190, 1], '170,0,-170,1');
  check([-400, -10, 400, 10], '-180,-10,180,10');
  check([-180, 0, 180, 1], '-180,0,180,1');
});

test('its ring is closed and does not jump', () => {
  expect(boxRing([1, 2, 3, 4])).toEqual([[1, 2], [3, 2], [3, 4], [1, 4], [1, 2]]);
  expect(boxRing([170, 0, -170, 1]).map(([lon]) => lon)).toEqual([170, 190, 190, 170, 170]);
});
