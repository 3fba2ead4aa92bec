// The pages in the order of the navigation, with their shortcut and who is offered them.

import type { Key } from '../lib/i18n/index.svelte';
import type { Right } from '../lib/session.svelte';
import type { IconName } from './icons';

export interface NavItem { page: string; path: string; icon: IconName; label: Key; key: string; right?: Right }

export const nav: NavItem[] = [
  { page: 'map', path: '/', icon: 'map', label: 'nav.map', key: 'm' },
  { page: 'incidents', path: '/incidents', icon: 'incident', label: 'nav.incidents', key: 'i' },
  { page: 'zones', path: '/zones', icon: 'zone', label: 'nav.zones', key: 'z' },
  { page: 'assets', path: '/assets', icon: 'asset', label: 'nav.assets', key: 'a' },
  { page: 'rules', path: '/rules', icon: 'rule', label: 'nav.rules', key: 'r' },
  { page: 'playbooks', path: '/playbooks', icon: 'playbook', label: 'nav.playbooks', key: 'p' },
  { page: 'kinds', path: '/kinds', icon: 'kind', label: 'nav.kinds', key: 'k' },
  { page: 'sources', path: '/sources', icon: 'source', label: 'nav.sources', key: 's' },
  { page: 'system', path: '/system', icon: 'system', label: 'nav.system', key: 'y' },
  { page: 'alarms', path: '/alarms', icon: 'load', label: 'nav.alarms', key: 'l' },
  { page: 'exercises', path: '/exercises', icon: 'exercise', label: 'nav.exercises', key: 'x', right: 'exercises' },
  { page: 'tokens', path: '/tokens', icon: 'token', label: 'nav.tokens', key: 't', right: 'tokens' },
  { page: 'accounts', path: '/accounts', icon: 'account', label: 'nav.accounts', key: 'c', right: 'accounts' },
  { page: 'audit', path: '/audit', icon: 'audit', label: 'nav.audit', key: 'u', right: 'audit' },
];
