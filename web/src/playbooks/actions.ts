// An action as a form: the fields of all actions at once.

import type { PlaybookAction, PlaybookOwnAction, TaskKindSetting } from '../lib/wire';
import { taskKinds } from './kinds.svelte';

/** What the platform carries out by itself; each has fields of its own. What acts outward is told by the platform. */
export const ownNames = ['manual', 'ask', 'notify_console', 'assign', 'wait', 'annotate', 'open_room'] as const;
export type OwnName = (typeof ownNames)[number];
export const isOwn = (name: string): name is OwnName => ownNames.some((own) => own === name);

export const actionNames = (): string[] => [...ownNames, ...taskKinds.all.map(({ name }) => name)];
/** What may tell somebody of an escalation, and what may undo a step (crates/engine/src/playbook/check.rs). */
export const telling = (): string[] => ['notify_console', ...taskKinds.all.filter(({ informs }) => informs).map(({ name }) => name), 'annotate'];
export const undoing = (): string[] => [...ownNames.filter((name) => name !== 'ask' && name !== 'wait'), ...taskKinds.all.filter(({ undoes }) => undoes).map(({ name }) => name)];
/** What is tried again by itself. */
export const retried = (name: string): boolean => name === 'notify_console' || (taskKinds.get(name)?.is_retried ?? false);
export type AssigneeSort = 'person' | 'role' | 'agency';

/** `settings` are those of what acts outward, by kind and name, as they are typed; `held` is what was read. */
export interface ActionForm {
  name: string; message: string; assign: AssigneeSort; assignee: string; question: string; options: string; seconds: number | null; until: string; text: string; room: string; agencies: string;
  settings: Record<string, string | number | null>; held: PlaybookAction;
}

export const blankAction = (name = 'manual'): ActionForm => ({
  name, message: '', assign: 'role', assignee: '', question: '', options: '', seconds: null, until: '', text: '', room: '', agencies: '', settings: {}, held: 'manual',
});

const lines = (text: string): string[] => text.split('\n').map((line) => line.trim()).filter(Boolean);
const words = (text: string): string[] => text.split(/[\s,;]+/).filter(Boolean);

function fromOwn(action: PlaybookOwnAction): ActionForm {
  if (action === 'manual') return blankAction();
  if ('notify_console' in action) return { ...blankAction('notify_console'), message: action.notify_console.message };
  if ('assign' in action) {
    const [assign, assignee] = Object.entries(action.assign.to)[0] as [AssigneeSort, string];
    return { ...blankAction('assign'), assign, assignee };
  }
  if ('ask' in action) return { ...blankAction('ask'), question: action.ask.question, options: (action.ask.options ?? []).join('\n') };
  if ('wait' in action) return { ...blankAction('wait'), seconds: action.wait.seconds ?? null, until: action.wait.until ?? '' };
  if ('annotate' in action) return { ...blankAction('annotate'), text: action.annotate.text };
  return { ...blankAction('open_room'), room: action.open_room.name, agencies: action.open_room.agencies.join(', ') };
}

export function fromAction(action: PlaybookAction): ActionForm {
  const [name = '', given = {}] = typeof action === 'string' ? [action] : (Object.entries(action)[0] ?? []);
  if (isOwn(name)) return fromOwn(action as PlaybookOwnAction);
  const settings = Object.entries(given).map(([setting, value]) => [`${name}.${setting}`, Array.isArray(value) ? value.join(', ') : (value as string | number)]);
  return { ...blankAction(name), settings: Object.fromEntries(settings), held: action };
}

/** What stands in the field of a setting: what was typed, else what it is by default. */
export function typed(form: ActionForm, setting: TaskKindSetting): string | number | null {
  const value = form.settings[`${form.name}.${setting.name}`];
  if (value !== undefined) return value;
  return typeof setting.default === 'number' || typeof setting.default === 'string' ? setting.default : setting.form === 'number' ? null : '';
}

function toOutward(form: ActionForm): PlaybookAction {
  const kind = taskKinds.get(form.name);
  // Of a kind that the platform does not tell, all that is known is what was read.
  if (!kind) return form.held;
  const value = (setting: TaskKindSetting): string | number | string[] | null => {
    const raw = typed(form, setting);
    if (typeof raw !== 'string') return raw;
    if (setting.form === 'addresses') return words(raw);
    return setting.form === 'text' || setting.form === 'json' ? raw : raw.trim();
  };
  const settings = kind.settings.map((setting) => [setting.name, value(setting)] as const).filter(([, held]) => held !== null);
  return { [kind.name]: Object.fromEntries(settings) } as PlaybookAction;
}

export function toAction(form: ActionForm): PlaybookAction {
  if (!isOwn(form.name)) return toOutward(form);
  switch (form.name) {
    case 'manual': return 'manual';
    case 'notify_console': return { notify_console: { message: form.message.trim() } };
    case 'assign': return { assign: { to: assignee(form) } };
    case 'ask': return { ask: { question: form.question.trim(), options: lines(form.options) } };
    case 'wait': return { wait: { seconds: form.seconds, until: form.until.trim() || null } };
    case 'annotate': return { annotate: { text: form.text.trim() } };
    case 'open_room': return { open_room: { name: form.room.trim(), agencies: words(form.agencies) } };
  }
}

function assignee(form: ActionForm): { person: string } | { role: string } | { agency: string } {
  const name = form.assignee.trim();
  if (form.assign === 'person') return { person: name };
  return form.assign === 'role' ? { role: name } : { agency: name };
}
