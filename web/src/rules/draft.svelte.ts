// One rule in the editor: what is written, what the platform says of it, and the version that it was made from.

import { get, post, Problem, put, remove } from '../lib/api';
import { t, word } from '../lib/i18n/index.svelte';
import { router } from '../lib/router.svelte';
import { session } from '../lib/session.svelte';
import { unit } from '../lib/show';
import { toasts } from '../lib/toasts.svelte';
import type { Diagnostic, Rule, RuleCheck, Stage } from '../lib/wire';
import { live } from '../live/city.svelte';
import { faultsAt } from './faults';
import { blank, fromRule, toRule, type RuleForm } from './form';
import { sentence, type Names } from './sentence';
import { forget, named } from './trials';

/** While somebody types, one question is enough. */
const PAUSE_MS = 250;

/** Names of kinds and zones as the city calls them now. */
export function namesFor(rule: { kinds: readonly string[]; unit: string | null }): Names {
  live.revision('kinds', 'zones');
  const [first = ''] = rule.kinds;
  return {
    kind: (id) => live.live.kinds.get(id)?.name ?? id,
    zone: (id) => live.live.zones.get(id)?.name ?? id,
    unit: unit(rule.unit || (live.live.kinds.get(first)?.unit ?? '')),
  };
}

/** A stored rule in one sentence. */
export const inWords = (rule: Rule): string => sentence(fromRule(rule), namesFor(rule));

const checked = (rule: Rule): Promise<RuleCheck> =>
  post<RuleCheck>('/rules/check', rule).catch((caught: unknown): RuleCheck => ({
    ok: false, cost: 0, max_cost: 0, bytes_per_key: 0, max_bytes_per_key: 0,
    diagnostics: caught instanceof Problem ? (caught.fields.length ? caught.fields : [{ path: '', message: caught.message }]) : [],
  }));

export class RuleDraft {
  form: RuleForm = $state(blank(session.who?.person.agency ?? ''));
  /** The rule as it is stored; null for a new one. */
  held: Rule | null = $state.raw(null);
  check: RuleCheck | null = $state.raw(null);
  error: unknown = $state.raw(null);
  busy = $state(false);
  loaded = $state(false);
  /** The text of the rule as it was last stored, to say whether something is unsaved. */
  #stored = $state('');

  async load(id: string): Promise<void> {
    try {
      if (id !== 'new') this.take(await get<Rule>(`/rules/${encodeURIComponent(id)}`));
    } catch (caught) {
      this.error = caught;
    } finally {
      this.loaded = true;
    }
  }

  take(rule: Rule): void {
    this.held = rule;
    this.form = fromRule(rule);
    this.#stored = JSON.stringify(this.written());
  }

  written(): Rule {
    return toRule(this.form, this.held?.version ?? 0);
  }

  get edited(): boolean {
    return JSON.stringify(this.written()) !== this.#stored;
  }

  /** Whether leaving would lose something. */
  get unsaved(): boolean {
    return this.loaded && this.begun && this.edited;
  }

  get names(): Names {
    return namesFor({ kinds: this.form.kinds, unit: this.form.unit });
  }

  /** Whether enough is written to be tried or checked. */
  get begun(): boolean {
    return this.form.name.trim() !== '' || this.form.kinds.length > 0;
  }

  faults(path: string): Diagnostic[] {
    return this.check ? faultsAt(this.check.diagnostics, path) : [];
  }

  fault(path: string): string {
    return this.faults(path)[0]?.message ?? '';
  }

  /** What a rule without a name or a reason would be asked with: neither changes what it finds. */
  named(): Rule {
    const rule = this.written();
    return { ...rule, id: rule.id || 'new', name: rule.name || 'new', reason: rule.reason || 'new' };
  }

  /** What stops it in any stage; that nobody has tried it stops it from going live only. */
  get blocking(): Diagnostic[] {
    return this.check?.diagnostics.filter(({ path }) => path !== 'stage') ?? [];
  }

  /** Whether it is live as it is written, and was neither tried on the past nor ran before. */
  get untried(): boolean {
    return this.check?.diagnostics.some(({ path }) => path === 'stage') ?? false;
  }

  /** Asks the platform for faults once nobody types; the answer to an older text is dropped. To be called in an effect. */
  watch(): () => void {
    const rule = this.named();
    if (!session.may('rules') || !this.begun) return () => {};
    let current = true;
    const timer = setTimeout(async () => {
      const answer = await checked(rule);
      if (current) this.check = answer;
    }, PAUSE_MS);
    return () => ((current = false), clearTimeout(timer));
  }

  /** Asks at once, for who needs to know whether the rule as it is written was tried on the past by now. */
  async look(): Promise<void> {
    const rule = this.named();
    const answer = await checked(rule);
    if (JSON.stringify(rule) === JSON.stringify(this.named())) this.check = answer;
  }

  /** Whether the platform would take it in a stage only with a reason why it is untried. */
  async wantsWhy(stage: Stage): Promise<boolean> {
    return (await checked({ ...this.named(), stage })).diagnostics.some(({ path }) => path === 'stage');
  }

  /**
   * Stores a rule made from the version held; null where the platform refused, and `error` says why. `untried` says that it goes
   * live although nobody has tried it, for the reason of its version.
   */
  async put(rule: Rule, untried = false): Promise<Rule | null> {
    this.busy = true;
    this.error = null;
    try {
      const query = untried ? `?untried=${encodeURIComponent(rule.reason)}` : '';
      const saved = await put<Rule>(`/rules/${encodeURIComponent(rule.id)}${query}`, rule, this.held?.version);
      live.live.put('rules', saved);
      const fresh = this.held === null;
      this.take(saved);
      if (fresh) named(saved.id);
      if (fresh) router.go(`/rules/${encodeURIComponent(saved.id)}`, true);
      return saved;
    } catch (caught) {
      this.error = caught;
      return null;
    } finally {
      this.busy = false;
    }
  }

  async save(untried: boolean): Promise<void> {
    const rule = this.written();
    if (!this.held && live.live.rules.has(rule.id)) {
      this.error = new Problem(409, t('field.id.taken.title'), t('field.id.taken', { id: rule.id }), '');
      return;
    }
    const saved = await this.put(rule, untried);
    if (saved) toasts.show(t('rule.saved', { name: saved.name, version: String(saved.version) }), 'good');
  }

  async move(stage: Stage, reason: string, untried: boolean): Promise<boolean> {
    const saved = await this.put({ ...this.written(), stage, reason: reason.trim() }, untried);
    if (saved) toasts.show(t('stage.moved', { name: saved.name, stage: word('stage', stage) }), 'good');
    return saved !== null;
  }

  async restore(rule: Rule, reason: string): Promise<void> {
    const from = String(rule.version);
    const saved = await this.put({ ...rule, reason });
    if (saved) toasts.show(t('version.restored', { n: from, now: String(saved.version) }), 'good');
  }

  /** Throws what the platform refuses it with. */
  async erase(reason: string): Promise<void> {
    const { held } = this;
    if (!held) return;
    await remove(`/rules/${encodeURIComponent(held.id)}?reason=${encodeURIComponent(reason)}`, held.version);
    live.live.delete('rules', held.id);
    forget(held.id);
    // What was changed goes with the rule: leaving its page asks nothing.
    this.#stored = JSON.stringify(this.written());
    toasts.show(t('rule.deleted', { name: held.name }), 'good');
    router.go('/rules');
  }
}
