import { afterEach, expect, test, vi } from 'vitest';
import { unsaved } from './unsaved.svelte';

const window = new EventTarget();
vi.stubGlobal('addEventListener', window.addEventListener.bind(window));
vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window));

let changed = true;
const gone: string[] = [];
const end = (stop: () => void) => stop();
const closes = () => window.dispatchEvent(new Event('beforeunload', { cancelable: true }));

afterEach(() => gone.splice(0));

test('one goes at once where nothing is unsaved', () => {
  expect([unsaved.lets(() => gone.push('a')), unsaved.wanted, closes()]).toEqual([true, null, true]);
});

test('what is unsaved holds until it is agreed to, and staying forgets the way', () => {
  const stop = unsaved.watch(() => changed);
  const way = () => gone.push('a');
  expect(unsaved.lets(way)).toBe(false);
  expect(closes()).toBe(false);
  unsaved.stay();
  expect([unsaved.wanted, gone]).toEqual([null, []]);
  unsaved.lets(way);
  unsaved.leave();
  expect(gone).toEqual(['a']);
  end(stop);
  expect(closes()).toBe(true);
});

test('what was saved holds nobody', () => {
  const stop = unsaved.watch(() => changed);
  changed = false;
  expect([unsaved.lets(() => gone.push('a')), closes()]).toEqual([true, true]);
  changed = true;
  end(stop);
});
