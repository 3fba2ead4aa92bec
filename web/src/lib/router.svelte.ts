// The page that is shown, from the address.

import { unsaved } from './unsaved.svelte';

export const pages = ['map', 'incidents', 'zones', 'assets', 'rules', 'correlations', 'playbooks', 'kinds', 'sources', 'tokens', 'accounts', 'audit', 'system', 'alarms', 'exercises', 'link', 'sign-in'] as const;
export type PageName = (typeof pages)[number];

export interface Route { page: PageName; id: string | null; query: URLSearchParams }

/** `/incidents/inc-1?x=y` becomes page, id and query; an unknown page is the map. */
export function parse(path: string, search: string): Route {
  const [first = '', second] = path.split('/').filter(Boolean);
  const page = (pages as readonly string[]).includes(first) ? (first as PageName) : 'map';
  return { page, id: second === undefined ? null : decodeURIComponent(second), query: new URLSearchParams(search) };
}

class Router {
  current: Route = $state.raw({ page: 'map', id: null, query: new URLSearchParams() });

  #address = '';

  start(): void {
    addEventListener('popstate', () => this.#moved());
    this.#read();
  }

  #read(): void {
    this.#address = location.pathname + location.search;
    this.current = parse(location.pathname, location.search);
  }

  /** Back and forward have changed the address already: where something is unsaved it is put back until that is agreed to. */
  #moved(): void {
    const to = location.pathname + location.search;
    if (location.pathname === this.#address.split('?')[0] || unsaved.lets(() => this.go(to))) this.#read();
    else history.pushState(null, '', this.#address);
  }

  /** Another page is a step in the history; where something is unsaved it is asked for first. `replace` is neither. */
  go(address: string, replace = false): void {
    if (address === location.pathname + location.search) return;
    if (!replace && address.split('?')[0] !== location.pathname && !unsaved.lets(() => this.go(address))) return;
    history[replace ? 'replaceState' : 'pushState'](null, '', address);
    this.#read();
  }

  /** Sets or removes parts of the query without a new entry in the history. */
  set(changes: Record<string, string | null>): void {
    const query = new URLSearchParams(location.search);
    for (const [key, value] of Object.entries(changes)) {
      if (value === null || value === '') query.delete(key);
      else query.set(key, value);
    }
    const text = query.toString();
    this.go(location.pathname + (text ? `?${text}` : ''), true);
  }
}

export const router = new Router();

/** For links: a plain click stays in the page, a click with a modifier opens a window as usual. */
export function link(node: HTMLAnchorElement): { destroy(): void } {
  const click = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    router.go(node.getAttribute('href') ?? '/');
  };
  node.addEventListener('click', click);
  return { destroy: () => node.removeEventListener('click', click) };
}
