// What may be written next in an expression: fields, functions, kinds and zones (docs/rules.md, "Expressions").

import type { Key } from '../lib/i18n/index.svelte';
import type { Kind } from '../lib/wire';

export interface Named { id: string; name: string }
/** What the city knows; `values`: what `value` may be here, `windows`: whether window() may be used. */
export interface Vocabulary { kinds: readonly Named[]; zones: readonly Named[]; units: readonly string[]; values: readonly Kind['value_type'][]; windows: boolean }
/** `insert` replaces the stretch, `back` is how far before its end the caret goes. */
export interface Candidate { insert: string; label: string; about: Key | null; name: string; back: number }
export interface Completion { from: number; to: number; items: Candidate[] }

/** Most that are offered at once: as many as can be looked over. */
const MOST = 12;

const fields: readonly [string, Key][] = [
  ['value', 'cel.value'], ['kind', 'cel.kind'], ['unit', 'cel.unit'], ['source', 'cel.source'], ['quality', 'cel.quality'],
  ['asset.id', 'cel.asset.id'], ['asset.name', 'cel.asset.name'], ['asset.class', 'cel.asset.class'], ['asset.agency', 'cel.asset.agency'], ['asset.attributes.', 'cel.asset.attributes'],
  ['attributes.', 'cel.attributes'], ['place.lon', 'cel.place.lon'], ['place.lat', 'cel.place.lat'],
  ['time.hour', 'cel.time.hour'], ['time.minute', 'cel.time.minute'], ['time.weekday', 'cel.time.weekday'], ['zones', 'cel.zones'],
];
const aggregates: readonly [string, Key][] = [['mean', 'cel.mean'], ['min', 'cel.min'], ['max', 'cel.max'], ['sum', 'cel.sum'], ['count', 'cel.count']];
const tests: readonly [string, Key][] = [['contains', 'cel.contains'], ['startsWith', 'cel.starts'], ['endsWith', 'cel.ends']];
const qualities: readonly [string, Key][] = [['good', 'cel.good'], ['doubtful', 'cel.doubtful']];
const spans: readonly [string, Key][] = [['1m', 'cel.span'], ['10m', 'cel.span'], ['1h', 'cel.span'], ['24h', 'cel.span'], ['7d', 'cel.span']];

const plain = (text: string, about: Key | null, name = '', back = 0): Candidate => ({ insert: text, label: text, about, name, back });

function functions(windows: boolean): Candidate[] {
  return [
    ...(windows ? aggregates.map(([name, about]) => plain(`window("10m").${name}`, about)) : []),
    { insert: 'quantity(0, "")', label: 'quantity(50, "ug/m3")', about: 'cel.quantity', name: '', back: 6 },
    { insert: 'difference(0, "")', label: 'difference(5, "K")', about: 'cel.difference', name: '', back: 6 },
    { insert: 'has(attributes.)', label: 'has(attributes.name)', about: 'cel.has', name: '', back: 1 },
    { insert: 'double()', label: 'double(text)', about: 'cel.double', name: '', back: 1 },
    { insert: 'size()', label: 'size(text)', about: 'cel.size', name: '', back: 1 },
  ];
}

/** The quote that is open at the end of a text, and where; null outside of quotes. */
function openQuote(before: string): { at: number; quote: string } | null {
  let open: { at: number; quote: string } | null = null;
  for (let at = 0; at < before.length; at += 1) {
    const sign = before[at];
    if (open ? sign === open.quote : sign === '"' || sign === "'") open = open ? null : { at, quote: sign as string };
  }
  return open;
}

const starts = (text: string, typed: string) => text.toLowerCase().startsWith(typed.toLowerCase());
/** A name is found by the beginning of any of its words. */
const wordStarts = (held: Named, typed: string) => starts(held.id, typed) || held.name.toLowerCase().split(/[^\p{L}\p{N}.]+/u).some((part) => part !== '' && starts(part, typed)) || held.id.split(/[.\-_]/).some((part) => starts(part, typed));

