// How values, times and sizes are written.

import { intlLocale, t } from './i18n/index.svelte';
import type { Observation } from './wire';

const formats = new Map<string, Intl.DateTimeFormat>();

function format(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${intlLocale()} ${name}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(intlLocale(), options);
    formats.set(key, found);
  }
  return found;
}

type Moment = string | number | Date;
const date = (at: Moment) => (at instanceof Date ? at : new Date(at));

export const clock = (at: Moment) => format('clock', { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(date(at));
export const time = (at: Moment) => format('time', { hour: '2-digit', minute: '2-digit' }).format(date(at));
export const day = (at: Moment) => format('day', { weekday: 'short', day: 'numeric', month: 'short' }).format(date(at));
export const full = (at: Moment) => format('full', { dateStyle: 'medium', timeStyle: 'medium' }).format(date(at));

/** "3 min ago", measured against the moment that is shown, not against the wall. */
export function ago(at: Moment, now: number): string {
  const seconds = Math.round((date(at).getTime() - now) / 1000);
  const relative = new Intl.RelativeTimeFormat(intlLocale(), { numeric: 'auto', style: 'short' });
  const size = Math.abs(seconds);
  if (size < 5) return t('time.now');
  if (size < 60) return relative.format(seconds, 'second');
  if (size < 3600) return relative.format(Math.round(seconds / 60), 'minute');
  if (size < 86_400) return relative.format(Math.round(seconds / 3600), 'hour');
  return relative.format(Math.round(seconds / 86_400), 'day');
}

/** "12 s", "5 min", "3 h", "2 d". */
export function span(seconds: number): string {
  const number = (n: number) => new Intl.NumberFormat(intlLocale(), { maximumFractionDigits: 1 }).format(n);
  if (seconds < 90) return `${number(seconds)} s`;
  if (seconds < 5400) return `${number(seconds / 60)} min`;
  if (seconds < 172_800) return `${number(seconds / 3600)} h`;
  return `${number(seconds / 86_400)} d`;
}

export function number(value: number, digits = 1): string {
  const size = Math.abs(value);
  const most = size >= 1000 ? 0 : size >= 100 ? Math.min(digits, 0) : size < 1 && size > 0 ? digits + 1 : digits;
  return new Intl.NumberFormat(intlLocale(), { maximumFractionDigits: most, signDisplay: 'negative' }).format(value);
}

/** A share of 0 to 1. */
export const percent = (share: number): string => `${number(share * 100, 0)} %`;

export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let index = 0;
  let size = value;
  while (size >= 1000 && index < units.length - 1) {
    size /= 1000;
    index += 1;
  }
  return `${number(size)} ${units[index]}`;
}

export function distance(metres: number): string {
  return metres < 1000 ? `${number(metres, 0)} m` : `${number(metres / 1000)} km`;
}

/** UCUM codes as people write them. */
const units: Record<string, string> = {
  'ug/m3': 'µg/m³', 'mg/m3': 'mg/m³', Cel: '°C', '%': '%', 'km/h': 'km/h', 'm/s': 'm/s', '/h': '/h', '/min': '/min',
  'dB[SPL]': 'dB', 'dB': 'dB', '1': '', '[ppb]': 'ppb', '[ppm]': 'ppm', hPa: 'hPa', '{vehicle}/h': 'veh/h', '{count}': '',
};

export const unitCodes: readonly string[] = Object.keys(units);

export function unit(code: string): string {
  return units[code] ?? code.replace(/\{(.*?)\}/g, '$1').replace(/\[(.*?)\]/g, '$1');
}

export function value(observation: Pick<Observation, 'value' | 'unit'>): string {
  const { value: v } = observation;
  if (typeof v === 'number') {
    const u = unit(observation.unit);
    return u ? `${number(v)} ${u}` : number(v);
  }
  if (typeof v === 'boolean') return v ? t('value.yes') : t('value.no');
  return v;
}
