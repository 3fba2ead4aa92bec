import { expect, test } from 'vitest';

import { personName } from './people';
import { session } from './session.svelte';
import type { Session } from './wire';

test('a person is called by the name that comes with the id, else oneself by name and others by id', () => {
  session.who = { person: { id: 'acc-1', name: 'Ada', roles: ['operator'], agency: 'city', agency_name: 'City' }, expires: '', purpose: 'operations' } satisfies Session;
  const check = (id: string, name: string | null | undefined, expected: string) => expect(personName(id, name)).toBe(expected);
  check('acc-2', 'Grace', 'Grace');
  check('acc-2', null, 'acc-2');
  check('acc-1', undefined, 'Ada');
  check('acc-1', 'Ada Lovelace', 'Ada Lovelace');
  session.who = null;
  check('acc-1', undefined, 'acc-1');
});
