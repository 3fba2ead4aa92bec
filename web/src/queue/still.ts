// A list that the city moves must not move under a hand: from the press to the release it keeps the lines it had, where they
// were. What came meanwhile is shown once the hand lets go.

import type { Action } from 'svelte/action';
import type { Entry } from './filter';

/** The held lines with what is known of them now; one that has left the picture stays as it was. */
export function still(held: readonly Entry[], now: readonly Entry[]): Entry[] {
  const known = new Map(now.map((entry) => [entry.id, entry]));
  return held.map((entry) => known.get(entry.id) ?? entry);
}

interface Hand { hold: () => void; release: () => void }

/** Tells when a hand is laid on the list and when it lets go: a drag takes the pointer away, and ends by itself. */
export const handOn: Action<HTMLElement, Hand> = (node, hand) => {
  const on = new AbortController();
  const { signal } = on;
  let dragging = false;
  const release = () => {
    dragging = false;
    hand.release();
  };
  node.addEventListener('pointerdown', () => hand.hold(), { signal });
  node.addEventListener('dragstart', () => (dragging = true), { signal });
  window.addEventListener('pointerup', release, { signal });
  window.addEventListener('pointercancel', () => { if (!dragging) release(); }, { signal });
  window.addEventListener('dragend', release, { signal });
  window.addEventListener('blur', () => { if (!dragging) release(); }, { signal });
  return {
    destroy() {
      on.abort();
      hand.release();
    },
  };
};
