// A playbook as a form: every step holds the fields of all actions, so that changing the action loses nothing.

import type { Playbook } from '../lib/wire';

type Step = Playbook['steps'][number];
export const actions = ['manual', 'notify_console', 'email', 'webhook'] as const;
/** `kept`: an action that this form has no fields for; it stays as it is. */
export type ActionName = (typeof actions)[number] | 'kept';

/** `held` is the step as it was read: what the form does not show of it (order, conditions, deadlines) is not lost. */
export interface StepForm { key: number; held: Step | null; title: string; instruction: string; action: ActionName; message: string; to: string; subject: string; body: string; endpoint: string }

let next = 1;
export const blankStep = (): StepForm => ({ key: next++, held: null, title: '', instruction: '', action: 'manual', message: '', to: '', subject: '', body: '', endpoint: '' });

export function fromStep(step: Step): StepForm {
  const form = { ...blankStep(), held: step, title: step.title, instruction: step.instruction ?? '' };
  const { action } = step;
  if (action === 'manual') return form;
  if ('notify_console' in action) return { ...form, action: 'notify_console', message: action.notify_console.message };
  if ('email' in action) return { ...form, action: 'email', to: action.email.to.join(', '), subject: action.email.subject, body: action.email.body };
  if ('webhook' in action) return { ...form, action: 'webhook', endpoint: action.webhook.endpoint };
  return { ...form, action: 'kept' };
}

function action(form: StepForm): Step['action'] {
  if (form.action === 'notify_console') return { notify_console: { message: form.message.trim() } };
  if (form.action === 'email') return { email: { to: form.to.split(/[\s,;]+/).filter(Boolean), subject: form.subject.trim(), body: form.body } };
  if (form.action === 'webhook') return { webhook: { endpoint: form.endpoint.trim() } };
  return (form.action === 'kept' && form.held?.action) || 'manual';
}

export const toStep = (form: StepForm): Step => ({ ...form.held, title: form.title.trim(), instruction: form.instruction.trim(), action: action(form) });

/** The list with one step moved up (-1) or down (1). */
export function move<T>(list: readonly T[], index: number, by: 1 | -1): T[] {
  const moved = [...list];
  const [step] = moved.splice(index, 1);
  if (step !== undefined) moved.splice(Math.max(0, index + by), 0, step);
  return moved;
}
