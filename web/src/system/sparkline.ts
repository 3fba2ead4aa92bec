// The outline of a few values in a box of 100 by 28.

export function path(values: readonly number[]): string {
  if (values.length === 0) return 'M0 28 L100 28';
  const high = Math.max(...values, 1e-9);
  const step = values.length > 1 ? 100 / (values.length - 1) : 0;
  const points = values.map((value, index) => `${(index * step).toFixed(2)} ${(27 - (value / high) * 25).toFixed(2)}`);
  return `M${points.length === 1 ? `${points[0]} L100 ${points[0]?.split(' ')[1]}` : points.join(' L')}`;
}
