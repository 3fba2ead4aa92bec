// Which moment the console shows: the present, or a past one that may be played forward.

import { get } from '../lib/api';
import type { Picture } from '../lib/wire';
import { live } from './city.svelte';
import { platformNow } from './clock';

export const speeds = [1, 10, 60] as const;
export type Speed = (typeof speeds)[number];

const STEP_MS = 1000;

/** The next moment while playing: null when the present is reached. */
export function advance(at: number, elapsedMs: number, speed: number, now: number): number | null {
  const next = at + elapsedMs * speed;
  return next >= now - STEP_MS ? null : next;
}

class Moment {
  /** Unix ms of the moment shown, null for the present. */
  at: number | null = $state(null);
  playing = $state(false);
  speed: Speed = $state(10);
  loading = $state(false);
  failed: string | null = $state(null);
  /** The present, ticking once a second, for relative times. */
  now = $state(platformNow());
  #wanted: number | null = null;
  #asking: AbortController | null = null;
  #last = 0;

  start(): void {
    setInterval(() => this.#tick(), STEP_MS);
  }

  /** The moment that relative times are measured against. */
  get shown(): number {
    return this.at ?? this.now;
  }

  /** Moves the whole picture. While one picture is on its way only the latest wish is kept. */
  async go(at: number | null): Promise<void> {
    if (at === null || at >= platformNow() - 1500) return this.present();
    this.at = at;
    this.#wanted = at;
    if (this.loading) return;
    this.loading = true;
    try {
      while (this.#wanted !== null) {
        const asked: number = this.#wanted;
        this.#wanted = null;
        this.#asking = new AbortController();
        const picture = await get<Picture>(`/picture?at=${encodeURIComponent(new Date(asked).toISOString())}`, this.#asking.signal);
        if (this.at !== null) live.present(picture);
        this.failed = null;
      }
    } catch (error) {
      if (this.at !== null) this.failed = error instanceof Error ? error.message : String(error);
      this.playing = false;
    } finally {
      this.loading = false;
      this.#asking = null;
    }
  }

  present(): void {
    this.at = null;
    this.#wanted = null;
    this.playing = false;
    this.failed = null;
    this.#asking?.abort();
    if (live.shown !== live.live) live.present(null);
  }

  play(on: boolean): void {
    if (on && this.at === null) return;
    this.#last = performance.now();
    this.playing = on;
  }

  #tick(): void {
    this.now = platformNow();
    if (!this.playing || this.at === null) return;
    const passed = performance.now() - this.#last;
    this.#last = performance.now();
    const next = advance(this.at, passed, this.speed, platformNow());
    if (next === null) this.present();
    else void this.go(next);
  }
}

export const moment = new Moment();
