import { expect, test } from 'vitest';
import { session } from '../lib/session.svelte';
import type { Rule, Session } from '../lib/wire';
import { blank, toRule } from './form';
import { areaWords, changedSince } from './trial';
import { forget, named, trialOf, UNSAVED } from './trials';

const signedIn = (id: string) => (session.who = { person: { id, roles: [] } } as unknown as Session);

test('a trial is held for its rule, under its name once it has one, until it is forgotten', () => {
  signedIn('anna');
  const trial = trialOf(UNSAVED);
  expect(trialOf(UNSAVED)).toBe(trial);
  named('dust');
  expect(trialOf('dust')).toBe(trial);
  expect(trialOf(UNSAVED)).not.toBe(trial);
  forget('dust');
  expect(trialOf('dust')).not.toBe(trial);
});

test('the trial used longest ago makes room, and nobody sees those of another', () => {
  signedIn('anna');
  const first = trialOf('first');
  const second = trialOf('second');
  for (let count = 0; count < 6; count += 1) trialOf(`rule-${count}`);
  expect(trialOf('first')).toBe(first);
  trialOf('one more');
  expect(trialOf('first')).toBe(first);
  expect(trialOf('second')).not.toBe(second);
  signedIn('ben');
  expect(trialOf('first')).not.toBe(first);
});

test('a report is out of date where something else could be found', () => {
  const tried: Rule = { ...toRule(blank('city'), 0), id: 'new', name: 'new', kinds: ['air.pm25'] };
  const check = (part: Partial<Rule>, expected: string[]) => expect(changedSince(tried, { ...tried, ...part }).map(({ path }) => path)).toEqual(expected);
  check({}, []);
  check({ id: 'dust', name: 'Dust', version: 3, stage: 'live', description: 'x', author: 'anna', reason: 'y', enabled: false }, []);
  check({ kinds: ['air.pm10'], cooldown_s: 0 }, ['kinds', 'cooldown_s']);
  check({ detector: { threshold: { above: 3, below: null, clear: null, for_s: 60, clear_for_s: 60 } } }, ['detector.threshold.above']);
});

test('an area is said in degrees', () => {
  expect(areaWords([7.4, 43.72, 7.44, 43.75123])).toBe('latitude 43.720 to 43.751, longitude 7.400 to 7.440');
});
