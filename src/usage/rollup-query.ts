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

const SUMS = COUNTED.map(column => `coalesce(sum(${column}), 0) AS ${column}`).join(', ');
/** Each name and value as the filter has them; a name that holds a colon is found as well. */
const hasLabel = (text: string): string =>
  `EXISTS (SELECT FROM jsonb_each_text(labels) AS label WHERE label.key || ':' || label.value = ${text})`;

/**
 * Groups and total as of one moment: the total first, then by day ascending, else dearest first. The total is made of the groups, so that
 * rollups are read once. By day and something more there may be a hundred thousand groups, though, and the first thousand are those of the
 * first days: then only these days are grouped, and the total is read for itself.
 */
export function rollupQuery(
  filter: RollupFilter,
  groupings: readonly Grouping[],
): { text: string; values: readonly unknown[] } {
  const values: unknown[] = [];
  const value = (given: unknown): string => `$${values.push(given)}`;
  const where = `WHERE ${conditionsOf(filter, value).join(' AND ')}`;
  if (groupings.length === 0) return { text: `SELECT ${SUMS} FROM usage_rollups ${where}`, values };

  const names = groupings.map((_, at) => `group_${at}`);
  const keys = groupings.map((grouping, at) => `${keyOf(grouping, value)} AS ${names[at]}`);
  const isLabelled = groupings.some(isLabel);
  const day = names[groupings.indexOf('day')];
  const order = day === undefined ? 'charge_micro_usd DESC' : `${day}, charge_micro_usd DESC`;
  const endsEarly = day !== undefined && groupings.length > 1 && !isLabelled;
  const text = `
    WITH groups AS (
      SELECT ${keys.join(', ')}, ${SUMS} FROM usage_rollups
      ${isLabelled ? 'LEFT JOIN api_keys AS keys ON keys.id = usage_rollups.key_id' : ''}
      ${where} GROUP BY ${names.join(', ')} ${endsEarly ? `ORDER BY ${order} LIMIT ${MOST_GROUPS}` : ''}
    )
    SELECT true AS is_total, ${names.map(name => `NULL AS ${name}`).join(', ')}, ${SUMS}
    FROM ${endsEarly ? `usage_rollups ${where}` : 'groups'}
    UNION ALL
    SELECT false, ${names.map(name => (name === day ? `to_char(${day}, 'YYYY-MM-DD')` : name)).join(', ')}, ${COUNTED.join(', ')}
    FROM groups
    ORDER BY is_total DESC, ${order} LIMIT ${MOST_GROUPS + 1}`;
  return { text, values };
}

function conditionsOf(filter: RollupFilter, value: (given: unknown) => string): string[] {
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
  return conditions;
}

const keyOf = (grouping: Grouping, value: (given: unknown) => string): string =>
  isLabel(grouping) ? `keys.labels ->> ${value(nameOf(grouping))}::text` : COLUMN[grouping];

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
