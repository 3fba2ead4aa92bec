// An observation kind as a form: numbers that may be empty, and days instead of seconds.

import type { Kind } from '../lib/wire';

const DAY_S = 86_400;

export interface KindForm {
  id: string; name: string; quantity: string; unit: string; valueType: Kind['value_type']; min: number | null; max: number | null;
  days: number | null; personal: boolean; overload: Kind['overload'];
}

export const blankKind = (): KindForm => ({ id: '', name: '', quantity: '', unit: '', valueType: 'number', min: null, max: null, days: 90, personal: false, overload: 'wait' });

export function fromKind(kind: Kind): KindForm {
  const { id, name, quantity, unit, personal, overload } = kind;
  return { id, name, quantity, unit, personal, overload, valueType: kind.value_type, min: kind.min, max: kind.max, days: kind.retention_s / DAY_S };
}

/** Unit and range belong to numbers only. */
export function toKind(form: KindForm, version: number): Kind {
  const number = form.valueType === 'number';
  return {
    id: form.id.trim(), name: form.name.trim(), quantity: form.quantity.trim(), unit: number ? form.unit.trim() : '', value_type: form.valueType,
    min: number ? form.min : null, max: number ? form.max : null, retention_s: Math.max(1, Math.round((form.days ?? 0) * DAY_S)), personal: form.personal, overload: form.overload, version,
  };
}
