// The one-time token of a sign-in link: /link/TOKEN, or a part named `link` in the query or behind the #.

export function linkToken(path: string, search: string, hash: string): string | null {
  const [first, second] = path.split('/').filter(Boolean);
  if (first === 'link' && second) return decodeURIComponent(second);
  const behind = new URLSearchParams(hash.replace(/^#/, ''));
  const query = new URLSearchParams(search);
  return behind.get('link') ?? behind.get('token') ?? query.get('link') ?? query.get('token');
}
