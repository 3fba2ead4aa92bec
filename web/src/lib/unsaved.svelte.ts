// Work that is not saved yet: nobody leaves it by a slip. Within the console a question is asked before the page changes
// (shell/LeaveDialog.svelte); where the tab closes or another site opens, the browser asks in its own words.

class Unsaved {
  /** Where somebody wants to go while something is unsaved; null while nothing is asked. */
  wanted: (() => void) | null = $state.raw(null);
  #held: (() => boolean) | null = null;

  /** Whether leaving now would lose something. */
  get any(): boolean {
    return this.#held?.() ?? false;
  }

  /** The page that is shown says whether it holds something unsaved; the answer ends that. To be called in an effect. */
  watch(held: () => boolean): () => void {
    this.#held = held;
    const closing = (event: BeforeUnloadEvent) => {
      if (held()) event.preventDefault();
    };
    addEventListener('beforeunload', closing);
    return () => {
      removeEventListener('beforeunload', closing);
      if (this.#held === held) this.#held = null;
      this.wanted = null;
    };
  }

  /** Whether one may go at once; otherwise the question is asked, and `go` is done when it is agreed to. */
  lets(go: () => void): boolean {
    if (!this.any) return true;
    this.wanted = go;
    return false;
  }

  stay(): void {
    this.wanted = null;
  }

  leave(): void {
    const go = this.wanted;
    this.#held = null;
    this.wanted = null;
    go?.();
  }
}

export const unsaved = new Unsaved();
