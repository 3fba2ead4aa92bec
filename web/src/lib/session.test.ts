import { afterEach, expect, test } from 'vitest';
import { session } from './session.svelte';
import type { Incident, Role, Session } from './wire';

afterEach(() => (session.who = null));

test('an incident is led by its agency; one of an exercise by whoever handles incidents', () => {
  const check = (role: Role, reality: Incident['reality'], agency: string, expected: boolean) => {
    session.who = { person: { roles: [role], agency: 'city' } } as Session;
    expect(session.leads({ reality, agency }), `${role} ${reality} ${agency}`).toBe(expected);
  };
  check('operator', 'actual', 'city', true);
  check('operator', 'actual', 'fire', false);
  check('operator', 'test', 'fire', false);
  check('operator', 'exercise', 'fire', true);
  check('analyst', 'exercise', 'fire', false);
  check('analyst', 'exercise', 'city', false);
});

test('nobody who is not signed in leads anything', () => {
  expect(session.leads({ reality: 'exercise', agency: 'city' })).toBe(false);
});

test('an agency that led an incident takes part in it; no other does, and only who handles incidents', () => {
  const check = (role: Role, agency: string, involved: string[], expected: boolean) => {
    session.who = { person: { roles: [role], agency: 'city' } } as Session;
    expect(session.takesPart({ reality: 'actual', agency, involved }), `${role} ${agency} ${involved}`).toBe(expected);
  };
  check('operator', 'city', [], true);
  check('operator', 'fire', ['police', 'city'], true);
  check('operator', 'fire', ['police'], false);
  check('analyst', 'fire', ['city'], false);
});
