// The task kinds that act outward, as the platform tells them: nothing here knows one by name.

import { locale, word } from '../lib/i18n/index.svelte';
import type { TaskKind, TaskKindWords } from '../lib/wire';
import { icons, type IconName } from '../shell/icons';

class TaskKinds {
  all: readonly TaskKind[] = $state.raw([]);

  get(name: string): TaskKind | undefined {
    return this.all.find((kind) => kind.name === name);
  }
}
export const taskKinds = new TaskKinds();

/** Words of a kind in the language of the console. */
export const inWords = (words: TaskKindWords): string => words[locale()];

/** What a kind is called, also one of the platform's own. */
export function kindWord(name: string): string {
  const kind = taskKinds.get(name);
  return kind ? inWords(kind.title) : word('task.action', name);
}

/** The sign of a kind that acts outward; one that the console has no drawing of goes out like any other. */
export function kindMark(name: string): IconName {
  const icon = taskKinds.get(name)?.icon ?? '';
  return icon in icons ? (icon as IconName) : 'source';
}
