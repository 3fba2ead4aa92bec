// Fills the patterns of a catalogue: `{name}` is a parameter, `{n:one thing|# things}` chooses by number.

export type Params = Record<string, string | number>;

export function fill(pattern: string, params: Params, locale: string): string {
  return pattern.replace(/\{(\w+)(?::([^|}]*)\|([^}]*))?\}/g, (whole, name: string, one?: string, many?: string) => {
    const value = params[name];
    if (value === undefined) return whole;
    const shown = typeof value === 'number' ? new Intl.NumberFormat(locale).format(value) : value;
    if (one === undefined || many === undefined) return shown;
    const chosen = new Intl.PluralRules(locale).select(Number(value)) === 'one' ? one : many;
    return chosen.replace('#', shown);
  });
}
