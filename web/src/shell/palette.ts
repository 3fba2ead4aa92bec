// Which commands fit what was typed, best first.

export interface Choice { label: string }

const MOST = 40;

/** 3 for a label that starts so, 2 for a word that does, 1 for all parts somewhere, 0 for none. */
function score(label: string, parts: string[]): number {
  const low = label.toLowerCase();
  if (parts.length === 0) return 1;
  if (!parts.every((part) => low.includes(part))) return 0;
  const first = parts[0] ?? '';
  if (low.startsWith(first)) return 3;
  return low.split(/[\s#/-]+/).some((piece) => piece.startsWith(first)) ? 2 : 1;
}

export function rank<T extends Choice>(choices: readonly T[], text: string): T[] {
  const parts = text.toLowerCase().split(/\s+/).filter(Boolean);
  return choices
    .map((choice, index) => ({ choice, index, score: score(choice.label, parts) }))
    .filter((found) => found.score > 0)
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, MOST)
    .map((found) => found.choice);
}
