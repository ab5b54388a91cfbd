import type { SyncEntry } from './plan.js';
import type { SyncReport } from './price-sync.js';

/** The report for people: what changes (old → new), what is held, what was left alone and why. */
export function reportText({ source, applied, summary, data }: SyncReport): string {
  const of = (status: SyncEntry['status']): SyncEntry[] => data.filter(entry => entry.status === status);
  const { changes, held, same, left_alone } = summary;
  const counts = `${changes} ${applied ? 'changed' : 'to change'}, ${held} held, ${same} the same, ${left_alone} left alone`;
  return [
    `Official prices of ${source}. Models: ${counts}.`,
    ...section(applied ? 'Changed' : 'To change', of('changes')),
    ...section('Held: only made with --accept MODEL', of('held')),
    ...(left_alone > 0 ? ['', 'Left alone', ...columns(of('left_alone').map(reasonRow))] : []),
    ...(!applied && changes > 0 ? ['', 'Nothing was written. --apply makes the changes.'] : []),
  ].join('\n');
}

function section(title: string, entries: readonly SyncEntry[]): string[] {
  if (entries.length === 0) return [];
  const rows = entries.flatMap(rowsOf);
  return ['', title, ...columns([['model', 'price', 'USD', 'old', '', 'new'], ...rows])];
}

function rowsOf(entry: SyncEntry): string[][] {
  const { official, prices, reason, notes } = entry;
  // A price that is the official one changes as it does: said once.
  const [following, others] = [prices.filter(one => one.factor === null), prices.filter(one => one.factor !== null)];
  const rows = [
    ...official.map(change => ({ price: 'official', change })),
    ...others.flatMap(({ lane, factor, changes }) => changes.map(change => ({ price: `${lane} × ${factor}`, change }))),
  ].map(({ price, change: { field, from, to } }, at) => [
    at === 0 ? entry.model : '',
    ...[price, field, from ?? 'none', '→', to ?? 'none'],
  ]);
  const follows = following.map(({ lane }) => `${lane} is the official price`);
  return [...rows, ...[reason ?? [], ...follows, ...notes].flat().map(text => ['', `(${text})`])];
}

const reasonRow = ({ model, reason }: SyncEntry): string[] => [model, reason ?? ''];

/** A text in brackets takes its row to the end. */
function columns(rows: readonly string[][]): string[] {
  const tabular = rows.filter(row => row.length !== 2 || row[0] !== '');
  const widths = (tabular[0] ?? []).map((_, at) => Math.max(...tabular.map(row => row[at]?.length ?? 0)));
  return rows.map(row => `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd());
}
