// What one person set on this device: theme, language, keys, layers. Kept in the browser, never sent.

import type { Locale } from './i18n/index.svelte';

interface Kept {
  theme: 'dark' | 'light'; locale: Locale | null; keys: boolean; tourDone: boolean; legend: boolean;
  layers: Record<string, boolean>; baseStyle: 'auto' | 'dark' | 'light'; follow: boolean;
}

const defaults: Kept = { theme: 'dark', locale: null, keys: true, tourDone: false, legend: true, layers: {}, baseStyle: 'auto', follow: false };

function load(): Kept {
  try {
    return { ...defaults, ...(JSON.parse(localStorage.getItem('vigiles') ?? '{}') as Partial<Kept>) };
  } catch {
    return defaults;
  }
}

class Settings {
  #kept: Kept = $state({ ...defaults });

  start(): void {
    this.#kept = load();
    document.documentElement.dataset['theme'] = this.#kept.theme;
  }

  get all(): Readonly<Kept> {
    return this.#kept;
  }

  set(changes: Partial<Kept>): void {
    Object.assign(this.#kept, changes);
    document.documentElement.dataset['theme'] = this.#kept.theme;
    try {
      localStorage.setItem('vigiles', JSON.stringify(this.#kept));
    } catch {
      // A browser that keeps nothing still works; it only forgets.
    }
  }
}

export const settings = new Settings();
