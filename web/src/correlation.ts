// Pearson's correlation with Fisher's interval; three points or fewer have none.

export interface Correlation {
  value: number;
  low: number | null;
  high: number | null;
}

const kZ975 = 1.959963984540054;

export function correlation(x: number[], y: number[]): Correlation | null {
  const n = x.length;
  if (n < 3) return null;
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / n;
  const mx = mean(x);
  const my = mean(y);
  let xy = 0;
  let xx = 0;
  let yy = 0;
  for (let i = 0; i < n; ++i) {
    const dx = (x[i] ?? 0) - mx;
    const dy = (y[i] ?? 0) - my;
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  if (xx === 0 || yy === 0) return null;
  const value = xy / Math.sqrt(xx * yy);
  if (n < 4 || Math.abs(value) >= 1) return {value, low: null, high: null};
  const z = Math.atanh(value);
  const half = kZ975 / Math.sqrt(n - 3);
  return {value, low: Math.tanh(z - half), high: Math.tanh(z + half)};
}
