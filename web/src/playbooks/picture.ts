// The steps of a playbook that is being written, as boxes of the picture.

import type { FlowStep } from '../flow/Flow.svelte';
import type { IconName } from '../shell/icons';
import { actionNames } from './actions';
import { directly, type StepForm } from './form';

const marks: Record<(typeof actionNames)[number], IconName> = {
  manual: 'person', ask: 'help', notify_console: 'sound', email: 'note', webhook: 'source', http: 'source', assign: 'account', wait: 'clock', annotate: 'note', open_room: 'chat',
};

export function picture(steps: readonly StepForm[], word: (step: StepForm) => string, untitled: string, faulty: (index: number) => boolean): FlowStep[] {
  const before = directly(steps);
  return steps.map((step, index) => ({
    id: String(step.key), before: (before.get(step.key) ?? []).map(String), title: `${index + 1}. ${step.title || untitled}`, word: word(step), mark: step.approvals > 0 ? 'people' : marks[step.action.name],
    tone: faulty(index) ? 'bad' : step.action.name === 'manual' || step.action.name === 'ask' ? 'now' : 'plain',
  }));
}
