// What the list and the picture of a playbook under way say of its tasks.

import type { Tone } from '../flow/Flow.svelte';
import type { Task, TaskState, TimelineEntry } from '../lib/wire';
import { isOwn } from '../playbooks/actions';
import type { IconName } from '../shell/icons';

/** States in which nothing more happens to a task by itself or by a person, but for undoing it. */
const over: readonly TaskState[] = ['done', 'skipped', 'compensated'];
export const isOver = (task: Task): boolean => over.includes(task.state);

/** Sign and colour of a state; its word stands beside them. */
export const looks: Record<TaskState, { mark: IconName; tone: Tone }> = {
  waiting: { mark: 'dot', tone: 'calm' },
  awaiting_approval: { mark: 'people', tone: 'wait' },
  running: { mark: 'play', tone: 'now' },
  retrying: { mark: 'retry', tone: 'wait' },
  failed: { mark: 'close', tone: 'bad' },
  done: { mark: 'check', tone: 'good' },
  skipped: { mark: 'next', tone: 'past' },
  compensating: { mark: 'undo', tone: 'wait' },
  compensated: { mark: 'undo', tone: 'past' },
};

const isStep = (task: Task) => !task.compensates && !task.escalates;

/** The tasks that each one comes after, by id. What undoes or escalates a task comes after it. */
export function before(tasks: readonly Task[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  tasks.forEach((task, index) => {
    const source = task.compensates ?? task.escalates;
    if (source) return found.set(task.id, [source]);
    const run = tasks.filter((other) => other.run === task.run && isStep(other));
    if (task.after) return found.set(task.id, run.filter((other) => other.step && task.after?.includes(other.step)).map(({ id }) => id));
    const previous = tasks.slice(0, index).reverse().find((other) => other.run === task.run && isStep(other));
    return found.set(task.id, previous ? [previous.id] : []);
  });
  return found;
}

/** The playbooks that were started, the latest first. */
export function runs(tasks: readonly Task[]): { run: number; tasks: Task[] }[] {
  return [...new Set(tasks.map((task) => task.run))].sort((a, b) => b - a).map((run) => ({ run, tasks: tasks.filter((task) => task.run === run) }));
}

/** Whether a playbook is under way: only such a one can be aborted, and none is started beside it. */
export const isUnderWay = (tasks: readonly Task[]): boolean => tasks.some((task) => isStep(task) && !isOver(task) && task.state !== 'compensating');

/** What a person may do to a task now; the server decides the same (crates/engine/src/playbook/outcome.rs). */
export interface Offers { done: boolean; skip: boolean; retry: boolean; answer: boolean; approve: boolean }
export function offers(task: Task, person: string | undefined): Offers {
  const { state } = task;
  const held = state === 'running' || state === 'failed' || state === 'retrying';
  return {
    // While the system is at it a person need not say so, but may where it failed.
    done: task.action !== 'ask' && (state === 'failed' || state === 'retrying' || (state === 'running' && task.action === 'manual')),
    skip: held || state === 'awaiting_approval',
    retry: state === 'failed' || state === 'retrying',
    answer: task.action === 'ask' && state === 'running',
    approve: state === 'awaiting_approval' && !task.approvals.some(({ by }) => by === person),
  };
}

/** Actions that go out to the world: of an exercise they are written down, not sent (`Action::outward`). */
export const leavesPlatform = (task: Pick<Task, 'action'>): boolean => !isOwn(task.action);

export const missing = (task: Task): number => Math.max(0, task.approvals_needed - task.approvals.length);

/** Seconds until the deadline, negative after it; null where there is none or the task is over. */
export function left(task: Task, now: number): number | null {
  return task.deadline && !isOver(task) && task.state !== 'compensating' ? Math.ceil((Date.parse(task.deadline) - now) / 1000) : null;
}

/** "4:05", "1:02:09", also for a time that is over: the sign is for the words around it. */
export function countdown(seconds: number): string {
  const size = Math.abs(seconds);
  const two = (n: number) => String(n).padStart(2, '0');
  const [hours, minutes] = [Math.floor(size / 3600), Math.floor(size / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(size % 60)}` : `${minutes}:${two(size % 60)}`;
}

/** The line of the history that tells how a task ended, by its title; null where the system ended it. */
export function endedBy(task: Task, timeline: readonly TimelineEntry[]): { by: string; name: string | null } | null {
  if (!isOver(task)) return null;
  const entry = timeline.findLast(({ event }) => typeof event !== 'string' && 'task' in event && event.task.title === task.title && !event.task.outcome.startsWith('approved'));
  return entry?.by ? { by: entry.by, name: entry.by_name ?? null } : null;
}
