// How often each asset reports, so that one that fell silent can be told from one that seldom speaks.

/** Intervals kept of each kind; the middle one is the usual one, so that one long gap does not stretch it. */
const KEPT = 5;
/** So many usual intervals without a reading are silence, but never less than the least. */
const MISSED = 3;
const LEAST_MS = 60_000;
/** Where no interval is known yet: the picture that the console starts with holds nothing older. */
const UNKNOWN_MS = 2 * 3_600_000;

interface Beat { last: number; gaps: number[] }

export class Rhythm {
  #beats = new Map<string, Map<string, Beat>>();

  /** Takes the time of a reading, in Unix ms. */
  hear(asset: string, kind: string, at: number): void {
    let kinds = this.#beats.get(asset);
    if (!kinds) this.#beats.set(asset, (kinds = new Map()));
    const beat = kinds.get(kind);
    if (!beat) {
      kinds.set(kind, { last: at, gaps: [] });
      return;
    }
    // A redelivery, or an older one that came late, says nothing of the interval.
    if (at <= beat.last) return;
    if (beat.gaps.push(at - beat.last) > KEPT) beat.gaps.shift();
    beat.last = at;
  }

  /** Whether an asset that has been quiet for so long since a reading of this kind should have been heard. */
  overdue(asset: string, kind: string, quietMs: number): boolean {
    // Most were heard just now: they cost one comparison.
    if (quietMs <= LEAST_MS) return false;
    const gaps = this.#beats.get(asset)?.get(kind)?.gaps ?? [];
    const usual = gaps.toSorted((a, b) => a - b)[gaps.length >> 1];
    return quietMs > (usual === undefined ? UNKNOWN_MS : Math.max(LEAST_MS, MISSED * usual));
  }
}
