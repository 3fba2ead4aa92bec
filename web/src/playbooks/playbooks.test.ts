import { expect, test } from 'vitest';
import registered from '../../../schemas/task-kinds.json';
import type { PlaybookAction, PlaybookStep, TaskKind } from '../lib/wire';
import { actionNames, telling, undoing } from './actions';
import { directly, earlier, fromSteps, move, readable, toSteps, without } from './form';
import { kindMark, kindWord, taskKinds } from './kinds.svelte';

/** A kind that the console has never heard of. */
const siren: TaskKind = {
  name: 'sound_siren', title: { en: 'siren', de: 'Sirene' }, icon: 'no-such-icon', is_retried: false, informs: false, undoes: false, deadline_s: 60, unset: { en: 'None.', de: 'Keine.' }, failed: { en: 'Silent.', de: 'Stumm.' },
  settings: [
    { name: 'mast', label: { en: 'Mast', de: 'Mast' }, form: 'name', choices: [], has_placeholders: false },
    { name: 'lasting', label: { en: 'For', de: 'Dauer' }, form: 'number', choices: [], unit: 's', least: 10, most: 180, default: 60, has_placeholders: false },
  ],
};
taskKinds.all = [...(registered.items as TaskKind[]), siren];

const step = (part: Partial<PlaybookStep> = {}): PlaybookStep => ({ id: null, title: 'Call', instruction: 'By phone', action: 'manual', after: null, when: null, approvals: 0, deadline_s: null, retries: null, backoff_s: null, escalate: null, compensate: null, ...part });
const actions: PlaybookAction[] = [
  'manual', { notify_console: { message: 'Smog' } }, { email: { to: ['a@city.example', 'b@city.example'], subject: 'Smog', body: 'Now\n' } }, { webhook: { endpoint: 'sirens' } },
  { http: { endpoint: 'signs', method: 'put', path: '/a', body: '{}' } }, { assign: { to: { role: 'supervisor' } } }, { assign: { to: { person: 'ann' } } }, { assign: { to: { agency: 'fire' } } },
  { ask: { question: 'Smell?', options: ['yes, inside', 'no'] } }, { ask: { question: 'Where?', options: [] } }, { wait: { seconds: 60, until: null } }, { wait: { seconds: null, until: 'alarms > 3' } },
  { annotate: { text: 'Done' } }, { open_room: { name: 'Gas', agencies: ['fire', 'police'] } }, { sound_siren: { mast: 'm1', lasting: 30 } },
];

test('every action survives the form, as what is done and as what undoes it', () => {
  for (const action of actions) {
    const held = [step({ action, compensate: action })];
    expect(toSteps(fromSteps(held))).toEqual(held);
  }
  const covered = new Set(actions.map((action) => (typeof action === 'string' ? action : Object.keys(action)[0])));
  expect([...covered].sort()).toEqual([...actionNames()].sort());
});

test('order, conditions, approvals, tries, deadlines and escalation survive the form', () => {
  const held = [
    step({ id: 'caller', after: [] }),
    step({ id: 'grid', action: { webhook: { endpoint: 'gas' } }, after: [], retries: 5, backoff_s: 10, escalate: { notify: { notify_console: { message: 'Not reached' } }, priority: 'p1', hand_to: 'fire', abort: true } }),
    step({ after: ['caller', 'grid'], when: 'priority == 1', approvals: 2, deadline_s: 60 }),
  ];
  expect(toSteps(fromSteps(held))).toEqual(held);
});

test('a step without a name gets that of its place where another one comes after it', () => {
  const held = [step(), step({ after: [] }), step({ after: ['step-2'] })];
  expect(toSteps(fromSteps(held)).map(({ id, after }) => [id, after])).toEqual([[null, null], ['step-2', []], [null, ['step-2']]]);
  // Moved, it is still the same step.
  expect(toSteps(move(fromSteps(held), 1, -1)).map(({ id, after }) => [id, after])).toEqual([['step-1', []], [null, null], [null, ['step-1']]]);
});

test('tries are only sent for what tells somebody', () => {
  const [form] = fromSteps([step({ action: { webhook: { endpoint: 'a' } }, retries: 2, backoff_s: 5 })]);
  if (!form) throw new Error('no step');
  expect(toSteps([{ ...form, action: { ...form.action, name: 'manual' } }])).toMatchObject([{ retries: null, backoff_s: null }]);
});

test('a condition may read what comes before, and nothing beside', () => {
  const forms = fromSteps([step({ id: 'smell-in', action: { ask: { question: 'Smell?' } }, after: [] }), step({ id: 'fire', after: [] }), step({ id: 'room', after: ['smell-in'] }), step({ id: 'size', after: ['room'] })]);
  const key = (index: number) => forms[index]?.key ?? 0;
  expect(earlier(forms, key(3)).map(({ id }) => id)).toEqual(['smell-in', 'room']);
  expect(readable(forms, key(3)).slice(0, 4)).toEqual(["answers['smell-in']", "outcomes['smell-in']", 'outcomes.room', 'severity']);
  expect(readable(forms, key(1))[0]).toBe('severity');
});

test('a step that is removed leaves its place in the order to those before it', () => {
  const forms = fromSteps([step({ id: 'a', after: [] }), step({ id: 'b', after: ['a'] }), step({ id: 'c', after: ['b', 'a'] })]);
  const rest = without(forms, forms[1]?.key ?? 0);
  expect(toSteps(rest).map(({ id, after }) => [id, after])).toEqual([['a', []], ['c', ['a']]]);
  expect([...directly(rest).values()].map((before) => before.length)).toEqual([0, 1]);
});

test('a circle does not hang the form', () => {
  const forms = fromSteps([step({ id: 'a', after: ['b'] }), step({ id: 'b', after: ['a'] })]);
  expect(earlier(forms, forms[0]?.key ?? 0).map(({ id }) => id)).toEqual(['b']);
});

test('steps move by one and stay inside', () => {
  expect(move(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c']);
  expect(move(['a', 'b', 'c'], 2, -1)).toEqual(['a', 'c', 'b']);
  expect(move(['a', 'b'], 0, -1)).toEqual(['a', 'b']);
  expect(move(['a', 'b'], 1, 1)).toEqual(['a', 'b']);
});

test('a kind that the platform tells needs nothing here', () => {
  const [form] = fromSteps([step({ action: { sound_siren: { mast: 'm1' } }, retries: 2 })]);
  if (!form) throw new Error('no step');
  // What is absent is as the kind has it, and what it has no use for is not sent.
  expect(toSteps([form])).toMatchObject([{ action: { sound_siren: { mast: 'm1', lasting: 60 } }, retries: null }]);
  expect([kindWord('sound_siren'), kindMark('sound_siren')]).toEqual(['siren', 'source']);
  expect([telling(), undoing()].map((names) => [names.includes('email'), names.includes('sound_siren')])).toEqual([[true, false], [true, false]]);
});

test('an action of a kind that nobody tells of any more stays as it was', () => {
  const held = [step({ action: { fax: { number: '1' } } })];
  expect(toSteps(fromSteps(held))).toEqual(held);
});
