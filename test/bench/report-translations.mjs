/** Translated streams: each way through Lazu beside the one of the same upstream whose bytes pass. */
import { markdown, range } from './report.mjs';
import { summary } from './statistics.mjs';

/** @param {Map<string, {value: number}[]>} results by way, the one that passes first; a ratio is taken within a round */
export function describeTranslation(row, results) {
  const [[, passed], ...translated] = results;
  const ratios = translated.map(([name, measured]) => {
    const ratio = summary(measured.map(({ value }, round) => value / passed[round].value));
    return { name, ratio, goal: row.goal, met: ratio.median <= row.goal };
  });
  const figures = [...results].map(([name, measured]) => ({
    name,
    value: summary(measured.map(({ value }) => value)),
  }));
  return { row: row.name, title: row.title, kind: row.kind, figures, ratios, runs: Object.fromEntries(results) };
}

/** Medians with their range. */
export function translationTable(described) {
  const header = ['200 streams × 100 chunks', 'CPU-ms per chunk', 'translated : passed through'];
  const lines = described.flatMap(({ figures, ratios }) =>
    figures.map(({ name, value }) => {
      const found = ratios.find(entry => entry.name === name);
      return [name, range(value), found ? `${range(found.ratio)} ≤ ${found.goal} ${found.met ? '✓' : '✗'}` : ''];
    }),
  );
  return markdown(header, lines);
}
