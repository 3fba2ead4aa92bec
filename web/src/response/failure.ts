// Why a task of the system did not work, in the words of who must act now. The technical text is for who sets it up.

import type { Task } from '../lib/wire';
import { inWords, taskKinds } from '../playbooks/kinds.svelte';

/** What the outcome of a failed task means to an operator; null where its own words are the best there are. */
export function failureWords({ action, outcome }: Pick<Task, 'action' | 'outcome'>): string | null {
  const kind = taskKinds.get(action);
  if (!kind) return null;
  return inWords(/^no .* is configured/.test(outcome ?? '') ? kind.unset : kind.failed);
}
