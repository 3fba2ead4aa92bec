// t('key', params) in the chosen language. A key that does not exist is an error of the compiler.

import { settings } from '../settings.svelte';
import { de } from './de';
import { en } from './en';
import { fill, type Params } from './format';

export const catalogues = { en, de } satisfies Record<string, Record<keyof typeof en, string>>;
export type Locale = keyof typeof catalogues;
export type Key = keyof typeof en;

export const localeNames: Record<Locale, string> = { en: 'English', de: 'Deutsch' };

function preferred(): Locale {
  return typeof navigator !== 'undefined' && navigator.language.startsWith('de') ? 'de' : 'en';
}

export function locale(): Locale {
  return settings.all.locale ?? preferred();
}

/** For Intl: English with a 24-hour clock and day before month, as control rooms write it. */
export function intlLocale(): string {
  return locale() === 'de' ? 'de-DE' : 'en-GB';
}

export function t(key: Key, params: Params = {}): string {
  return fill(catalogues[locale()][key], params, intlLocale());
}

/** The label of a word of the platform (a state, a severity, a role); a word without one is shown as it is. */
export function word(group: string, value: string): string {
  const key = `${group}.${value}`;
  const catalogue: Record<string, string> = catalogues[locale()];
  return catalogue[key] ?? humanise(value);
}

/** `air_quality` reads "Air quality". */
export function humanise(value: string): string {
  const text = value.replaceAll('_', ' ').replaceAll('.', ' ').trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
