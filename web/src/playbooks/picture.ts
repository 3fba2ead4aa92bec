// The steps of a playbook that is being written, as boxes of the picture.

import type { FlowStep } from '../flow/Flow.svelte';
import type { IconName } from '../shell/icons';
import { isOwn, type OwnName } from './actions';
import { directly, type StepForm } from './form';
import { kindMark } from './kinds.svelte';

const marks: Record<OwnName, IconName> = {
  manual: 'person', ask: 'help', notify_console: 'sound', assign: 'account', wait: 'clock', annotate: 'note', open_room: 'chat',
};

const markOf = (name: string): IconName => (isOwn(name) ? marks[name] : kindMark(name));

export function picture(steps: readonly StepForm[], word: (step: StepForm) => string, untitled: string, faulty: (index: number) => boolean): FlowStep[] {
  const before = directly(steps);
  return steps.map((step, index) => ({
    id: String(step.key), before: (before.get(step.key) ?? []).map(String), title: `${index + 1}. ${step.title || untitled}`, word: word(step), mark: step.approvals > 0 ? 'people' : markOf(step.action.name),
    tone: faulty(index) ? 'bad' : step.action.name === 'manual' || step.action.name === 'ask' ? 'now' : 'plain',
  }));
}
