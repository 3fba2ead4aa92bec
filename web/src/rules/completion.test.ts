import { expect, test } from 'vitest';
import { accept, complete, type Vocabulary } from './completion';

const known: Vocabulary = {
  kinds: [{ id: 'air.pm25', name: 'Fine dust PM2.5' }, { id: 'traffic.speed', name: 'Mean speed' }],
  zones: [{ id: 'school-carmes', name: 'School of the Carmelites' }, { id: 'harbour', name: 'Harbour' }],
  units: ['km/h', 'ug/m3'], values: ['number'], windows: true,
};

/** `|` is the caret. */
function offered(marked: string, vocabulary = known) {
  const at = complete(marked.replace('|', ''), marked.indexOf('|'), vocabulary);
  return { at, labels: at.items.map((held) => held.label) };
}

test('what may be written next', () => {
  const check = (marked: string, expected: string[]) => expect(offered(marked).labels, marked).toEqual(expected);
  check('val|', ['value']);
  check('value > 3 && asset.n|', ['asset.name']);
  check('ti|', ['time.hour', 'time.minute', 'time.weekday']);
  check('window("10m").m|', ['mean', 'min', 'max']);
  check('asset.name.st|', ['startsWith("…")']);
  check('quality == "|', ['good', 'doubtful']);
  check('kind == "a|', ['air.pm25']);
  check('kind in ["air.pm25", "sp|"]', ['traffic.speed']);
  check('"sch|', ['school-carmes']);
  check('quantity(50, "u|', ['ug/m3']);
  check('value - 4 > difference(5, "k|', ['km/h']);
  check('diff|', ['difference(5, "K")']);
  check('window("|', ['1m', '10m', '1h', '24h', '7d']);
  check('asset.name == "x|', []);
  check('has(attributes.category) && quan|', ['quantity(50, "ug/m3")']);
  check('value|', []);
});

test('kinds and zones are found by a word of their name', () => {
  expect(offered('dust|').labels).toEqual(['kind == "air.pm25"']);
  expect(offered('carm|').labels).toEqual(['"school-carmes" in zones']);
});

test('value is compared with what its kinds give', () => {
  const check = (values: Vocabulary['values'], marked: string, expected: string[]) => expect(offered(marked, { ...known, values }).labels.slice(0, expected.length || 1), marked).toEqual(expected);
  check(['boolean'], 'value == |', ['true', 'false', 'value']);
  check(['boolean'], 'value != f|', ['false']);
  check(['text'], 'value == |', ['"…"', 'value']);
  check(['text', 'boolean'], 'time.hour > 6 && value==|', ['true', 'false', '"…"', 'value']);
  check(['number'], 'value == |', ['value']);
  check(['boolean'], 'unit == |', ['value']);
  check(['text'], 'value == "|', []);
  check(['text', 'boolean'], 'win|', []);
  check(['text', 'number'], 'wind|', ['window("10m").mean']);
});

test('windows are offered in conditions only', () => {
  expect(offered('win|').labels.length).toBe(5);
  expect(offered('win|', { ...known, windows: false }).labels).toEqual([]);
  expect(offered('|', { ...known, windows: false }).labels.length).toBe(12);
});

test('what is taken replaces what was typed', () => {
  const check = (marked: string, pick: number, expected: string) => {
    const { at } = offered(marked);
    const chosen = at.items[pick];
    if (!chosen) throw new Error(`nothing at ${pick}`);
    const next = accept(marked.replace('|', ''), at, chosen);
    expect(`${next.text.slice(0, next.caret)}|${next.text.slice(next.caret)}`, marked).toBe(expected);
  };
  check('val| > 3', 0, 'value| > 3');
  check('win| > 3', 0, 'window("10m").mean| > 3');
  check('kind == "a|', 0, 'kind == "air.pm25"|');
  check('kind == "ai|r" && value > 1', 0, 'kind == "air.pm25"| && value > 1');
  check('"har| && value > 1', 0, '"harbour" in zones| && value > 1');
  check('"har|" in zones', 0, '"harbour"| in zones');
  check('asset.name.co|', 0, 'asset.name.contains("|")');
  check('diff| > 3', 0, 'difference(|0, "") > 3');
  check('has|', 0, 'has(attributes.|)');
});
