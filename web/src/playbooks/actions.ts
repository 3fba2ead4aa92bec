// An action as a form: the fields of all actions at once.

import type { PlaybookAction } from '../lib/wire';

export const actionNames = ['manual', 'ask', 'notify_console', 'email', 'webhook', 'http', 'assign', 'wait', 'annotate', 'open_room'] as const;
export type ActionName = (typeof actionNames)[number];
/** What may tell somebody of an escalation, and what may undo a step (crates/engine/src/playbook/check.rs). */
export const telling: readonly ActionName[] = ['notify_console', 'email', 'webhook', 'http', 'annotate'];
export const undoing: readonly ActionName[] = actionNames.filter((name) => name !== 'ask' && name !== 'wait');
export const methods = ['get', 'post', 'put', 'delete'] as const;
type Method = (typeof methods)[number];
export type AssigneeSort = 'person' | 'role' | 'agency';

export interface ActionForm {
  name: ActionName; message: string; to: string; subject: string; body: string; endpoint: string; method: Method; path: string; json: string;
  assign: AssigneeSort; assignee: string; question: string; options: string; seconds: number | null; until: string; text: string; room: string; agencies: string;
}

export const blankAction = (name: ActionName = 'manual'): ActionForm => ({
  name, message: '', to: '', subject: '', body: '', endpoint: '', method: 'post', path: '', json: '', assign: 'role', assignee: '', question: '', options: '', seconds: null, until: '', text: '', room: '', agencies: '',
});

const lines = (text: string): string[] => text.split('\n').map((line) => line.trim()).filter(Boolean);
const words = (text: string): string[] => text.split(/[\s,;]+/).filter(Boolean);

export function fromAction(action: PlaybookAction): ActionForm {
  if (action === 'manual') return blankAction();
  if ('notify_console' in action) return { ...blankAction('notify_console'), message: action.notify_console.message };
  if ('email' in action) return { ...blankAction('email'), to: action.email.to.join(', '), subject: action.email.subject, body: action.email.body };
  if ('webhook' in action) return { ...blankAction('webhook'), endpoint: action.webhook.endpoint };
  if ('http' in action) return { ...blankAction('http'), endpoint: action.http.endpoint, method: action.http.method ?? 'post', path: action.http.path ?? '', json: action.http.body ?? '' };
  if ('assign' in action) {
    const [assign, assignee] = Object.entries(action.assign.to)[0] as [AssigneeSort, string];
    return { ...blankAction('assign'), assign, assignee };
  }
  if ('ask' in action) return { ...blankAction('ask'), question: action.ask.question, options: (action.ask.options ?? []).join('\n') };
  if ('wait' in action) return { ...blankAction('wait'), seconds: action.wait.seconds ?? null, until: action.wait.until ?? '' };
  if ('annotate' in action) return { ...blankAction('annotate'), text: action.annotate.text };
  return { ...blankAction('open_room'), room: action.open_room.name, agencies: action.open_room.agencies.join(', ') };
}

export function toAction(form: ActionForm): PlaybookAction {
  switch (form.name) {
    case 'manual': return 'manual';
    case 'notify_console': return { notify_console: { message: form.message.trim() } };
    case 'email': return { email: { to: words(form.to), subject: form.subject.trim(), body: form.body } };
    case 'webhook': return { webhook: { endpoint: form.endpoint.trim() } };
    case 'http': return { http: { endpoint: form.endpoint.trim(), method: form.method, path: form.path.trim(), body: form.json } };
    case 'assign': return { assign: { to: assignee(form) } };
    case 'ask': return { ask: { question: form.question.trim(), options: lines(form.options) } };
    case 'wait': return { wait: { seconds: form.seconds, until: form.until.trim() || null } };
    case 'annotate': return { annotate: { text: form.text.trim() } };
    case 'open_room': return { open_room: { name: form.room.trim(), agencies: words(form.agencies) } };
  }
}

function assignee(form: ActionForm): Extract<PlaybookAction, { assign: unknown }>['assign']['to'] {
  const name = form.assignee.trim();
  if (form.assign === 'person') return { person: name };
  return form.assign === 'role' ? { role: name } : { agency: name };
}
