/** @param {number[]} values at least one */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** @param {number[]} values at least one */
export const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Median and range. */
export const summary = values => ({ median: median(values), min: Math.min(...values), max: Math.max(...values) });

const DRAWS = 2_000;

/** Where the median of such values is in 19 runs of 20: by drawing from them again and again (https://en.wikipedia.org/wiki/Bootstrapping_(statistics)). */
export function medianInterval(values) {
  const draw = () => median(values.map(() => values[Math.floor(Math.random() * values.length)]));
  const medians = Array.from({ length: DRAWS }, draw).sort((a, b) => a - b);
  return [medians[DRAWS * 0.025], medians[DRAWS * 0.975 - 1]];
}
