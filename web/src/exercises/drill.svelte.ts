// The exercise under way, if there is one: each page says so.

import { get } from '../lib/api';
import { session } from '../lib/session.svelte';
import type { Exercise, Page } from '../lib/wire';

/** Its beginning and end are no events: the platform is asked this often. */
const LOOK_MS = 4000;

class Drill {
  now: Exercise | null = $state.raw(null);
  /** Counts beginnings and ends, for whoever lists exercises. */
  round = $state(0);

  /** Asks as long as somebody is signed in who may know. */
  start(): () => void {
    void this.look();
    const timer = setInterval(() => void this.look(), LOOK_MS);
    return () => clearInterval(timer);
  }

  async look(): Promise<void> {
    if (!session.may('exercises')) return;
    try {
      const [latest] = (await get<Page<Exercise>>('/exercises?limit=1')).items;
      this.took(latest && !latest.ended ? latest : null);
    } catch {
      // The banner of the lost connection says what is wrong.
    }
  }

  took(exercise: Exercise | null): void {
    if (this.now?.id === exercise?.id) return;
    this.now = exercise;
    this.round += 1;
  }
}

export const drill = new Drill();
