// The one selection that queue and map share, and what is chosen or pointed at in it.

import { live } from '../live/city.svelte';
import { moment } from '../live/moment.svelte';
import { isPlayed, noFilter, OVER, pictureStates, select, type Entry, type Filter } from './filter';
import { still } from './still';

class QueueState {
  filter: Filter = $state.raw(noFilter);
  /** Pointed at in the list or on the map: the other one flashes it. */
  hovered: string | null = $state(null);
  chosen: string | null = $state(null);
  /** Half a minute is fine enough for a time window. */
  #clock = $derived(Math.floor(moment.shown / 30_000) * 30_000);

  entries: Entry[] = $derived.by(() => {
    live.revision('incidents', 'alarms', 'zones');
    return select(live.shown, this.filter, this.#clock + 30_000);
  });

  #held: Entry[] | null = $state.raw(null);
  /** The entries as the list draws them: while a hand lies on it, none moves. The map follows `entries` all along. */
  lines: Entry[] = $derived(this.#held ? still(this.#held, this.entries) : this.entries);
  hold(): void {
    this.#held = this.lines;
  }
  release(): void {
    this.#held = null;
  }

  /** How many of them are of the real city: what is played is never counted with it. */
  actual: number = $derived(this.entries.filter((entry) => !isPlayed(entry)).length);
  /** Whether something is played, so that the two need telling apart. */
  playing: boolean = $derived((live.revision('incidents'), [...live.shown.incidents.values()].some(isPlayed)));

  /** Types among what is held, for the filter. */
  types: string[] = $derived.by(() => {
    live.revision('incidents');
    return [...new Set([...live.shown.incidents.values()].map((incident) => incident.incident_type))].sort();
  });

  /** States that can be chosen; that of alarms that are over only where there is one, or it is chosen already. */
  states: string[] = $derived.by(() => {
    live.revision('alarms');
    const over = this.filter.states.includes(OVER) || [...live.shown.alarms.values()].some((alarm) => !alarm.incident && alarm.state === OVER);
    return over ? [...pictureStates, OVER] : pictureStates;
  });

  change(part: Partial<Filter>): void {
    this.filter = { ...this.filter, ...part };
  }

  clear(): void {
    this.filter = noFilter;
  }

  /** The entry after (or before) the chosen one. */
  step(by: 1 | -1): string | null {
    const index = this.entries.findIndex((entry) => entry.id === this.chosen);
    const next = index < 0 ? (by > 0 ? 0 : this.entries.length - 1) : Math.min(this.entries.length - 1, Math.max(0, index + by));
    return this.entries[next]?.id ?? null;
  }
}

export const queue = new QueueState();
