import { afterEach, expect, test, vi } from 'vitest';
import { command, get, post, Problem } from './api';

afterEach(() => vi.unstubAllGlobals());

type Answer = () => Promise<Response>;
const lost: Answer = () => Promise.reject(new TypeError('Failed to fetch'));
const says = (status: number, body: unknown): Answer => () => Promise.resolve(Response.json(body, { status }));
/** An answer whose connection breaks behind its head. */
const broken: Answer = () => Promise.resolve(new Response(new ReadableStream({ pull: (controller) => controller.error(new TypeError('network error')) })));

/** Answers requests in this order and keeps the key that each carried. */
function server(...answers: Answer[]): (string | null)[] {
  const keys: (string | null)[] = [];
  vi.stubGlobal('fetch', (_path: string, init: RequestInit) => {
    keys.push(new Headers(init.headers).get('Idempotency-Key'));
    return (answers[keys.length - 1] ?? lost)();
  });
  return keys;
}

const status = (asked: Promise<unknown>) => asked.then(() => 'answered', (error: unknown) => (error instanceof Problem ? error.status : error));

test('a command whose answer is lost is sent once more with the same key', async () => {
  for (const first of [lost, broken]) {
    const keys = server(first, says(201, { id: 'inc-1' }));
    expect(await command('/incidents', { title: 'Fire' })).toEqual({ id: 'inc-1' });
    expect(keys).toHaveLength(2);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(keys[1]).toBe(keys[0]);
  }
});

test('lost twice, it fails; refused, it is not repeated; another command has another key', async () => {
  const keys = server(lost, lost, says(409, { title: 'Not now' }), says(200, {}));
  expect(await status(command('/incidents', {}))).toBe(0);
  expect(keys).toHaveLength(2);
  expect(await status(command('/incidents', {}))).toBe(409);
  expect(keys).toHaveLength(3);
  expect(await status(command('/incidents', {}))).toBe('answered');
  expect(new Set(keys).size).toBe(3);
});

test('what the server would do twice is sent once: it knows no key there', async () => {
  const keys = server(lost, lost);
  expect(await status(post('/tokens'))).toBe(0);
  expect(await status(get('/incidents'))).toBe(0);
  expect(keys).toEqual([null, null]);
});
