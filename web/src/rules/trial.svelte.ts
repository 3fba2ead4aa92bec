// A back-test that runs: how long already, what it was asked, its report, and how it is stopped.

import { post } from '../lib/api';
import { boxText, type Box } from '../lib/box';
import type { Rule, TrialReport } from '../lib/wire';
import { platformNow } from '../live/clock';

const SECOND_MS = 1000;

/** `from` and `to` in ISO 8601; `area` is null for everywhere, `wanted` where no limit is to be suggested. */
export interface Asked { rule: Rule; from: string; to: string; area: Box | null; wanted: number | null; patience: number }

export class Trial {
  report: TrialReport | null = $state.raw(null);
  /** What the report answers, and when it came in Unix ms. */
  asked: (Asked & { made: number }) | null = $state.raw(null);
  error: unknown = $state.raw(null);
  running = $state(false);
  seconds = $state(0);
  #stop: AbortController | null = null;

  async run(asked: Asked): Promise<void> {
    this.cancel();
    const mine = (this.#stop = new AbortController());
    this.running = true;
    this.error = null;
    this.seconds = 0;
    const timer = setInterval(() => (this.seconds += 1), SECOND_MS);
    try {
      const { rule, from, to, area, wanted, patience } = asked;
      const report = await post<TrialReport>('/rules/back-test', { rule, from, to, bbox: area && boxText(area), wanted_per_day: wanted, patience_s: patience }, mine.signal);
      if (mine !== this.#stop) return;
      this.report = report;
      this.asked = { ...asked, made: platformNow() };
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
