// One event stream a browser: the window that holds the lock reads it and hands every event to the others. When it is
// closed, the next one takes over where it was (HTTP/1.1 allows six connections; a control room opens more windows).

import { StreamParser, type StreamEvent } from './sse';

/** Silence for this long means that the connection is dead: the server sends `status` every 2 s. */
const SILENCE_MS = 12_000;
const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 10_000;

export type Connection = 'connecting' | 'live' | 'reconnecting';

export interface Wiring {
  open(lastId: string | null, signal: AbortSignal): Promise<Response>;
  event(event: StreamEvent): void;
  connection(state: Connection): void;
  refused(status: number): void;
}

type Told = { event: StreamEvent } | { state: Connection } | { ask: true };

/** Waits before the nth attempt, in ms: doubling, at most ten seconds, with up to a quarter taken off at random. */
export function pause(attempt: number, random = Math.random()): number {
  const full = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** Math.min(attempt, 10));
  return full - (full / 4) * random;
}

export class Stream {
  /** Kept once the stream is open, or known not to be: what is loaded from then on misses nothing that the stream tells. */
  readonly opened: Promise<void>;
  #open!: () => void;
  #wiring: Wiring;
  #channel: BroadcastChannel | null = null;
  #stop = new AbortController();
  #lastId: string | null = null;
  #state: Connection = 'connecting';
  #leads = false;
  /** Whether another window read the stream before. */
  #followed = false;

  #wait: typeof delay;

  /** `wait` is handed in, so that a test need not. */
  constructor(wiring: Wiring, wait = delay) {
    this.#wiring = wiring;
    this.#wait = wait;
    this.opened = new Promise((resolve) => (this.#open = resolve));
  }

  start(): void {
    if (typeof BroadcastChannel !== 'undefined') {
      this.#channel = new BroadcastChannel('vigiles-live');
      this.#channel.onmessage = (message: MessageEvent<Told>) => this.#told(message.data);
      this.#channel.postMessage({ ask: true } satisfies Told);
    }
    const lead = async () => {
      this.#leads = true;
      await this.#read();
    };
    const { signal } = this.#stop;
    if (typeof navigator !== 'undefined' && navigator.locks) {
      navigator.locks.request('vigiles-live', { signal }, lead).catch(() => {
        // The page gave the stream up before its turn came.
      });
    } else {
      void lead();
    }
  }

  stop(): void {
    this.#stop.abort();
    this.#channel?.close();
    this.#channel = null;
  }

  #told(told: Told): void {
    if ('ask' in told) {
      if (this.#leads) this.#channel?.postMessage({ state: this.#state } satisfies Told);
    } else if ('state' in told) {
      this.#followed = true;
      this.#wiring.connection(told.state);
      this.#open();
    } else {
      this.#take(told.event);
    }
  }

  #take(event: StreamEvent): void {
    if (event.id !== null) this.#lastId = event.id;
    this.#wiring.event(event);
  }

  #set(state: Connection): void {
    this.#state = state;
    this.#wiring.connection(state);
    this.#open();
    this.#channel?.postMessage({ state } satisfies Told);
  }

  async #read(): Promise<void> {
    const { signal } = this.#stop;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      if (attempt > 0) {
        this.#set('reconnecting');
        await this.#wait(pause(attempt - 1), signal);
        if (signal.aborted) return;
      }
      try {
        const answer = await this.#wiring.open(this.#lastId, signal);
        if (answer.status === 401 || answer.status === 403) {
          this.#wiring.refused(answer.status);
          this.#open();
          return;
        }
        if (!answer.ok || !answer.body) continue;
        this.#set('live');
        // Not the first stream, and no event told where the one before it ended: what came in between is in none.
        if (this.#lastId === null && (this.#followed || attempt > 0)) this.#wiring.event({ type: 'resync', id: null, data: '' });
        attempt = 0;
        await this.#drain(answer.body.getReader());
      } catch {
        // The connection broke: the loop waits and tries again.
      }
    }
  }

  async #drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    const parser = new StreamParser();
    const { signal } = this.#stop;
    const leave = () => void reader.cancel().catch(() => {});
    signal.addEventListener('abort', leave);
    let watchdog = setTimeout(leave, SILENCE_MS);
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done || signal.aborted) return;
        clearTimeout(watchdog);
        watchdog = setTimeout(leave, SILENCE_MS);
        for (const event of parser.feed(value)) {
          this.#take(event);
          this.#channel?.postMessage({ event } satisfies Told);
        }
      }
    } finally {
      clearTimeout(watchdog);
      signal.removeEventListener('abort', leave);
    }
  }
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
