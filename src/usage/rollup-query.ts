import type { Lane } from '../catalog/route.js';

export const GROUPINGS = ['day', 'account', 'key', 'model', 'lane'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** Which rollups to sum; days are UTC, `YYYY-MM-DD`, both inclusive. */
export interface RollupFilter {
  readonly from: string;
  readonly to: string;
  readonly accountId?: string | undefined;
  readonly keyId?: string | undefined;
  readonly model?: string | undefined;
  readonly lane?: Lane | undefined;
}

/** As on the wire. What it is grouped by stands in front: `day`, `account_id`, `key_id`, `model`, `lane`. */
export interface UsageSums {
  readonly day?: string;
  readonly account_id?: string;
  readonly key_id?: string;
  readonly model?: string;
  /** Null: nothing was dispatched. */
  readonly lane?: Lane | null;
  readonly requests: number;
  readonly failures: number;
  /** All tokens that went in, cached ones included. */
  readonly input_tokens: number;
  readonly cache_read_tokens: number;
  readonly output_tokens: number;
  readonly charge_micro_usd: number;
}

const EXPRESSION: Readonly<Record<Grouping, string>> = {
  day: "to_char(usage_rollups.day, 'YYYY-MM-DD')",
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

export const SUMS = COUNTED.map(column => `coalesce(sum(${column}), 0)::text AS ${column}`).join(', ');

export function groupExpression(grouping: Grouping): string {
  return EXPRESSION[grouping];
}

export function sumsOf(row: Readonly<Record<string, unknown>>, groupings: readonly Grouping[]): UsageSums {
  const groups: Record<string, unknown> = {};
  for (const grouping of groupings) {
    const value = row[grouping];
    if (grouping === 'account' || grouping === 'key') groups[`${grouping}_id`] = value;
    else groups[grouping] = grouping === 'lane' && value === '' ? null : value;
  }
  const sums = Object.fromEntries(COUNTED.map(column => [column, Number(row[column])]));
  return { ...groups, ...sums } as unknown as UsageSums;
}
