import { beforeAll, expect, test, vi } from 'vitest';
import { settings } from '../lib/settings.svelte';
import type { DetectorName, Rule } from '../lib/wire';
import { fieldsOf, groups } from './detectors';
import { differences, labelOf, shown } from './differences';
import { faultsAt, offsetOf, stretches } from './faults';
import { blank, detectors, fromRule, toRule, type RuleForm } from './form';
import { sentence, type Names } from './sentence';
import { applySuggestion, between, load, radius, withoutData } from './trial';

beforeAll(() => vi.spyOn(settings, 'all', 'get').mockReturnValue({ locale: 'en' } as typeof settings.all));

const names: Names = { kind: (id) => ({ 'air.pm25': 'Fine dust', 'air.pm10': 'Dust' })[id] ?? id, zone: (id) => ({ port: 'The port' })[id] ?? id, unit: 'µg/m³' };
const form = (part: Partial<RuleForm> = {}): RuleForm => ({ ...blank('city'), name: 'Dust', kinds: ['air.pm25'], cooldown_s: 0, stage: 'live', severity: 'severe', ...part });
/** A form with a detector and some of its fields. */
function looking<K extends DetectorName>(detector: K, fields: Partial<RuleForm['fields'][K]>, part: Partial<RuleForm> = {}): RuleForm {
  const held = form({ detector, ...part });
  held.fields[detector] = { ...held.fields[detector], ...fields };
  return held;
}
const stored = (part: Partial<RuleForm> = {}): Rule => toRule(form(part), 1);

test('every detector stands in one group of the picker, and each field of its form is one that it has', () => {
  expect(groups.flatMap((group) => group.detectors).sort()).toEqual([...detectors].sort());
  const { fields } = blank('city');
  for (const name of detectors) expect(fieldsOf[name].map((spec) => spec.field).sort(), name).toEqual(Object.keys(fields[name]).sort());
});

test('a rule survives the form, with every detector', () => {
  for (const detector of detectors) {
    const rule = toRule(form({ detector, opens: true, unit: 'mg/m3', lateness_s: 30, urgency: 'expected', certainty: 'likely' }), 4);
    expect({ ...toRule(fromRule(rule), 4), reason: rule.reason }, detector).toEqual(rule);
    expect(Object.keys(rule.detector)).toEqual([detector]);
  }
});

test('a rule is said in one sentence', () => {
  const check = (held: RuleForm, expected: string) => expect(sentence(held, names)).toBe(expected);
  check(looking('threshold', { above: 75, for_s: 600 }), 'When Fine dust at one asset is above 75 µg/m³ for 10 min, raise a severe alarm.');
  check(looking('threshold', { above: 0.035, below: -2, for_s: 0 }, { kinds: ['air.pm25', 'air.pm10'], key: 'all', severity: 'extreme' }), 'When Fine dust or Dust anywhere is above 0.035 µg/m³ or below -2 µg/m³, raise an extreme alarm.');
  check(looking('threshold', { for_s: 0 }), 'When Fine dust at one asset is beyond a limit that is not set yet, raise a severe alarm.');
  check(looking('rate_of_change', { above: 5, below: -10, per_s: 60 }, { key: 'zone' }), 'When Fine dust in one zone rises by more than 5 µg/m³ or falls by more than 10 µg/m³ within 60 s, raise a severe alarm.');
  check(looking('silent', { after_s: 1800 }, { stage: 'silent', enabled: false }), 'When no reading of Fine dust has come at one asset for 30 min, count a severe alarm that nobody sees yet. It is switched off.');
  check(looking('geofence', { zones: ['port'], on: 'inside', for_s: 120 }, { stage: 'shadow' }), 'When something that reports Fine dust is in the zone The port for 2 min, show a severe alarm on the page of this rule only.');
  check(looking('count', { at_least: 3, window_s: 3600, radius_m: 400, distinct: 'source' }, { key: 'all' }), 'When at least 3 readings of Fine dust that differ in source come anywhere within 60 min and 400 m, raise a severe alarm.');
  check(looking('sequence', { parts: [{ kinds: ['air.pm25'], when: 'value > 5' }, { kinds: ['air.pm10'], when: null }], within_s: 60 }), 'When these follow one another within 60 s: Fine dust with value > 5, then Dust, raise a severe alarm.');
  check(looking('absence', { within_s: 60 }, { when: 'quality == "good"', cooldown_s: 300 }), 'When Fine dust is not followed by Fine dust within 60 s, raise a severe alarm. Only readings with quality == "good" are judged. After it has ended there is quiet for 5 min.');
  const incident = { ...blank('city').incident, incident_type: 'air_quality' };
  check(looking('condition', { expression: 'value > 3' }, { opens: true, incident }), 'When the expression value > 3 holds for Fine dust at one asset, raise a severe alarm, and open or join an incident (Air quality).');
});

test('every detector has a sentence in both languages', () => {
  for (const locale of ['en', 'de'] as const) {
    vi.spyOn(settings, 'all', 'get').mockReturnValue({ locale } as typeof settings.all);
    for (const detector of detectors) expect(sentence(form({ detector }), names), `${locale} ${detector}`).not.toMatch(/[{}]|undefined/);
  }
  vi.spyOn(settings, 'all', 'get').mockReturnValue({ locale: 'en' } as typeof settings.all);
});

