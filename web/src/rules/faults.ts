// Faults of a rule beside the fields they mean.

import type { Diagnostic } from '../lib/wire';

/** Those of one field; that of an item of a list, as `kinds[2]`, belongs to the list. */
export function faultsAt(diagnostics: readonly Diagnostic[], path: string): Diagnostic[] {
  return diagnostics.filter((found) => found.path === path || (found.path.startsWith(path) && /^\[\d+\]$/.test(found.path.slice(path.length))));
}

/** Whether a fault has a place in the text of its field; that of a figure stands in the request as a whole. */
export const placed = (found: Pick<Diagnostic, 'line' | 'column' | 'within'>): boolean => found.within === 'text' && Boolean(found.line && found.column);

/** Where a fault begins in the text of its field: characters from 0. Lines and columns count from 1. */
export function offsetOf(text: string, line: number, column: number): number {
  const lines = text.split('\n');
  const index = Math.min(Math.max(0, line - 1), lines.length - 1);
  const before = lines.slice(0, index).reduce((sum, held) => sum + held.length + 1, 0);
  // A column counts characters, a text here 16-bit units: signs outside the basic plane are two of them.
  const characters = [...(lines[index] ?? '')].slice(0, Math.max(0, column - 1)).join('').length;
  return Math.min(before + characters, text.length);
}

/** How far a fault reaches: the word, number or quoted text that begins there, at least one character. */
export function reach(text: string, from: number): number {
  const found = /^(?:[\w.]+|"[^"\n]*"?|'[^'\n]*'?|[^\w\s]{1,2})/.exec(text.slice(from));
  return from + Math.max(1, found?.[0].length ?? 1);
}

export interface Stretch { text: string; fault: boolean }

/** A text cut into stretches with and without a fault, for the line under it. */
export function stretches(text: string, faults: readonly Pick<Diagnostic, 'line' | 'column' | 'within'>[]): Stretch[] {
  const bad = new Set<number>();
  for (const found of faults.filter(placed)) {
    const from = offsetOf(text, found.line ?? 1, found.column ?? 1);
    // At the end of the text there is nothing to underline but what stands last.
    const start = from >= text.length ? Math.max(0, text.length - 1) : from;
    for (let at = start; at < Math.min(text.length, reach(text, start)); at += 1) bad.add(at);
  }
  const cut: Stretch[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const last = cut[cut.length - 1];
    if (last && last.fault === bad.has(at)) last.text += text[at];
    else cut.push({ text: text[at] ?? '', fault: bad.has(at) });
  }
  return cut;
}
