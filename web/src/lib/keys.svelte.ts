// Single-key shortcuts and two-key sequences ("g m"). They can be switched off (WCAG 2.1.4) and never act while
// somebody writes or a dialog is open.

import { settings } from './settings.svelte';

type Handlers = Record<string, () => void>;

const SEQUENCE_MS = 1200;

const writing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !['checkbox', 'radio', 'range', 'button'].includes((target as HTMLInputElement).type));

/** Enter on a button or a link presses it; it is no shortcut there. */
const pressed = (target: EventTarget | null) => target instanceof Element && target.closest('button, a[href], summary') !== null;

class Keys {
  #stack: Handlers[] = [];
  #prefix = '';
  #until = 0;

  start(): () => void {
    const press = (event: KeyboardEvent) => this.#press(event);
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }

  /** Adds handlers, the latest first; the answer takes them away. */
  add(handlers: Handlers): () => void {
    this.#stack.unshift(handlers);
    return () => {
      this.#stack = this.#stack.filter((held) => held !== handlers);
    };
  }

  /** What a key means after the keys before it; exported as a method for the test. */
  find(key: string): (() => void) | undefined {
    return this.#stack.find((handlers) => key in handlers)?.[key];
  }

  #press(event: KeyboardEvent): void {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      this.find('mod+k')?.();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === 'Enter' && pressed(event.target)) return;
    if (event.key !== 'Escape' && (!settings.all.keys || writing(event.target) || document.querySelector('dialog[open]'))) return;
    if (event.key === 'Escape' && document.querySelector('dialog[open]')) return;
    // The first Escape leaves the field, the next one acts.
    if (event.key === 'Escape' && writing(event.target)) {
      (event.target as HTMLElement).blur();
      return;
    }
    const within = this.#prefix && performance.now() < this.#until;
    const key = within ? `${this.#prefix} ${event.key}` : event.key;
    this.#prefix = '';
    const handler = this.find(key);
    if (handler) {
      event.preventDefault();
      handler();
    } else if (event.key === 'g') {
      this.#prefix = 'g';
      this.#until = performance.now() + SEQUENCE_MS;
    }
  }
}

export const keys = new Keys();
