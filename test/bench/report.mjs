/** From measurements to ratios, a Markdown table and a file. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { root } from './prepare.mjs';
import { higherIsBetter } from './rows.mjs';
import { median, summary } from './statistics.mjs';

/** The ceiling has to be this much above a contender, or its throughput says nothing. */
const HEADROOM = 2;

/** What a row compares: added latency is what is left of the median after the upstream's own. */
function values(row, results, name) {
  const measured = results.get(name);
  if (row.kind !== 'latency') return measured.map(({ value }) => value);
  return measured.map(({ value }, round) => value - results.get('direct')[round].value);
}

/** @returns ratios of `name` to `other` by round: requests per CPU-second for `cost` rows, the plain figure for others */
function ratio(row, results, name, other) {
  const mine = values(row, results, name);
  const theirs = values(row, results, other);
  return summary(mine.map((value, round) => (higherIsBetter(row) ? theirs[round] / value : value / theirs[round])));
}

/** @param {Map<string, {value: number, perSecond?: number}[]>} results by contender, perhaps with `direct` */
export function describeRow(row, results) {
  const names = [...results.keys()].filter(name => name !== 'direct');
  const ceiling = row.kind === 'cost' ? median(results.get('direct').map(({ perSecond }) => perSecond)) : undefined;
  const figures = names.map(name => {
    const perSecond = ceiling && summary(results.get(name).map(run => run.perSecond));
    const generatorBound = ceiling !== undefined && ceiling < HEADROOM * perSecond.median;
    return { name, value: summary(values(row, results, name)), perSecond, generatorBound };
  });
  const ratios = (names.includes('lazu') ? ['lazu'] : names.slice(1)).flatMap(name =>
    names
      .filter(other => other !== name)
      .map(other => {
        const found = ratio(row, results, name, other);
        const goal = name === 'lazu' ? row.goals[other] : undefined;
        const met = goal && (higherIsBetter(row) ? found.median >= goal : found.median <= goal);
        return { name, other, ratio: found, goal, met };
      }),
  );
  return {
    row: row.name,
    title: row.title,
    kind: row.kind,
    ceiling,
    figures,
    ratios,
    runs: Object.fromEntries(results),
  };
}

const digits = value => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3));
export const range = ({ median: middle, min, max }) => `${digits(middle)} (${digits(min)}–${digits(max)})`;

function ratioCell(described, other) {
  const found = described.ratios.find(entry => entry.other === other);
  if (found === undefined) return '';
  const sign = described.kind === 'cost' ? '≥' : '≤';
  const goal = found.goal === undefined ? '' : ` ${sign} ${found.goal} ${found.met ? '✓' : '✗'}`;
  return `${range(found.ratio)}${goal}`;
}

function figureCell(described, name) {
  const figure = described.figures.find(entry => entry.name === name);
  if (figure === undefined) return '';
  const rate = figure.perSecond ? `; ${digits(figure.perSecond.median)}/s${figure.generatorBound ? ' *' : ''}` : '';
  return `${range(figure.value)}${rate}`;
}

/** Medians with their range; `*` marks a throughput that the generator may have bounded (its CPU figure still counts). */
export function table(described) {
  const names = [...new Set(described.flatMap(({ figures }) => figures.map(({ name }) => name)))];
  const pairs = [
    ...new Map(described.flatMap(({ ratios }) => ratios.map(pair => [`${pair.name} : ${pair.other}`, pair.other]))),
  ];
  const header = ['', ...names, 'upstream alone', ...pairs.map(([title]) => title)];
  const lines = described.map(entry => [
    entry.kind === 'cost' ? `${entry.title}, CPU-ms` : entry.title,
    ...names.map(name => figureCell(entry, name)),
    entry.ceiling === undefined ? '' : `${digits(entry.ceiling)}/s`,
    ...pairs.map(([, other]) => ratioCell(entry, other)),
  ]);
  return markdown(header, lines);
}

export const markdown = (header, lines) =>
  [header, header.map(() => '---'), ...lines].map(cells => `| ${cells.join(' | ')} |`).join('\n');

/** @returns the path of the file written: all figures, run by run, and where they were taken */
export function save(described, options) {
  const directory = fileURLToPath(new URL('results/', import.meta.url));
  mkdirSync(directory, { recursive: true });
  const date = new Date().toISOString();
  const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const machine = {
    cpu: cpus()[0].model,
    cores: cpus().length,
    kernel: release(),
    node: process.version,
    load: loadavg(),
  };
  const path = `${directory}${date.replaceAll(':', '-')}.json`;
  const { rounds, seconds, quick, ascii } = options;
  const report = {
    date,
    commit: git('describe', '--always', '--dirty'),
    machine,
    options: { rounds, seconds, quick, ascii },
    rows: described,
  };
  writeFileSync(path, JSON.stringify(report, null, 2));
  return path;
}
