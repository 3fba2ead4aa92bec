import { expect, test } from 'vitest';
import { asRead, rounded, said } from './said';

test('figures are rounded to what a sensor tells', () => {
  const check = (figure: string, expected: string) => expect(rounded(figure)).toBe(expected);
  check('32.187', '32.2');
  check('-67.592', '-67.6');
  check('179', '179');
  check('179.31', '179');
  check('5.0', '5.0');
  check('0.0123', '0.012');
  check('0.05', '0.05');
  check('0.000', '0.0');
});

test('texts of the engine have the units of the console', () => {
  const check = (text: string, expected: string) => expect(said(text)).toBe(expected);
  check('Traffic nearly stands: 32.187 km/h at Loop 2', 'Traffic nearly stands: 32.2 km/h at Loop 2');
  check('changed by -67.592 km/h per 1 s, below -45; now 1.609 km/h', 'changed by -67.6 km/h per s, below -45; now 1.6 km/h');
  check('273 ug/m3 above 150 for 6 s', '273 µg/m³ above 150 for 6 s');
  check('the last was 20.972 Cel', 'the last was 21.0 °C');
  check('Queue: 29.94 %', 'Queue: 29.9 %');
  check('version 1.25 of the plan', 'version 1.25 of the plan');
  check('value > 5.0 && window("30s").mean > 3.5', 'value > 5.0 && window("30s").mean > 3.5');
  check('30 ug/m3; mean over 1800 s 63.333 ug/m3, 3 readings in 86400 s', '30 µg/m³; mean over 30 min 63.3 µg/m³, 3 readings in 1 d');
  check('no reading for 3600 s; changed by 3 K per 900 s', 'no reading for 1 h; changed by 3 K per 15 min');
  check('held for 120 s, then 100 s, then 12.180 s', 'held for 2 min, then 100 s, then 12.180 s');
  check('8 readings in 20 s, at least 5', '8 readings in 20 s, at least 5');
});

test('only titles and reasons are read so', () => {
  expect(asRead({ id: '1.234 km/h', title: '1.234 km/h', reason: 'still' })).toEqual({ id: '1.234 km/h', title: '1.2 km/h', reason: 'still' });
  const rule = { id: 'r', name: '1.234 km/h' };
  expect(asRead(rule)).toBe(rule);
});
