// What is drawn in the picture of a playbook: orders between steps, and steps that come after others.

import { blankStep, directly, earlier, type StepForm } from './form';

/** Whether the first step comes directly before the second. */
export const isOrdered = (forms: readonly StepForm[], from: number, to: number): boolean => directly(forms).get(to)?.includes(from) ?? false;

/** Whether an order from the first to the second would make a circle. */
export const isCircle = (forms: readonly StepForm[], from: number, to: number): boolean => from === to || earlier(forms, from).some(({ key }) => key === to);

/** With the second step after the first; where it is already, with that order taken away. Null for a circle. */
export function ordered(forms: readonly StepForm[], from: number, to: number): StepForm[] | null {
  const before = directly(forms).get(to) ?? [];
  if (!before.includes(from) && isCircle(forms, from, to)) return null;
  const after = before.includes(from) ? before.filter((key) => key !== from) : [...before, from];
  return forms.map((form) => (form.key === to ? { ...form, after } : form));
}

/** With a new step behind this one, and what came directly after it behind the new one. */
export function insertedAfter(forms: readonly StepForm[], key: number): { steps: StepForm[]; added: number } {
  const step: StepForm = { ...blankStep(), after: [key] };
  const at = forms.findIndex((form) => form.key === key);
  const before = directly(forms);
  const moved = forms.map((form) => {
    const own = before.get(form.key) ?? [];
    return own.includes(key) ? { ...form, after: own.map((one) => (one === key ? step.key : one)) } : form;
  });
  // The next in the list named nobody: it may come after something else than the step that now stands before it.
  const kept = moved.map((form, index) => (index === at + 1 && form.after === null ? { ...form, after: before.get(form.key) ?? [] } : form));
  return { steps: [...kept.slice(0, at + 1), step, ...kept.slice(at + 1)], added: step.key };
}
