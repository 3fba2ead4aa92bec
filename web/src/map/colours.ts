// The colours of the page, read from its style sheet, for canvas and charts, which know no custom properties.

import type { Severity } from '../lib/wire';

export interface Colours extends Record<Severity, string> {
  text: string; muted: string; halo: string; accent: string; ok: string; silent: string; onDisc: string; line: string; surface: string; past: string;
  onSeverity: Record<Severity, string>;
}

export function readColours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: read('text'), muted: read('text-3'), halo: read('surface'), accent: read('accent'), ok: read('accent'), silent: read('line-strong'),
    onDisc: read('on-accent'), line: read('line'), surface: read('surface'), past: read('past'),
    unknown: read('unknown-fill'), minor: read('minor-fill'), moderate: read('moderate-fill'), severe: read('severe-fill'), extreme: read('extreme-fill'),
    onSeverity: { unknown: read('on-unknown'), minor: read('on-minor'), moderate: read('on-moderate'), severe: read('on-severe'), extreme: read('on-extreme') },
  };
}
