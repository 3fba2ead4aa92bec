// The latest back-test of each rule, as long as its person is signed in and the page is not loaded anew: it outlives the
// editor, so that a rule that is saved for the first time, or looked at again, still has its figures.

import { session } from '../lib/session.svelte';
import { Trial } from './trial.svelte';

/** Reports are large; more rules than this nobody compares. */
const MOST = 8;
/** A rule that has no id yet. */
export const UNSAVED = 'new';

const held = new Map<string, Trial>();
let owner = '';

/** The trial of a rule, by its id; a fresh one where there is none. The one used longest ago makes room. */
export function trialOf(id: string): Trial {
  const person = session.who?.person.id ?? '';
  if (person !== owner) for (const old of [...held.keys()]) forget(old);
  owner = person;
  const trial = held.get(id) ?? new Trial();
  held.delete(id);
  held.set(id, trial);
  const [oldest] = held.keys();
  if (held.size > MOST && oldest !== undefined) forget(oldest);
  return trial;
}

/** A rule that was saved for the first time keeps what it was tried with. */
export function named(id: string): void {
  const trial = held.get(UNSAVED);
  if (!trial) return;
  held.delete(UNSAVED);
  held.set(id, trial);
}

export function forget(id: string): void {
  held.get(id)?.cancel();
  held.delete(id);
}
