import type { Lane } from '../catalog/route.js';

export const GROUPINGS = ['day', 'account', 'key', 'model', 'lane'] as const;
const LABEL = 'label:';
/** `label:team`: by what keys have under this name. */
export type LabelGrouping = `${typeof LABEL}${string}`;
export type Grouping = (typeof GROUPINGS)[number] | LabelGrouping;

/** Which rollups to sum; days are UTC, `YYYY-MM-DD`, both inclusive. */
export interface RollupFilter {
  readonly from: string;
  readonly to: string;
  readonly accountId?: string | undefined;
  readonly keyId?: string | undefined;
  readonly model?: string | undefined;
  readonly lane?: Lane | undefined;
  /** Of keys that have all of these, each `name:value`. */
  readonly labels?: readonly string[] | undefined;
}

/** As on the wire. What it is grouped by stands in front: `day`, `account_id`, `key_id`, `model`, `lane`, `labels`. */
export interface UsageSums {
  readonly day?: string;
  readonly account_id?: string;
  readonly key_id?: string;
  readonly model?: string;
  /** Null: nothing was dispatched. */
  readonly lane?: Lane | null;
  /** By name, as the keys have them now; null: of keys without it. */
  readonly labels?: Readonly<Record<string, string | null>>;
  readonly requests: number;
  readonly failures: number;
  /** All tokens that went in, cached ones included. */
  readonly input_tokens: number;
  readonly cache_read_tokens: number;
  readonly output_tokens: number;
  readonly charge_micro_usd: number;
}

export interface UsageReport {
  readonly data: readonly UsageSums[];
  /** Of everything that the filter lets through, also where `data` is cut off. */
  readonly total: UsageSums;
}

const MOST_GROUPS = 1_000;

const COLUMN: Readonly<Record<(typeof GROUPINGS)[number], string>> = {
  day: 'usage_rollups.day',
  account: 'usage_rollups.account_id',
  key: 'usage_rollups.key_id',
  model: 'usage_rollups.model',
  lane: 'usage_rollups.lane',
};

const COUNTED = [
  'requests',
  'failures',
  'input_tokens',
  'cache_read_tokens',
  'output_tokens',
  'charge_micro_usd',
] as const;

const SUMS = COUNTED.map(column => `coalesce(sum(usage_rollups.${column}), 0)::text AS ${column}`).join(', ');
/** Each name and value as the filter has them; a name that holds a colon is found as well. */
const hasLabel = (text: string): string =>
  `EXISTS (SELECT FROM jsonb_each_text(labels) AS label WHERE label.key || ':' || label.value = ${text})`;

/** Groups and total in one pass over the rollups: the total first, then by day ascending, else dearest first. */
export function rollupQuery(
  filter: RollupFilter,
  groupings: readonly Grouping[],
): { text: string; values: readonly unknown[] } {
  const values: unknown[] = [];
  const value = (given: unknown): string => `$${values.push(given)}`;
  const conditions = [`day BETWEEN ${value(filter.from)} AND ${value(filter.to)}`];
  const where = (column: string, given: string | undefined): void => {
    if (given !== undefined) conditions.push(`usage_rollups.${column} = ${value(given)}`);
  };
  where('account_id', filter.accountId);
  where('key_id', filter.keyId);
  where('model', filter.model);
  where('lane', filter.lane);
  const having = (filter.labels ?? []).map(label => hasLabel(value(label)));
  if (having.length > 0) conditions.push(`key_id IN (SELECT id FROM api_keys WHERE ${having.join(' AND ')})`);

  const keys = groupings.map(grouping =>
    isLabel(grouping) ? `keys.labels ->> ${value(nameOf(grouping))}::text` : COLUMN[grouping],
  );
  const shown = keys.map(
    (key, at) => `${groupings[at] === 'day' ? `to_char(${key}, 'YYYY-MM-DD')` : key} AS group_${at}`,
  );
  const byDay = groupings.includes('day') ? `${COLUMN.day}, ` : '';
  const order = `ORDER BY grouping(${keys[0]}) DESC, ${byDay}sum(usage_rollups.charge_micro_usd) DESC`;
  const text = `SELECT ${[...shown, SUMS].join(', ')} FROM usage_rollups
    ${groupings.some(isLabel) ? 'LEFT JOIN api_keys AS keys ON keys.id = usage_rollups.key_id' : ''}
    WHERE ${conditions.join(' AND ')}
    GROUP BY GROUPING SETS (${keys.length > 0 ? `(${keys.join(', ')}), ` : ''}())
    ${keys.length > 0 ? order : ''} LIMIT ${MOST_GROUPS + 1}`;
  return { text, values };
}

/** @param rows what `rollupQuery` for these groupings gave */
export function reportOf(
  rows: readonly Readonly<Record<string, unknown>>[],
  groupings: readonly Grouping[],
): UsageReport {
  const [total = {}, ...groups] = rows;
  const data =
    groupings.length === 0 ? [countsOf(total)] : groups.map(row => ({ ...groupsOf(row, groupings), ...countsOf(row) }));
  return { data, total: countsOf(total) };
}

function groupsOf(row: Readonly<Record<string, unknown>>, groupings: readonly Grouping[]): Partial<UsageSums> {
  const groups: Record<string, unknown> = {};
  const labels: Record<string, unknown> = {};
  for (const [at, grouping] of groupings.entries()) {
    const value = row[`group_${at}`];
    if (isLabel(grouping)) labels[nameOf(grouping)] = value;
    else if (grouping === 'account' || grouping === 'key') groups[`${grouping}_id`] = value;
    else groups[grouping] = grouping === 'lane' && value === '' ? null : value;
  }
  return groupings.some(isLabel) ? { ...groups, labels: labels as UsageSums['labels'] } : groups;
}

function countsOf(row: Readonly<Record<string, unknown>>): UsageSums {
  return Object.fromEntries(COUNTED.map(column => [column, Number(row[column])])) as unknown as UsageSums;
}

const isLabel = (grouping: Grouping): grouping is LabelGrouping => grouping.startsWith(LABEL);

const nameOf = (grouping: LabelGrouping): string => grouping.slice(LABEL.length);
