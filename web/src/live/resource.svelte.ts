// One document of the city's setting (a zone, a kind, a playbook) in an editor: loaded, saved and deleted with the
// version that was read, so that nobody writes over another's change unseen.

import { get, Problem, put, remove } from '../lib/api';
import { t } from '../lib/i18n/index.svelte';
import { router } from '../lib/router.svelte';
import { toasts } from '../lib/toasts.svelte';
import { live } from './city.svelte';
import type { Versioned } from './world';

type Topic = 'zones' | 'kinds' | 'playbooks';

export class Resource<T extends Versioned & { name: string }> {
  held: T | null = $state.raw(null);
  error: unknown = $state.raw(null);
  busy = $state(false);

  constructor(readonly topic: Topic) {}

  async load(id: string, took: (held: T) => void): Promise<void> {
    try {
      const held = await get<T>(`/${this.topic}/${encodeURIComponent(id)}`);
      this.held = held;
      took(held);
    } catch (caught) {
      this.error = caught;
    }
  }

  async save(body: T): Promise<void> {
    this.error = null;
    if (!this.held && live.live[this.topic].has(body.id)) {
      this.error = new Problem(409, t('field.id.taken.title'), t('field.id.taken', { id: body.id }), '', [{ path: 'id', message: t('field.id.taken', { id: body.id }) }]);
      return;
    }
    this.busy = true;
    try {
      const saved = await put<T>(`/${this.topic}/${encodeURIComponent(body.id)}`, body, this.held?.version);
      live.live.put(this.topic, saved);
      toasts.show(t('setting.saved', { name: saved.name }), 'good');
      const fresh = !this.held;
      this.held = saved;
      if (fresh) router.go(`/${this.topic}/${encodeURIComponent(saved.id)}`, true);
    } catch (caught) {
      this.error = caught;
    } finally {
      this.busy = false;
    }
  }

  async erase(): Promise<void> {
    const { held } = this;
    if (!held) return;
    this.error = null;
    try {
      await remove(`/${this.topic}/${encodeURIComponent(held.id)}`, held.version);
      live.live.delete(this.topic, held.id);
      toasts.show(t('setting.deleted', { name: held.name }), 'good');
      router.go(`/${this.topic}`);
    } catch (caught) {
      this.error = caught;
    }
  }

  /** What the server said of one field, to stand beside it. */
  fault(path: string): string {
    return this.error instanceof Problem ? (this.error.fields.find((field) => field.path === path)?.message ?? '') : '';
  }
}
