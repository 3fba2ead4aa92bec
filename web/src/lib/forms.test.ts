import { expect, test } from 'vitest';
import { fromKind, toKind } from '../kinds/form';
import type { Kind } from './wire';

test('a kind survives the form; unit and range belong to numbers', () => {
  const kind: Kind = { id: 'air.pm25', name: 'Fine dust', quantity: 'mass', unit: 'ug/m3', value_type: 'number', min: 0, max: null, retention_s: 7_776_000, personal: false, overload: 'shed', version: 3 };
  expect(toKind(fromKind(kind), 3)).toEqual(kind);
  expect(toKind({ ...fromKind(kind), valueType: 'text' }, 0)).toMatchObject({ unit: '', min: null, max: null });
});
