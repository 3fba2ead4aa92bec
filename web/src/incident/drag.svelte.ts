// What is dragged between lists: an incident onto another, to merge them; an alarm out of its incident. Whatever is done so
// has a button and a key as well.

import type { Action } from 'svelte/action';

export type Dragged = { sort: 'incident'; id: string } | { sort: 'alarm'; id: string; incident: string };

class Drag {
  held: Dragged | null = $state.raw(null);
  /** A merge that was asked for by dropping, and waits to be confirmed. */
  asked: { into: string; from: string } | null = $state.raw(null);
}
export const drag = new Drag();

/** Makes something draggable; null where nobody may. */
export const drags: Action<HTMLElement, Dragged | null> = (node, what) => {
  let current = what;
  const start = (event: DragEvent) => {
    if (!current || !event.dataTransfer) return;
    event.stopPropagation();
    event.dataTransfer.effectAllowed = 'move';
    event.dataTransfer.setData('text/plain', current.id);
    // Where what is shown changes in this event, browsers give the drag up.
    const held = current;
    setTimeout(() => (drag.held = held));
  };
  const end = () => (drag.held = null);
  const set = (next: Dragged | null) => {
    current = next;
    node.draggable = next !== null;
  };
  set(what);
  node.addEventListener('dragstart', start);
  node.addEventListener('dragend', end);
  return {
    update: set,
    destroy() {
      node.removeEventListener('dragstart', start);
      node.removeEventListener('dragend', end);
    },
  };
};

interface Target { takes: (held: Dragged) => boolean; drop: (held: Dragged) => void }

/** A place where something may be dropped; it has the class `over` while it is dragged there. */
export const drops: Action<HTMLElement, Target> = (node, target) => {
  let current = target;
  const taken = () => (drag.held && current.takes(drag.held) ? drag.held : null);
  const over = (event: DragEvent) => {
    if (!taken()) return;
    event.preventDefault();
    node.classList.add('over');
  };
  const leave = (event: DragEvent) => {
    if (!(event.relatedTarget instanceof Node && node.contains(event.relatedTarget))) node.classList.remove('over');
  };
  const drop = (event: DragEvent) => {
    const held = taken();
    node.classList.remove('over');
    if (!held) return;
    event.preventDefault();
    drag.held = null;
    current.drop(held);
  };
  node.addEventListener('dragover', over);
  node.addEventListener('dragleave', leave);
  node.addEventListener('drop', drop);
  return {
    update: (next: Target) => (current = next),
    destroy() {
      node.removeEventListener('dragover', over);
      node.removeEventListener('dragleave', leave);
      node.removeEventListener('drop', drop);
    },
  };
};

/** An incident in a list takes another one. */
export const takesIncident = (into: string): Target => ({
  takes: (held) => held.sort === 'incident' && held.id !== into,
  drop: (held) => (drag.asked = { into, from: held.id }),
});
