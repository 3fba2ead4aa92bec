import { expect, test } from 'vitest';
import type { Task, TaskState, TimelineEntry } from '../lib/wire';
import { messages } from './rooms';
import { before, countdown, endedBy, isUnderWay, left, missing, offers, runs } from './tasks';

const task = (id: string, part: Partial<Task> = {}): Task => ({
  id, title: id, instruction: '', action: 'manual', state: 'waiting', run: 0, approvals_needed: 0, approvals: [], attempts: 0, tries: 1, overdue: false, escalated: false, options: [], step: id, ...part,
});

test('what a task comes after, by the names of its run', () => {
  const tasks = [task('a'), task('b'), task('c', { after: ['a'] }), task('d', { after: [] }), task('undo', { step: null, compensates: 'b' }), task('told', { step: null, escalates: 'c' }), task('a2', { step: 'a', run: 1 }), task('b2', { step: 'b', run: 1, after: ['a'] })];
  expect([...before(tasks)]).toEqual([['a', []], ['b', ['a']], ['c', ['a']], ['d', []], ['undo', ['b']], ['told', ['c']], ['a2', []], ['b2', ['a2']]]);
  expect(runs(tasks).map(({ run, tasks: held }) => [run, held.length])).toEqual([[1, 2], [0, 6]]);
});

test('what is offered of a task, by its state', () => {
  const check = (state: TaskState, part: Partial<Task>, expected: string) => expect(Object.entries(offers(task('a', { state, ...part }), 'ann')).filter(([, may]) => may).map(([name]) => name).join(' ')).toBe(expected);
  check('waiting', {}, '');
  check('running', {}, 'done skip');
  check('running', { action: 'email' }, 'skip');
  check('running', { action: 'ask' }, 'skip answer');
  check('failed', { action: 'email' }, 'done skip retry');
  check('failed', { action: 'ask' }, 'skip retry');
  check('retrying', { action: 'webhook' }, 'done skip retry');
  check('awaiting_approval', {}, 'skip approve');
  check('awaiting_approval', { approvals: [{ by: 'ann', at: '2026-05-04T03:00:00Z' }] }, 'skip');
  for (const state of ['done', 'skipped', 'compensating', 'compensated'] as const) check(state, {}, '');
});

test('a playbook is under way until all its steps are over', () => {
  const check = (states: TaskState[], expected: boolean) => expect(isUnderWay(states.map((state, i) => task(`t${i}`, { state })))).toBe(expected);
  check([], false);
  check(['done', 'running'], true);
  check(['done', 'failed'], true);
  check(['done', 'skipped', 'compensated', 'compensating'], false);
  expect(isUnderWay([task('a', { state: 'done' }), task('undo', { compensates: 'a', state: 'running' })])).toBe(false);
});

test('deadlines count down and beyond', () => {
  const now = Date.parse('2026-05-04T03:00:00Z');
  expect(left(task('a', { state: 'running', deadline: '2026-05-04T03:04:05Z' }), now)).toBe(245);
  expect(left(task('a', { state: 'running', deadline: '2026-05-04T02:59:00Z' }), now)).toBe(-60);
  expect(left(task('a', { state: 'done', deadline: '2026-05-04T03:04:05Z' }), now)).toBeNull();
  expect(left(task('a', { state: 'running' }), now)).toBeNull();
  expect([245, -60, 3729, 0, 59].map(countdown)).toEqual(['4:05', '1:00', '1:02:09', '0:00', '0:59']);
});

test('who ended a task, and how many must still approve', () => {
  const line = (title: string, outcome: string, by: string | null): TimelineEntry => ({ at: '2026-05-04T03:00:00Z', by, by_name: by === 'ann' ? 'Ann' : null, event: { task: { title, outcome } } });
  const lines = [line('a', 'done', 'ann'), line('b', 'approved, 1 of 1', 'bob'), line('b', 'done: shown', null)];
  expect(endedBy(task('a', { state: 'done' }), lines)).toEqual({ by: 'ann', name: 'Ann' });
  expect(endedBy(task('a', { state: 'running' }), lines)).toBeNull();
  expect(endedBy(task('b', { state: 'done' }), lines)).toBeNull();
  expect(missing(task('a', { approvals_needed: 2, approvals: [{ by: 'ann', at: '2026-05-04T03:00:00Z' }] }))).toBe(1);
});

test('a room has the messages that were said in it', () => {
  const said = (room: string, text: string): TimelineEntry => ({ at: '2026-05-04T03:00:00Z', by: 'ann', event: { message: { room, text } } });
  expect(messages([said('room-1', 'Here'), said('room-2', 'Elsewhere'), { at: '2026-05-04T03:00:00Z', event: { opened: {} } }], 'room-1')).toEqual([{ at: '2026-05-04T03:00:00Z', by: 'ann', name: null, text: 'Here' }]);
});
