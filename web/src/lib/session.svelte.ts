// Who is signed in, for which purpose, and what their roles let them do.

import { get, post, Problem, remove, usePurpose, whenSignedOut } from './api';
import type { Purpose, Role, Session } from './wire';

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
} satisfies Record<string, Role[]>;

export type Right = keyof typeof rights;

class SessionState {
  who: Session | null = $state.raw(null);
  /** Empty: the purpose that goes with the role, as the server assumes it. */
  purpose: Purpose | '' = $state('');
  known = $state(false);

  /** Asks who is signed in; not where a one-time link is about to say so. */
  async start(byLink: boolean): Promise<void> {
    whenSignedOut(() => (this.who = null));
    if (byLink) {
      this.known = true;
      return;
    }
    try {
      this.took(await get<Session>('/session'));
    } catch (error) {
      if (error instanceof Problem && error.status === 0) throw error;
      this.who = null;
    } finally {
      this.known = true;
    }
  }

  took(session: Session): void {
    this.who = session;
  }

  async signIn(name: string, password: string): Promise<void> {
    this.took(await post<Session>('/session', { name, password }));
  }

  async signOut(): Promise<void> {
    await remove('/session').catch(() => {});
    this.who = null;
  }

  may(right: Right): boolean {
    const roles: readonly Role[] = rights[right];
    return this.who?.person.roles.some((role) => roles.includes(role)) ?? false;
  }

  choose(purpose: Purpose | ''): void {
    this.purpose = purpose;
    usePurpose(purpose);
  }
}

export const session = new SessionState();