test('two versions differ field by field', () => {
  const one = toRule(looking('threshold', { above: 75 }), 1);
  const check = (other: Rule, expected: [string, string | null, string | null][]) => expect(differences(one, other).map((held) => [held.path, held.before, held.after])).toEqual(expected);
  check({ ...one, version: 2, reason: 'again', author: 'ada' }, []);
  check(toRule(looking('threshold', { above: 90 }, { stage: 'shadow' }), 2), [['stage', 'live', 'shadow'], ['detector.threshold.above', '75', '90']]);
  check({ ...one, kinds: ['air.pm25', 'air.pm10'], when: 'value > 1' }, [['kinds', 'air.pm25', 'air.pm25, air.pm10'], ['when', null, 'value > 1']]);
  expect(differences(one, stored({ detector: 'anomaly' })).map((held) => held.path)).toContain('detector');
});

test('a field of a version has the label of the form', () => {
  const check = (path: string, expected: string) => expect(labelOf(path)).toBe(expected);
  check('alarm.severity', 'Severity');
  check('detector.threshold.above', 'Beyond a limit: Above');
  check('detector.sequence.parts[1].when', 'One after the other: These, in this order 2, Only when (CEL, optional)');
  check('something.new', 'Something new');
  expect([shown('stage', 'shadow'), shown('alarm.severity', 'minor'), shown('when', null)]).toEqual(['Shadow', 'Minor', '–']);
});

test('a fault stands at its line and column, and underlines the word there', () => {
  const check = (text: string, line: number, column: number, expected: string[]) => expect(stretches(text, [{ line, column, within: 'text' }]).map((held) => (held.fault ? `<${held.text}>` : held.text))).toEqual(expected);
  check('value > vlue', 1, 9, ['value > ', '<vlue>']);
  check('value > 3 &&\n"ü😀" == nam.x', 2, 9, ['value > 3 &&\n"ü😀" == ', '<nam.x>']);
  check('value >', 1, 8, ['value ', '<>>']);
  check('value', 0, 0, ['value']);
  // The place of a figure is one in the request.
  expect(stretches('value', [{ line: 1, column: 1, within: 'body' }])).toEqual([{ text: 'value', fault: false }]);
  expect(offsetOf('a\nb', 9, 9)).toBe(3);
  const found = [{ path: 'kinds[0]', line: 0, column: 0, message: 'none' }, { path: 'when', line: 1, column: 1, message: 'bad' }];
  const part = [{ path: 'detector.sequence.parts[0].when', line: 1, column: 1, message: 'bad' }];
  expect(['detector.sequence.parts', 'detector.sequence.parts[0]', 'detector.sequence.parts[0].when'].map((path) => faultsAt(part, path).length)).toEqual([0, 0, 1]);
  expect([faultsAt(found, 'kinds').length, faultsAt(found, 'when').length, faultsAt(found, 'name').length]).toEqual([1, 1, 0]);
});

test('a span of the past, and what its figures mean', () => {
  const now = Date.parse('2026-05-04T12:00:00Z');
  expect(between('week', now, { from: '', to: '' })).toEqual({ from: '2026-04-27T12:00:00.000Z', to: '2026-05-04T12:00:00.000Z' });
  expect(between('own', now, { from: '2026-05-04T12:00Z', to: '2026-05-03T12:00Z' })).toBeNull();
  expect(between('own', now, { from: '2026-05-03T12:00Z', to: '2026-05-04T12:00Z' })?.from).toBe('2026-05-03T12:00:00.000Z');
  expect([null, 0, 1, 150, 151, 300, 301].map(load)).toEqual(['unknown', 'none', 'acceptable', 'acceptable', 'manageable', 'manageable', 'too_many']);
  expect((radius(4, 4) - 5) / (radius(1, 4) - 5)).toBeCloseTo(2);
  expect(radius(0, 4)).toBe(0);
  const buckets = [0, 0, 3600, 60, 0, 3600, 0].map((data_s) => ({ start: '', alarms: 0, present: 0, data_s }));
  expect(withoutData({ buckets })).toEqual([[0, 2], [4, 5], [6, 7]]);
});

test('a suggested limit goes into its field, and takes the end of the alarm along', () => {
  const { fields } = looking('threshold', { above: 75, clear: 60 });
  const held = fields as unknown as Record<string, Record<string, unknown>>;
  expect(applySuggestion(held, 'detector.threshold.above', 90)).toBe(true);
  expect([fields.threshold.above, fields.threshold.clear]).toEqual([90, 75]);
  expect(applySuggestion(held, 'detector.baseline.sigmas', 6)).toBe(true);
  expect(applySuggestion(held, 'detector.threshold.nothing', 1)).toBe(false);
  expect(applySuggestion(held, 'detector.condition.expression', 'value > 40')).toBe(true);
  expect([fields.condition.expression, fields.threshold.clear]).toEqual(['value > 40', 75]);
});
