import { expect, test } from 'vitest';
import type { Task } from '../lib/wire';
import { failureWords } from './failure';

test('a failed task says what it means to an operator', () => {
  const check = (action: Task['action'], outcome: string, expected: string | null) => expect(failureWords({ action, outcome })).toBe(expected);
  check('webhook', 'no webhook "gas-grid" is configured ([[webhook]])', 'task.link.unset');
  check('http', 'no endpoint "gate" is configured ([[http]])', 'task.link.unset');
  check('email', 'no e-mail server is configured ([smtp])', 'task.mail.unset');
  check('email', 'no e-mail or webhook is configured', 'task.mail.unset');
  check('webhook', 'answered 503', 'task.link.failed');
  check('email', 'refused', 'task.mail.failed');
  check('assign', 'nobody has that role', null);
});
