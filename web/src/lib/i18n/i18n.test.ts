import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { de } from './de';
import { en } from './en';
import { fill } from './format';

const catalogues: Record<string, Record<string, string>> = { en, de };
const names = (text: string) => [...text.matchAll(/\{(\w+)(:[^}]*)?\}/g)].map((match) => match[1]).sort();

test('every catalogue has every key, no other, and no empty text', () => {
  for (const [name, catalogue] of Object.entries(catalogues)) {
    expect(Object.keys(catalogue).sort(), name).toEqual(Object.keys(en).sort());
    expect(Object.entries(catalogue).filter(([, text]) => text.trim() === ''), name).toEqual([]);
  }
});

test('a translation has the parameters of the original', () => {
  for (const [key, text] of Object.entries(en)) expect(names(de[key as keyof typeof de]), key).toEqual(names(text));
});

test('every key is used somewhere', () => {
  const root = new URL('../..', import.meta.url);
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => /\.(svelte|ts)$/.test(path) && !path.includes('i18n/'));
  const all = sources.map((path) => readFileSync(new URL(path, root), 'utf8')).join('\n');
  const groups = [...all.matchAll(/(?:word\('|`)([a-z_.]+?)(?:'|\.\$\{)/g)].map((match) => `${match[1]}.`);
  const unused = Object.keys(en).filter((key) => !all.includes(`'${key}'`) && !groups.some((group) => key.startsWith(group)));
  expect(unused).toEqual([]);
});

test('patterns are filled', () => {
  const check = (pattern: string, params: Record<string, string | number>, locale: string, expected: string) => expect(fill(pattern, params, locale)).toBe(expected);
  check('{n:one thing|# things}', { n: 1 }, 'en', 'one thing');
  check('{n:one thing|# things}', { n: 2500 }, 'en', '2,500 things');
  check('{n:ein Ding|# Dinge}', { n: 2500 }, 'de', '2.500 Dinge');
  check('#{number} {title}', { number: '7', title: 'Dust {x}' }, 'en', '#7 Dust {x}');
  check('{missing} stays', {}, 'en', '{missing} stays');
});
