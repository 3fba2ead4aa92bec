import { expect, test } from 'vitest';
import type { Correlation } from '../lib/wire';
import { blankCorrelation, fromCorrelation, toCorrelation } from './form';
import { sentence } from './sentence';

const rule = (part: Partial<Correlation> = {}): Correlation => ({
  id: 'dark-collision', name: 'A collision at dark signals', description: '', enabled: true, version: 3, relation: 'cause', first: { incident_types: ['signals_dark'], kinds: [] },
  second: { incident_types: ['collision'], kinds: [] }, within_s: 3600, within_m: 150, late_s: 0, shares: [], weight: 3, ...part,
});

test('a rule says what it means', () => {
  const check = (part: Partial<Correlation>, expected: string) => expect(sentence(rule(part), (kind) => kind.toUpperCase())).toBe(expected);
  check({}, 'Signals dark brings about Collision within 150 m and 60 min.');
  check({ within_m: 0, shares: [{ what: { attribute: 'feeder' }, agree: 4, differ: 0 }] }, 'Signals dark brings about Collision within 60 min. Both must share: feeder.');
  check({ relation: 'same_event', first: { incident_types: [], kinds: ['air.pm25'] }, second: null }, 'AIR.PM25 within 150 m and 60 min of each other is one event.');
  check({ relation: 'same_event', shares: [{ what: 'zone', agree: 1, differ: 0 }] }, 'Signals dark and Collision within 150 m and 60 min of each other are one event. It counts whether both share: the zone.');
  check({ first: { incident_types: [], kinds: [] } }, 'Any alarm brings about Collision within 150 m and 60 min.');
});

test('a form gives back the rule that it was made of', () => {
  for (const part of [{}, { relation: 'same_event', second: null } as const, { shares: [{ what: 'track', agree: 3, differ: -1 }, { what: { attribute: 'road' }, agree: 2, differ: 0 }] as Correlation['shares'] }]) {
    const held = rule(part);
    expect(toCorrelation(fromCorrelation(held), held.id, held.version)).toEqual(held);
  }
});

test('an effect is never the cause for want of a side, and only causes are late', () => {
  const form = { ...blankCorrelation(), name: 'New one', late_s: 60 };
  expect(toCorrelation(form, '', 0)).toMatchObject({ id: 'new-one', second: null, late_s: 0 });
  expect(toCorrelation({ ...form, relation: 'cause' }, '', 0)).toMatchObject({ second: { incident_types: [], kinds: [] }, late_s: 60 });
});
