// The exercise under way, if there is one: each page says so.

import { get } from '../lib/api';
import { session } from '../lib/session.svelte';
import type { Exercise, Page } from '../lib/wire';

class Drill {
  now: Exercise | null = $state.raw(null);
  /** Counts beginnings and ends, for whoever lists exercises. */
  round = $state(0);

  /** Asks whether one is under way: what began before the event stream was followed is in no event. */
  async look(): Promise<void> {
    if (!session.may('exercises')) return;
    const [latest] = (await get<Page<Exercise>>('/exercises?limit=1')).items;
    this.took(latest && !latest.ended ? latest : null);
  }

  /** What the event stream says: one began, ended, or was withdrawn before it began. */
  heard(told: Exercise | { id: string; deleted: true }): void {
    if (!('deleted' in told) && !told.ended) this.took(told);
    else if (this.now?.id === told.id) this.took(null);
  }

  took(exercise: Exercise | null): void {
    if (this.now?.id === exercise?.id) return;
    this.now = exercise;
    this.round += 1;
  }
}

export const drill = new Drill();