/** What stands between quotes: which of kinds, zones, units, spans, the text before the quote says. */
function quoted(text: string, caret: number, open: { at: number; quote: string }, known: Vocabulary): Completion {
  const lead = text.slice(0, open.at);
  const typed = text.slice(open.at + 1, caret);
  const closes = text.indexOf(open.quote, caret);
  const sameLine = closes >= 0 && !/[&|=<>()]/.test(text.slice(caret, closes));
  const to = sameLine ? closes + 1 : caret;
  const close = (word: string, after = '') => `${word}${open.quote}${after}`;
  const pick = (words: readonly [string, Key][]) => words.filter(([word]) => starts(word, typed)).map(([word, about]) => ({ ...plain(close(word), about), label: word }));
  let items: Candidate[];
  if (/window\(\s*$/.test(lead)) items = pick(spans);
  else if (/quality\s*[=!]=\s*$/.test(lead)) items = pick(qualities);
  else if (/(?:quantity|difference)\([^,()]*,\s*$/.test(lead)) items = known.units.filter((unit) => starts(unit, typed)).map((unit) => ({ ...plain(close(unit), 'cel.unit'), label: unit }));
  else if (/\bkind\s*(?:[=!]=\s*|in\s*\[[^\]]*)$/.test(lead)) items = known.kinds.filter((kind) => wordStarts(kind, typed)).map((kind) => ({ ...plain(close(kind.id), null, kind.name), label: kind.id }));
  else if (/(?:\bvalue|asset\.\w+|unit|source|attributes\.\w+|attributes\[|\w\()\s*(?:[=!]=\s*)?$/.test(lead)) items = [];
  else items = known.zones.filter((zone) => wordStarts(zone, typed)).map((zone) => ({ ...plain(close(zone.id, /^\s*in zones/.test(text.slice(to)) ? '' : ' in zones'), null, zone.name), label: zone.id }));
  return { from: open.at + 1, to, items: items.slice(0, MOST) };
}

/** What `value` is compared with, by the kinds that are looked at: of a number nothing is known before it is typed. */
function literals(typed: string, values: Vocabulary['values']): Candidate[] {
  const truths = values.includes('boolean') ? ['true', 'false'].map((word) => plain(word, null)) : [];
  const texts = values.includes('text') ? [{ ...plain('""', 'cel.text', '', 1), label: '"…"' }] : [];
  return [...truths, ...texts].filter((held) => starts(held.label, typed) && held.label !== typed);
}

/** What may stand at the caret. Nothing typed yet: the fields and functions, for whoever asks by key. */
export function complete(text: string, caret: number, known: Vocabulary): Completion {
  const before = text.slice(0, caret);
  const open = openQuote(before);
  if (open) return quoted(text, caret, open, known);
  const member = /(?:window\([^()]*\)|\b(?:asset\.(?:id|name|class|agency|attributes\.\w+)|unit|kind|source|quality|attributes\.\w+))\.(\w*)$/.exec(before);
  if (member) {
    const typed = member[1] ?? '';
    const isWindow = member[0].startsWith('window(');
    const items = (isWindow ? aggregates : tests).filter(([name]) => starts(name, typed) && name !== typed).map(([name, about]) => (isWindow ? plain(name, about) : { ...plain(`${name}("")`, about, '', 2), label: `${name}("…")` }));
    return { from: caret - typed.length, to: caret, items };
  }
  const typed = /[A-Za-zÀ-ɏ_][\wÀ-ɏ.]*$/.exec(before)?.[0] ?? '';
  const beside = /(?<![\w.])value\s*[=!]=\s*\w*$/.test(before) ? literals(typed, known.values) : [];
  const own = fields.filter(([name]) => starts(name, typed) && name !== typed).map(([name, about]) => plain(name, about));
  const calls = functions(known.windows && known.values.includes('number')).filter((held) => starts(held.label, typed));
  const named = typed.length < 2 ? [] : [
    ...known.kinds.filter((kind) => wordStarts(kind, typed)).map((kind) => plain(`kind == "${kind.id}"`, null, kind.name)),
    ...known.zones.filter((zone) => wordStarts(zone, typed)).map((zone) => plain(`"${zone.id}" in zones`, null, zone.name)),
  ];
  return { from: caret - typed.length, to: caret, items: [...beside, ...own, ...calls, ...named].slice(0, MOST) };
}

/** The text after a candidate was taken, and where the caret stands then. */
export function accept(text: string, at: Completion, chosen: Candidate): { text: string; caret: number } {
  return { text: text.slice(0, at.from) + chosen.insert + text.slice(at.to), caret: at.from + chosen.insert.length - chosen.back };
}
