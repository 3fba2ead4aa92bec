import { expect, test } from 'vitest';
import registered from '../../../schemas/task-kinds.json';
import type { Task, TaskKind } from '../lib/wire';
import { taskKinds } from '../playbooks/kinds.svelte';
import { failureWords } from './failure';

test('a failed task says what it means to an operator', () => {
  taskKinds.all = registered.items as TaskKind[];
  const check = (action: Task['action'], outcome: string, expected: RegExp | null) => {
    const found = failureWords({ action, outcome });
    if (expected) expect(found).toMatch(expected);
    else expect(found).toBeNull();
  };
  check('webhook', 'no webhook "gas-grid" is configured ([[webhook]])', /^Not sent: this connection is not set up/);
  check('http', 'no endpoint "gate" is configured ([[http]])', /^Not sent: this connection is not set up/);
  check('email', 'no e-mail server is configured ([smtp])', /^Not sent: e-mail is not set up/);
  check('email', 'no email is configured: this process carries out no task of that kind', /^Not sent: e-mail is not set up/);
  check('webhook', 'answered 503', /^Not sent: the other system did not take it/);
  check('email', 'refused', /^Not sent: the e-mail did not go out/);
  check('assign', 'nobody has that role', null);
});
