// Why a task of the system did not work, in the words of who must act now. The technical text is for who sets it up.

import type { Key } from '../lib/i18n/index.svelte';
import type { Task } from '../lib/wire';

/** What the outcome of a failed task means to an operator; null where its own words are the best there are. */
export function failureWords({ action, outcome }: Pick<Task, 'action' | 'outcome'>): Key | null {
  if (action !== 'webhook' && action !== 'http' && action !== 'email') return null;
  const unset = /^no .* is configured/.test(outcome ?? '');
  if (action === 'email') return unset ? 'task.mail.unset' : 'task.mail.failed';
  return unset ? 'task.link.unset' : 'task.link.failed';
}
