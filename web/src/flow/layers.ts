// A small graph in layers, each step below all that it comes after: longest-path layers, then the steps of each layer
// ordered by the mean place of their neighbours, so that few edges cross (Sugiyama, Tagawa, Toda, IEEE Trans. Syst. Man
// Cybern. 11(2), 1981). Edges over several layers get a narrow place in each between, so that they run beside the steps.

export interface Step { id: string; before: readonly string[] }
/** The middle of a step: `x` in widths of a step from the middle of the picture, `layer` from 0 at the top. */
export interface Placed { id: string; layer: number; x: number }
/** `back`: the edge closes a circle, and is drawn against the order. */
export interface Edge { from: string; to: string; points: { layer: number; x: number }[]; back: boolean }
export interface Layout { width: number; layers: number; steps: Placed[]; edges: Edge[] }

/** Room of an edge that passes a layer, in widths of a step. */
const PASSAGE = 0.3;
const SWEEPS = 4;

interface Cell { key: string; layer: number; width: number; up: Cell[]; down: Cell[]; x: number }

/** Edges to names that are there, each once, apart from those that close a circle. */
function edges(steps: readonly Step[]): { from: string; to: string; back: boolean }[] {
  const known = new Map(steps.map((step) => [step.id, step]));
  const state = new Map<string, 'open' | 'over'>();
  const back = new Set<string>();
  const visit = (step: Step): void => {
    state.set(step.id, 'open');
    for (const name of new Set(step.before)) {
      const other = known.get(name);
      if (!other) continue;
      if (state.get(name) === 'open') back.add(`${name}\n${step.id}`);
      else if (!state.has(name)) visit(other);
    }
    state.set(step.id, 'over');
  };
  for (const step of steps) if (!state.has(step.id)) visit(step);
  return steps.flatMap((step) => [...new Set(step.before)].filter((name) => known.has(name)).map((from) => ({ from, to: step.id, back: back.has(`${from}\n${step.id}`) })));
}

function layersOf(steps: readonly Step[], forward: readonly { from: string; to: string }[]): Map<string, number> {
  const before = new Map<string, string[]>(steps.map((step) => [step.id, []]));
  for (const edge of forward) before.get(edge.to)?.push(edge.from);
  const found = new Map<string, number>();
  const of = (id: string): number => {
    const held = found.get(id);
    if (held !== undefined) return held;
    const layer = Math.max(-1, ...(before.get(id) ?? []).map(of)) + 1;
    found.set(id, layer);
    return layer;
  };
  for (const step of steps) of(step.id);
  return found;
}

/** Sorts a layer by the mean place of the neighbours above (or below); who has none stays where it is. */
function order(layer: Cell[], side: 'up' | 'down'): void {
  const wish = new Map(layer.map((cell) => [cell, cell[side].length > 0 ? cell[side].reduce((sum, other) => sum + other.x, 0) / cell[side].length : cell.x]));
  layer.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0));
  spread(layer);
}

function spread(layer: Cell[]): void {
  let at = -layer.reduce((sum, cell) => sum + cell.width, 0) / 2;
  for (const cell of layer) {
    cell.x = at + cell.width / 2;
    at += cell.width;
  }
}

/** Where each step and each edge is drawn. The same steps give the same picture. */
export function layout(steps: readonly Step[]): Layout {
  const all = edges(steps);
  const forward = all.filter((edge) => !edge.back);
  const layer = layersOf(steps, forward);
  const rows: Cell[][] = Array.from({ length: Math.max(-1, ...layer.values()) + 1 }, () => []);
  const cells = new Map<string, Cell>();
  const cell = (key: string, at: number, width: number): Cell => {
    const made: Cell = { key, layer: at, width, up: [], down: [], x: 0 };
    rows[at]?.push(made);
    return made;
  };
  for (const step of steps) cells.set(step.id, cell(step.id, layer.get(step.id) ?? 0, 1));
  const paths = forward.map((edge) => {
    const path = [cells.get(edge.from) as Cell];
    const end = cells.get(edge.to) as Cell;
    for (let at = (path[0] as Cell).layer + 1; at < end.layer; at += 1) path.push(cell('', at, PASSAGE));
    path.push(end);
    path.forEach((one, i) => {
      const next = path[i + 1];
      if (next) (one.down.push(next), next.up.push(one));
    });
    return { edge, path };
  });
  rows.forEach(spread);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (let i = 1; i < rows.length; i += 1) order(rows[i] as Cell[], 'up');
    if (sweep < SWEEPS - 1) for (let i = rows.length - 2; i >= 0; i -= 1) order(rows[i] as Cell[], 'down');
  }
  const point = ({ layer: at, x }: Cell) => ({ layer: at, x });
  return {
    width: Math.max(0, ...rows.map((row) => row.reduce((sum, held) => sum + held.width, 0))),
    layers: rows.length,
    steps: steps.map(({ id }) => ({ id, ...point(cells.get(id) as Cell) })),
    edges: [
      ...paths.map(({ edge, path }) => ({ ...edge, points: path.map(point) })),
      ...all.filter((edge) => edge.back).map((edge) => ({ ...edge, points: [point(cells.get(edge.from) as Cell), point(cells.get(edge.to) as Cell)] })),
    ],
  };
}
