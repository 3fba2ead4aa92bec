// Who is signed in, for which purpose, and what their roles let them do.

import { get, post, Problem, remove, usePurpose, whenSignedOut } from './api';
import { unsaved } from './unsaved.svelte';
import type { Incident, Purpose, Role, Session } from './wire';

export const purposes: readonly Purpose[] = ['operations', 'investigation', 'planning', 'oversight', 'administration'];

/** What the console offers; the server decides. */
const rights = {
  handle: ['operator', 'supervisor'],
  configure: ['supervisor', 'integrator', 'administrator'],
  rules: ['supervisor', 'analyst', 'administrator'],
  sources: ['integrator', 'administrator'],
  tokens: ['administrator', 'integrator'],
  accounts: ['administrator'],
  audit: ['auditor', 'administrator'],
  exercises: ['operator', 'supervisor', 'analyst', 'integrator', 'administrator'],
  direct: ['supervisor'],
} satisfies Record<string, Role[]>;

export type Right = keyof typeof rights;

/** Whether somebody signed in on this device: the cookie itself cannot be seen here, and a question that can only be
 *  answered by 401 would stand as an error in the browser's log. */
const KEPT = 'vigiles-signed-in';

function remember(yes: boolean): void {
  try {
    if (yes) localStorage.setItem(KEPT, 'yes');
    else localStorage.removeItem(KEPT);
  } catch {
    // A browser that keeps nothing asks each time.
  }
}

function signedInBefore(): boolean {
  try {
    return localStorage.getItem(KEPT) !== null;
  } catch {
    return true;
  }
}

class SessionState {
  who: Session | null = $state.raw(null);
  /** Empty: the purpose that goes with the role, as the server assumes it. */
  purpose: Purpose | '' = $state('');
  known = $state(false);

  /** Asks who is signed in; not where a one-time link is about to say so. */
  async start(byLink: boolean): Promise<void> {
    whenSignedOut(() => this.#gone());
    if (byLink || !signedInBefore()) {
      this.known = true;
      return;
    }
    try {
      this.took(await get<Session>('/session'));
    } catch (error) {
      if (error instanceof Problem && error.status === 0) throw error;
      this.#gone();
    } finally {
      this.known = true;
    }
  }

  took(session: Session): void {
    this.who = session;
    remember(true);
  }

  #gone(): void {
    this.who = null;
    remember(false);
  }

  async signIn(name: string, password: string): Promise<void> {
    this.took(await post<Session>('/session', { name, password }));
  }

  async signOut(): Promise<void> {
    if (!unsaved.lets(() => void this.signOut())) return;
    await remove('/session').catch(() => {});
    this.#gone();
  }

  may(right: Right): boolean {
    const roles: readonly Role[] = rights[right];
    return this.who?.person.roles.some((role) => roles.includes(role)) ?? false;
  }

  /** As the server decides: the agency that leads; an incident of an exercise whoever handles incidents. */
  leads(incident: Pick<Incident, 'agency' | 'reality'>): boolean {
    return this.may('handle') && (incident.reality === 'exercise' || incident.agency === this.who?.person.agency);
  }

  /** As the server decides who may add notes and speak in joint rooms: also an agency that led it, and is involved since. */
  takesPart(incident: Pick<Incident, 'agency' | 'reality' | 'involved'>): boolean {
    return this.leads(incident) || (this.may('handle') && incident.involved.includes(this.who?.person.agency ?? ''));
  }

  choose(purpose: Purpose | ''): void {
    this.purpose = purpose;
    usePurpose(purpose);
  }
}

export const session = new SessionState();
