import { expect, test } from 'vitest';
import { blankStep, directly, type StepForm } from './form';
import { insertedAfter, isOrdered, ordered } from './order';

/** Steps a, b, c by their orders: null for the step before. */
const plan = (...after: (number[] | null)[]): StepForm[] => {
  const forms = after.map(() => blankStep());
  return forms.map((form, i) => ({ ...form, after: after[i]?.map((at) => (forms[at] as StepForm).key) ?? null }));
};
const places = (forms: readonly StepForm[]) => forms.map((form) => (directly(forms).get(form.key) ?? []).map((key) => forms.findIndex((other) => other.key === key)));
const key = (forms: readonly StepForm[], at: number) => (forms[at] as StepForm).key;

test('an order is drawn, and drawn again it is taken away', () => {
  const forms = plan(null, null, []);
  const drawn = ordered(forms, key(forms, 0), key(forms, 2)) ?? [];
  expect(places(drawn)).toEqual([[], [0], [0]]);
  expect(isOrdered(drawn, key(forms, 0), key(forms, 2))).toBe(true);
  expect(places(ordered(drawn, key(forms, 0), key(forms, 2)) ?? [])).toEqual([[], [0], []]);
});

test('a circle is not drawn', () => {
  const forms = plan(null, null, null);
  expect(ordered(forms, key(forms, 2), key(forms, 0))).toBeNull();
  expect(ordered(forms, key(forms, 1), key(forms, 1))).toBeNull();
});

test('a step is put in behind another, before all that came after it', () => {
  const check = (forms: StepForm[], at: number, expected: number[][]) => expect(places(insertedAfter(forms, key(forms, at)).steps)).toEqual(expected);
  check(plan(null, null), 0, [[], [0], [1]]);
  check(plan(null, null), 1, [[], [0], [1]]);
  check(plan(null, [0], [0], [1, 2]), 0, [[], [0], [1], [1], [2, 3]]);
  check(plan(null, [0], [0], [1, 2]), 1, [[], [0], [1], [0], [2, 3]]);
});
