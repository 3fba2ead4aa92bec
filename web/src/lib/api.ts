// Requests to /api/v1 and the errors they may answer with.

import { t } from './i18n/index.svelte';

/** One field that was wrong, from a problem document. */
export interface ProblemField { path: string; message: string; line?: number; column?: number; within?: 'text' | 'body' }

/** An answer of type application/problem+json, or a request that got no answer (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly mend: string,
    readonly fields: ProblemField[] = [],
  ) {
    super(detail || title);
  }

  static async of(answer: Response): Promise<Problem> {
    const body = (await answer.json().catch(() => ({}))) as Record<string, unknown>;
    const text = (key: string) => (typeof body[key] === 'string' ? (body[key] as string) : '');
    const fields = Array.isArray(body['errors']) ? (body['errors'] as ProblemField[]) : [];
    return new Problem(answer.status, text('title') || answer.statusText || String(answer.status), text('detail'), text('mend'), fields);
  }
}

let purpose = '';
let onSignedOut: () => void = () => {};

/** The purpose that every later request states; empty: the one that goes with the role. */
export function usePurpose(next: string): void {
  purpose = next;
}

/** Called when the server says that nobody is signed in. */
export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler;
}

export function headers(): Record<string, string> {
  return purpose ? { 'X-Purpose': purpose } : {};
}

interface Options { body?: unknown; version?: number; signal?: AbortSignal; key?: string }

async function send(method: string, path: string, options: Options): Promise<Response> {
  const head: Record<string, string> = { ...headers(), Accept: 'application/json' };
  if (options.body !== undefined) head['Content-Type'] = 'application/json';
  if (options.version !== undefined) head['If-Match'] = `"${options.version}"`;
  if (options.key) head['Idempotency-Key'] = options.key;
  const init: RequestInit = { method, headers: head, credentials: 'same-origin' };
  if (options.body !== undefined) init.body = JSON.stringify(options.body);
  if (options.signal) init.signal = options.signal;
  try {
    return await fetch(`/api/v1${path}`, init);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw lost();
  }
}

const lost = () => new Problem(0, t('problem.lost'), t('problem.lost.text'), t('problem.lost.mend'));

async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const answer = await send(method, path, options);
  if (!answer.ok) {
    if (answer.status === 401 && !path.startsWith('/session')) onSignedOut();
    throw await Problem.of(answer);
  }
  if (answer.status === 204) return undefined as T;
  return answer.json().catch((error: unknown) => {
    // The connection broke within the answer; what is no JSON was answered.
    throw error instanceof SyntaxError || options.signal?.aborted ? error : lost();
  }) as Promise<T>;
}

export const get = <T>(path: string, signal?: AbortSignal) => request<T>('GET', path, signal ? { signal } : {});
export const post = <T>(path: string, body: unknown = {}, signal?: AbortSignal) => request<T>('POST', path, { body, ...(signal ? { signal } : {}) });

/** `crypto.randomUUID` is there by https alone, and a control room may reach the platform otherwise. */
const randomKey = (): string => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * A POST to one of the endpoints that know idempotency keys, those of incidents: where its answer is lost it is sent once
 * more with the same key, and done once. Elsewhere the key means nothing, and a repeated POST would make a second token.
 */
export async function command<T>(path: string, body: unknown): Promise<T> {
  const options: Options = { body, key: randomKey() };
  try {
    return await request<T>('POST', path, options);
  } catch (error) {
    if (!(error instanceof Problem && error.status === 0)) throw error;
    return request<T>('POST', path, options);
  }
}

export const put = <T>(path: string, body: unknown, version?: number) =>
  request<T>('PUT', path, { body, ...(version === undefined ? {} : { version }) });
export const patch = <T>(path: string, body: unknown, version?: number) =>
  request<T>('PATCH', path, { body, ...(version === undefined ? {} : { version }) });
export const remove = (path: string, version?: number) =>
  request<void>('DELETE', path, version === undefined ? {} : { version });

/** Pages of a list are followed up to this many, so that a mistaken filter cannot load for ever. */
const MAX_PAGES = 200;

/** Every item of a list, page by page. */
export async function all<T>(path: string, signal?: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const join = path.includes('?') ? '&' : '?';
    const more = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
    const answer = await get<{ items: T[]; next?: string | null }>(`${path}${join}limit=1000${more}`, signal);
    items.push(...answer.items);
    cursor = answer.next;
    if (!cursor) break;
  }
  return items;
}
