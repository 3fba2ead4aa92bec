// The correlation rules by their ids, for those who name them: asked for once, and again where one is not known. Whoever
// may not read them sees the ids.

import { all } from '../lib/api';
import type { Correlation } from '../lib/wire';

class Named {
  #held: ReadonlyMap<string, Correlation> | null = $state.raw(null);
  #asking: Promise<void> | null = null;
  /** Ids that were asked for in vain, so that a rule that was deleted is not asked for again and again. */
  #missing = new Set<string>();

  #ask(): void {
    this.#asking ??= all<Correlation>('/correlations')
      .then((found) => (this.#held = new Map(found.map((rule) => [rule.id, rule]))), () => (this.#held ??= new Map()))
      .then(() => void (this.#asking = null));
  }

  /** The name of a rule; its id as long as nothing else is known. */
  name(id: string): string {
    const known = this.#held?.get(id);
    if (!known && !this.#missing.has(id)) {
      if (this.#held) this.#missing.add(id);
      this.#ask();
    }
    return known?.name || id;
  }

  /** A rule was saved, or (null) deleted. */
  put(id: string, rule: Correlation | null): void {
    const next = new Map(this.#held ?? []);
    if (rule) next.set(id, rule);
    else next.delete(id);
    if (this.#held) this.#held = next;
  }
}

export const named = new Named();
