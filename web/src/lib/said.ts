// What the engine says in titles and reasons holds every digit that a sensor sent and its unit as a UCUM code: here it is
// as people read it, with the units of the rest of the console. What is stored stays as it is.

import { unit, unitCodes } from './show';

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
/** The unit 1 is no unit: behind a number it would be another number. */
const codes = unitCodes.filter((code) => code !== '1' && !code.startsWith('/')).sort((a, b) => b.length - a.length);
const measured = new RegExp(`(?<![\\w.])(-?\\d+(?:\\.\\d+)?) (${codes.map(escape).join('|')})(?![\\w/])`, 'g');

/** From 100 on without a decimal, from 1 on with one, below with two digits that count; never with more than there were. */
export function rounded(figure: string): string {
  const [, decimals = ''] = figure.split('.');
  const size = Math.abs(Number(figure));
  const most = size >= 100 ? 0 : size >= 1 || size === 0 ? 1 : Math.ceil(-Math.log10(size)) + 1;
  return decimals.length <= most ? figure : Number(figure).toFixed(Math.min(most, 20));
}

const spans: [number, string][] = [[86_400, 'd'], [3600, 'h'], [60, 'min']];

/** Whole minutes, hours and days of the engine's seconds, from two minutes on. */
function span(whole: string, seconds: string): string {
  const [length, name] = spans.find(([length]) => Number(seconds) >= 120 && Number(seconds) % length === 0) ?? [1, ''];
  return name ? `${Number(seconds) / length} ${name}` : whole;
}

/** "32.187 km/h" reads "32.2 km/h", "273 ug/m3" reads "273 µg/m³", "1800 s" reads "30 min". */
export function said(text: string): string {
  return text
    .replace(measured, (_whole, figure: string, code: string) => `${rounded(figure)} ${unit(code)}`.trimEnd())
    .replaceAll(' per 1 s', ' per s')
    .replace(/(?<![\w.])(\d{3,}) s(?![\w/])/g, span);
}

/** The same of an alarm or an incident; any other thing is as it was. */
export function asRead<T extends object>(thing: T): T {
  const texts = thing as { title?: unknown; reason?: unknown };
  const title = typeof texts.title === 'string' ? said(texts.title) : texts.title;
  const reason = typeof texts.reason === 'string' ? said(texts.reason) : texts.reason;
  return title === texts.title && reason === texts.reason ? thing : { ...thing, ...(title === undefined ? {} : { title }), ...(reason === undefined ? {} : { reason }) };
}
