// The page that is shown, from the address.

export const pages = ['map', 'incidents', 'zones', 'assets', 'rules', 'playbooks', 'kinds', 'sources', 'tokens', 'accounts', 'audit', 'system', 'alarms', 'link', 'sign-in'] as const;
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

  start(): void {
    const read = () => (this.current = parse(location.pathname, location.search));
    addEventListener('popstate', read);
    read();
  }

  go(address: string, replace = false): void {
    if (address === location.pathname + location.search) return;
    history[replace ? 'replaceState' : 'pushState'](null, '', address);
    this.current = parse(location.pathname, location.search);
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
