import { expect, test, vi } from 'vitest';
import { StreamParser, type StreamEvent } from './sse';
import { pause, Stream, type Connection } from './stream';

const bytes = (text: string) => new TextEncoder().encode(text);

test('events are found however the bytes are cut', () => {
  const text = ': keep-alive\r\n\r\nid: 7\r\nevent: incident\ndata: {"a":\ndata: "µ"}\n\nevent: status\ndata:{}\n\n';
  const expected: StreamEvent[] = [{ type: 'incident', data: '{"a":\n"µ"}', id: '7' }, { type: 'status', data: '{}', id: null }];
  const whole = bytes(text);
  for (let cut = 1; cut < whole.length; cut += 1) {
    const parser = new StreamParser();
    expect([...parser.feed(whole.slice(0, cut)), ...parser.feed(whole.slice(cut))]).toEqual(expected);
  }
});

test('an unfinished event is not told', () => {
  expect(new StreamParser().feed(bytes('event: incident\ndata: {}\n'))).toEqual([]);
});

test('the pause doubles up to ten seconds', () => {
  expect([0, 1, 2, 5, 50].map((attempt) => pause(attempt, 0))).toEqual([500, 1000, 2000, 10_000, 10_000]);
  expect(pause(0, 1)).toBe(375);
});

function answer(text: string): Response {
  return new Response(new ReadableStream({ start: (controller) => (controller.enqueue(bytes(text)), controller.close()) }), { headers: { 'Content-Type': 'text/event-stream' } });
}

/** Runs a stream against answers in order and tells what it asked, took and said. */
async function run(answers: (Response | Error)[], until: (taken: StreamEvent[]) => boolean) {
  vi.stubGlobal('BroadcastChannel', undefined);
  const asked: (string | null)[] = [];
  const taken: StreamEvent[] = [];
  const states: Connection[] = [];
  let refused = 0;
  const stream = new Stream({
    open: (lastId, signal) => {
      asked.push(lastId);
      const next = answers[asked.length - 1];
      if (next instanceof Error) return Promise.reject(next);
      return next ? Promise.resolve(next) : new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
    },
    event: (event) => taken.push(event),
    connection: (state) => states.push(state),
    refused: (status) => (refused = status),
  }, () => Promise.resolve());
  stream.start();
  await vi.waitFor(() => expect(until(taken) || refused > 0).toBe(true), { timeout: 5000, interval: 5 });
  stream.stop();
  vi.unstubAllGlobals();
  return { asked, taken, states, refused };
}

test('after a break it resumes behind the last id', async () => {
  const { asked, taken, states } = await run([answer('id: 4\nevent: incident\ndata: {}\n\n'), new Error('network'), answer('id: 5\nevent: alarm\ndata: {}\n\n')], (events) => events.length === 2);
  expect(asked.slice(0, 3)).toEqual([null, '4', '4']);
  expect(taken.map((event) => event.id)).toEqual(['4', '5']);
  expect(states.slice(0, 3)).toEqual(['live', 'reconnecting', 'reconnecting']);
});

test('a refusal ends it', async () => {
  const { refused, asked } = await run([new Response(null, { status: 401 })], () => false);
  expect(refused).toBe(401);
  expect(asked).toEqual([null]);
});

test('what is loaded once it is open misses nothing', async () => {
  vi.stubGlobal('BroadcastChannel', undefined);
  const order: string[] = [];
  let admit: (answer: Response) => void = () => {};
  const stream = new Stream({
    open: () => new Promise((resolve) => (admit = resolve)),
    event: () => {},
    connection: (state) => order.push(state),
    refused: () => {},
  }, () => Promise.resolve());
  stream.start();
  const loaded = stream.opened.then(() => order.push('loaded'));
  await vi.waitFor(() => expect(order).toEqual([]));
  admit(new Response(new ReadableStream(), { headers: { 'Content-Type': 'text/event-stream' } }));
  await loaded;
  stream.stop();
  vi.unstubAllGlobals();
  expect(order).toEqual(['live', 'loaded']);
});

test('broken before any event told where, it asks for everything anew', async () => {
  const { asked, taken } = await run([answer(''), answer('event: status\ndata: {}\n\n')], (events) => events.length === 2);
  expect(asked.slice(0, 2)).toEqual([null, null]);
  expect(taken.map((event) => event.type)).toEqual(['resync', 'status']);
});
