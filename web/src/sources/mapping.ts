// The mapping of a source as text: read, and an example to start from.

import { t } from '../lib/i18n/index.svelte';

export function parseMapping(text: string): { mapping: unknown; error: string | null } {
  if (text.trim() === '') return { mapping: null, error: null };
  try {
    const mapping: unknown = JSON.parse(text);
    return typeof mapping === 'object' && mapping !== null && !Array.isArray(mapping) ? { mapping, error: null } : { mapping: null, error: t('source.mapping.object') };
  } catch (error) {
    return { mapping: null, error: error instanceof Error ? error.message : String(error) };
  }
}

export const exampleMapping = JSON.stringify(
  { format: 'json', time: { from: '{/ts}', format: 'rfc3339' }, asset: 'station-{/id}', observations: [{ kind: 'air.pm25', value: '/pm25', unit: 'ug/m3' }] },
  null,
  2,
);

export const exampleSample = JSON.stringify({ id: 7, ts: '2026-05-04T03:00:00Z', pm25: 18.4 }, null, 2);
