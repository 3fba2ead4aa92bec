import { expect, test } from 'vitest';
import { fromKind, toKind } from '../kinds/form';
import { fromStep, move, toStep } from '../playbooks/form';
import type { Kind, Playbook } from './wire';

test('a kind survives the form; unit and range belong to numbers', () => {
  const kind: Kind = { id: 'air.pm25', name: 'Fine dust', quantity: 'mass', unit: 'ug/m3', value_type: 'number', min: 0, max: null, retention_s: 7_776_000, personal: false, overload: 'shed', version: 3 };
  expect(toKind(fromKind(kind), 3)).toEqual(kind);
  expect(toKind({ ...fromKind(kind), valueType: 'text' }, 0)).toMatchObject({ unit: '', min: null, max: null });
});

test('every action of a step survives the form', () => {
  const actions: Playbook['steps'][number]['action'][] = ['manual', { notify_console: { message: 'Smog' } }, { email: { to: ['a@city.example', 'b@city.example'], subject: 'Smog', body: 'Now' } }, { webhook: { endpoint: 'sirens' } }, { ask: { question: 'Smell?', options: ['yes', 'no'] } }, { wait: { seconds: 60, until: null } }];
  for (const action of actions) {
    const step = { title: 'Call', instruction: 'By phone', action, id: 'call', after: [], when: 'priority == 1', approvals: 2, deadline_s: 60 };
    expect(toStep(fromStep(step))).toEqual(step);
  }
});

test('steps move by one and stay inside', () => {
  expect(move(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c']);
  expect(move(['a', 'b', 'c'], 2, -1)).toEqual(['a', 'c', 'b']);
  expect(move(['a', 'b'], 0, -1)).toEqual(['a', 'b']);
  expect(move(['a', 'b'], 1, 1)).toEqual(['a', 'b']);
});
