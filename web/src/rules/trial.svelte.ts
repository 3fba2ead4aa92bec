// A back-test that runs: how long already, its report, and how it is stopped.

import { post } from '../lib/api';
import type { Rule, TrialReport } from '../lib/wire';

const SECOND_MS = 1000;

export class Trial {
  report: TrialReport | null = $state.raw(null);
  error: unknown = $state.raw(null);
  running = $state(false);
  seconds = $state(0);
  /** The rule that the report speaks of, as text: to say when it was changed since. */
  of = $state('');
  /** Whether the report was asked for a suggestion. */
  asked = $state(false);
  #stop: AbortController | null = null;

  async run(rule: Rule, span: { from: string; to: string }, wanted: number | null): Promise<void> {
    this.cancel();
    const mine = (this.#stop = new AbortController());
    this.running = true;
    this.error = null;
    this.seconds = 0;
    const timer = setInterval(() => (this.seconds += 1), SECOND_MS);
    try {
      const body = { rule, ...span, wanted_per_day: wanted };
      const report = await post<TrialReport>('/rules/back-test', body, mine.signal);
      if (mine !== this.#stop) return;
      this.report = report;
      this.of = JSON.stringify(rule);
      this.asked = wanted !== null;
    } catch (caught) {
      if (!mine.signal.aborted) this.error = caught;
    } finally {
      clearInterval(timer);
      if (mine === this.#stop) this.running = false;
    }
  }

  cancel(): void {
    this.#stop?.abort();
    this.#stop = null;
    this.running = false;
  }
}
