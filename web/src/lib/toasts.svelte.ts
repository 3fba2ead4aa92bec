// Short notices in the corner, read aloud politely; only extreme ones interrupt.

export interface Toast { id: number; text: string; tone: 'info' | 'good' | 'bad' | 'extreme'; href?: string; drill?: boolean }

const STAY_MS = 7000;
/** More would cover the map in a flood. */
const MOST = 3;

class Toasts {
  list: Toast[] = $state.raw([]);
  #next = 1;

  show(text: string, tone: Toast['tone'] = 'info', href?: string, drill = false): void {
    const toast: Toast = { id: this.#next++, text, tone, ...(href ? { href } : {}), ...(drill ? { drill } : {}) };
    // The same notice again takes the place of the first.
    const others = this.list.filter((held) => held.text !== text);
    this.list = [...others.slice(1 - MOST), toast];
    if (tone !== 'extreme' && tone !== 'bad') setTimeout(() => this.close(toast.id), STAY_MS);
  }

  close(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
