// How a person is called where only the id of the account is known: one's own name, or else the id.

import { session } from './session.svelte';

export function personName(id: string): string {
  const own = session.who?.person;
  return own && own.id === id ? own.name : id;
}
