// The live city and the past one, and which of the two is shown.

import { drill } from '../exercises/drill.svelte';
import { all, get, headers } from '../lib/api';
import { toasts } from '../lib/toasts.svelte';
import { t } from '../lib/i18n/index.svelte';
import type { Alarm, City, Incident, Observation, Picture, System, TaskKind } from '../lib/wire';
import { taskKinds } from '../playbooks/kinds.svelte';
import { heardClock } from './clock';
import type { StreamEvent } from './sse';
import { Stream, type Connection } from './stream';
import { World, type Topic, type Versioned } from './world';

const topics = { incident: 'incidents', alarm: 'alarms', asset: 'assets', zone: 'zones', kind: 'kinds', rule: 'rules', playbook: 'playbooks' } as const;
const configured = ['assets', 'zones', 'kinds', 'rules', 'playbooks'] as const;
/** How often lists and numbers are redrawn at most; the map has its own rhythm, once a frame. */
const REDRAW_MS = 250;
const MOST_STATUS = 300;
/** So long a notice waits for the incident that it is about. */
const NOTICE_MS = 1500;

class LiveCity {
  live = new World((topic) => this.#touch(topic, this.live));
  past = new World((topic) => this.#touch(topic, this.past), this.live);
  shown: World = $state.raw(this.live);
  city: City | null = $state.raw(null);
  connection: Connection = $state('connecting');
  loaded = $state(false);
  failed: string | null = $state(null);
  system: System | null = $state.raw(null);
  history: { at: number; system: System }[] = $state.raw([]);
  #revisions: Record<Topic, number> = $state({ assets: 0, zones: 0, kinds: 0, rules: 0, playbooks: 0, alarms: 0, incidents: 0, values: 0 });
  #touched = new Set<Topic>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #stream: Stream | null = null;
  #waiting: StreamEvent[] | null = null;

  /** Reading it makes the reader depend on the topic. */
  revision(...names: Topic[]): number {
    return names.reduce((sum, name) => sum + this.#revisions[name], 0);
  }

  async start(): Promise<void> {
    if (this.#stream) return;
    this.#waiting = [];
    this.#stream = new Stream({
      open: (lastId, signal) =>
        fetch('/api/v1/events?reality=actual,exercise,test', { headers: { ...headers(), Accept: 'text/event-stream', ...(lastId ? { 'Last-Event-ID': lastId } : {}) }, signal }),
      // Readings need not wait for the lists: the newest wins by its time.
      event: (event) => (this.#waiting && event.type !== 'observations' ? this.#waiting.push(event) : this.#take(event)),
      connection: (state) => (this.connection = state),
      refused: () => (this.connection = 'reconnecting'),
    });
    this.#stream.start();
    // A change between the answer to a list and the opening of the stream would be in neither.
    await this.#stream.opened;
    await this.reload();
  }

  stop(): void {
    this.#stream?.stop();
    this.#stream = null;
    this.loaded = false;
  }

  /** Loads everything; events that arrive meanwhile wait and are taken afterwards, by version. */
  async reload(): Promise<void> {
    this.#waiting ??= [];
    try {
      // The map needs only this to begin: it is drawn while the rest arrives.
      const city = get<City>('/city').then((found) => ((this.city ??= found), found));
      const [found, system, picture, kinds, , ...lists] = await Promise.all([
        city,
        get<System>('/system').catch(() => null),
        get<Picture>('/picture'),
        get<{ items: TaskKind[] }>('/task-kinds'),
        drill.look().catch(() => null),
        ...configured.map((topic) => all<Versioned>(`/${topic}`)),
      ]);
      this.city = found;
      if (system) this.#status(system);
      taskKinds.all = kinds.items;
      configured.forEach((topic, i) => this.live.fill(topic, lists[i] ?? []));
      this.live.merge(picture);
      this.loaded = true;
      this.failed = null;
    } catch (error) {
      this.failed = error instanceof Error ? error.message : String(error);
    } finally {
      const waiting = this.#waiting ?? [];
      this.#waiting = null;
      for (const event of waiting) if (event.type !== 'resync') this.#take(event);
      if (waiting.some((event) => event.type === 'resync')) void this.reload();
    }
  }

  /** Shows a past moment, or the present for null. */
  present(picture: Picture | null): void {
    if (picture === null) {
      this.shown = this.live;
      for (const id of this.live.values.keys()) this.live.dirty.add(id);
    } else {
      if (this.shown !== this.past) this.past.borrow(this.live);
      if (picture.setting) this.past.setBack(this.live, picture.setting, new Set(picture.observations.flatMap((held) => held.asset ?? [])));
      this.past.show(picture);
      this.shown = this.past;
    }
    for (const topic of Object.keys(this.#revisions) as Topic[]) this.#revisions[topic] += 1;
  }

  #take(event: StreamEvent): void {
    if (event.type === 'observations') {
      this.live.observe(JSON.parse(event.data) as Observation[]);
    } else if (event.type === 'status') {
      this.#status(JSON.parse(event.data) as System);
    } else if (event.type === 'resync') {
      void this.reload();
    } else if (event.type === 'notice') {
      const notice = JSON.parse(event.data) as { message: string; incident?: string | null };
      this.#notice(notice.message, notice.incident ?? null);
    } else if (event.type === 'exercise') {
      drill.heard(JSON.parse(event.data) as Parameters<typeof drill.heard>[0]);
    } else if (event.type in topics) {
      this.#resource(event.type as keyof typeof topics, JSON.parse(event.data) as Versioned & { deleted?: boolean });
    }
  }

  #resource(type: keyof typeof topics, resource: Versioned & { deleted?: boolean }): void {
    const topic = topics[type];
    if (resource.deleted) {
      this.live.delete(topic, resource.id);
      return;
    }
    const fresh = type === 'incident' && !this.live.incidents.has(resource.id);
    if (!this.live.put(topic, resource)) return;
    if (fresh) announce(resource as Incident);
    if (type === 'alarm' && (resource as Alarm).asset) this.live.dirty.add((resource as Alarm).asset as string);
  }

  /** A notice may arrive before the incident that it is about, which alone says whether it is of an exercise. */
  #notice(message: string, incident: string | null): void {
    const show = () => {
      const played = incident !== null && (this.live.incidents.get(incident)?.reality ?? 'actual') !== 'actual';
      toasts.show(played ? t('drill.toast', { text: message }) : message, 'info', incident ? `/incidents/${incident}` : undefined, played);
    };
    if (incident === null || this.live.incidents.has(incident)) show();
    else setTimeout(show, NOTICE_MS);
  }

  #status(system: System): void {
    this.system = system;
    heardClock(system.started, system.uptime_s);
    this.history = [...this.history.slice(1 - MOST_STATUS), { at: Date.now(), system }];
  }

  #touch(topic: Topic, world: World): void {
    if (world !== this.shown) return;
    this.#touched.add(topic);
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      for (const name of this.#touched) this.#revisions[name] += 1;
      this.#touched.clear();
    }, REDRAW_MS);
  }
}

function announce(incident: Incident): void {
  if (incident.state !== 'new') return;
  const tone = incident.severity === 'extreme' ? 'extreme' : 'info';
  const played = incident.reality !== 'actual';
  const text = t('toast.incident', { number: String(incident.number), title: incident.title });
  toasts.show(played ? t('drill.toast', { text }) : text, tone, `/incidents/${incident.id}`, played);
}

export const live = new LiveCity();
