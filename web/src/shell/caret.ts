// Puts the focus into a field that appeared because somebody asked for it. (The attribute `autofocus` would do so only
// where nothing else has the focus; the button that was pressed has it.)

import type { Action } from 'svelte/action';

export const caret: Action<HTMLElement> = (node) => node.focus();
