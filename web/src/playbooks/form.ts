// A playbook as a form: every action holds the fields of all actions, so that changing the action loses nothing. Steps
// refer to each other by keys of the form: a step that is renamed or moved stays the one that others come after.

import type { Playbook, PlaybookStep, Priority } from '../lib/wire';
import { blankAction, fromAction, retried, toAction, type ActionForm } from './actions';

export interface EscalationForm { notify: ActionForm | null; priority: Priority | ''; handTo: string; abort: boolean }
/** `after`: null for the step before it, else the keys of those that must be over. Numbers are null where absent. */
export interface StepForm {
  key: number; id: string; title: string; instruction: string; action: ActionForm; after: number[] | null; when: string; approvals: number;
  deadline: number | null; retries: number | null; backoff: number | null; escalate: EscalationForm | null; compensate: ActionForm | null;
}

let next = 1;
export const blankStep = (): StepForm => ({ key: next++, id: '', title: '', instruction: '', action: blankAction(), after: null, when: '', approvals: 0, deadline: null, retries: null, backoff: null, escalate: null, compensate: null });

/** The name of a step inside the playbook: its own, or one by its place. */
export const nameOf = (step: StepForm, index: number): string => step.id.trim() || `step-${index + 1}`;

export function fromSteps(steps: readonly PlaybookStep[]): StepForm[] {
  const keys = new Map<string, number>();
  const forms = steps.map((step, index): StepForm => {
    const form = blankStep();
    keys.set(step.id ?? `step-${index + 1}`, form.key);
    return {
      ...form, id: step.id ?? '', title: step.title, instruction: step.instruction ?? '', action: fromAction(step.action), when: step.when ?? '', approvals: step.approvals ?? 0,
      deadline: step.deadline_s ?? null, retries: step.retries ?? null, backoff: step.backoff_s ?? null, escalate: step.escalate ? fromEscalation(step.escalate) : null, compensate: step.compensate ? fromAction(step.compensate) : null,
    };
  });
  return forms.map((form, index) => ({ ...form, after: steps[index]?.after?.flatMap((name) => keys.get(name) ?? []) ?? null }));
}

function fromEscalation(escalation: NonNullable<PlaybookStep['escalate']>): EscalationForm {
  return { notify: escalation.notify ? fromAction(escalation.notify) : null, priority: escalation.priority ?? '', handTo: escalation.hand_to ?? '', abort: escalation.abort ?? false };
}

export function toSteps(forms: readonly StepForm[]): PlaybookStep[] {
  const names = new Map(forms.map((form, index) => [form.key, nameOf(form, index)]));
  const referred = new Set(forms.flatMap((form) => form.after ?? []));
  return forms.map((form, index) => {
    const action = toAction(form.action);
    const again = retried(form.action.name);
    return {
      // Who is referred to by a name of its place gets that name for good.
      id: form.id.trim() || (referred.has(form.key) ? nameOf(form, index) : null), title: form.title.trim(), instruction: form.instruction.trim(), action,
      after: form.after?.flatMap((key) => names.get(key) ?? []) ?? null, when: form.when.trim() || null, approvals: form.approvals, deadline_s: form.deadline,
      // Fields that the action has no use for are not sent: the server refuses them.
      retries: again ? form.retries : null, backoff_s: again ? form.backoff : null,
      escalate: form.escalate ? { notify: form.escalate.notify ? toAction(form.escalate.notify) : null, priority: form.escalate.priority || null, hand_to: form.escalate.handTo.trim() || null, abort: form.escalate.abort } : null,
      compensate: form.compensate ? toAction(form.compensate) : null,
    };
  });
}

/** The keys of the steps that come before each one directly. */
export const directly = (forms: readonly StepForm[]): Map<number, number[]> =>
  new Map(forms.map((form, index) => [form.key, form.after ?? (forms[index - 1] ? [(forms[index - 1] as StepForm).key] : [])]));

/** All steps that are over when this one starts, directly or not: those that its conditions may read. */
export function earlier(forms: readonly StepForm[], key: number): StepForm[] {
  const before = directly(forms);
  const seen = new Set<number>();
  const open = [...(before.get(key) ?? [])];
  for (let one = open.pop(); one !== undefined; one = open.pop()) if (!seen.has(one)) (seen.add(one), open.push(...(before.get(one) ?? [])));
  return forms.filter((form) => form.key !== key && seen.has(form.key));
}

/** What a condition may read (docs/playbooks.md). */
export function readable(forms: readonly StepForm[], key: number): string[] {
  const part = (group: string, name: string) => (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? `${group}.${name}` : `${group}['${name}']`);
  const steps = earlier(forms, key).map((form) => ({ form, name: nameOf(form, forms.indexOf(form)) }));
  return [
    ...steps.filter(({ form }) => form.action.name === 'ask').map(({ name }) => part('answers', name)), ...steps.map(({ name }) => part('outcomes', name)),
    'severity', 'incident_type', 'title', 'state', 'reality', 'agency', 'priority', 'alarms', 'active_alarms',
  ];
}

/** Without a step: those that came after it come after what it came after. */
export function without(forms: readonly StepForm[], key: number): StepForm[] {
  const inherited = directly(forms).get(key) ?? [];
  return forms.filter((form) => form.key !== key).map((form) => (form.after?.includes(key) ? { ...form, after: [...new Set(form.after.flatMap((one) => (one === key ? inherited : [one])))] } : form));
}

/** The list with one step moved up (-1) or down (1). */
export function move<T>(list: readonly T[], index: number, by: 1 | -1): T[] {
  const moved = [...list];
  const [step] = moved.splice(index, 1);
  if (step !== undefined) moved.splice(Math.max(0, index + by), 0, step);
  return moved;
}

export interface PlaybookForm { name: string; description: string; source: string; steps: StepForm[] }
export const blankPlaybook = (): PlaybookForm => ({ name: '', description: '', source: '', steps: [blankStep()] });
export const fromPlaybook = (held: Playbook): PlaybookForm => ({ name: held.name, description: held.description, source: held.source, steps: fromSteps(held.steps) });
export const toPlaybook = (form: PlaybookForm, id: string, version: number): Playbook => ({ id, name: form.name.trim(), description: form.description.trim(), source: form.source.trim(), steps: toSteps(form.steps), version });
