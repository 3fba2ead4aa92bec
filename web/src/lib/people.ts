// What a person is called: by the name that the server gave with the id, one's own name, or else the id.

import { session } from './session.svelte';

/** `name` is missing where the account is gone. */
export function personName(id: string, name?: string | null): string {
  const own = session.who?.person;
  return name ?? (own?.id === id ? own.name : id);
}
