import { LazuError } from '../errors.js';
import { periodStart } from '../limits/quota-period.js';
import { dayOf } from '../usage/day-range.js';

export const ALERT_KINDS = ['balance_below', 'key_quota_used', 'spend_reached'] as const;

/** What is watched: the account's balance, a key's use of its quota in the key's own period, or what the account spends. */
export type AlertKind = (typeof ALERT_KINDS)[number];

/** What decides when an alert is told; as on the wire. Which of it a kind has is in `FIELDS`. */
export interface Budget {
  readonly key_id?: string | null;
  readonly threshold_micro_usd?: number | null;
  /** Of the key's quota. */
  readonly threshold_percent?: number | null;
  /** In UTC. */
  readonly period?: 'day' | 'month' | null;
}

const FIELDS: Readonly<Record<AlertKind, readonly (keyof Budget)[]>> = {
  balance_below: ['threshold_micro_usd'],
  key_quota_used: ['key_id', 'threshold_percent'],
  spend_reached: ['threshold_micro_usd', 'period'],
};

const ALL = ['key_id', 'threshold_micro_usd', 'threshold_percent', 'period'] as const;

/** @throws LazuError missing_required_parameter, unsupported_parameter */
export function checkBudget(kind: AlertKind, budget: Budget, isWhole: boolean): void {
  for (const field of ALL) {
    const isGiven = budget[field] !== undefined && budget[field] !== null;
    const isKinds = FIELDS[kind].includes(field);
    if (isGiven && !isKinds) {
      throw new LazuError('unsupported_parameter', `An alert \`${kind}\` has no \`${field}\`: leave it out.`, {
        param: field,
      });
    }
    if (isWhole && isKinds && !isGiven) {
      throw new LazuError('missing_required_parameter', `An alert \`${kind}\` needs \`${field}\`.`, { param: field });
    }
  }
}

/** An alert as it is looked at; amounts in microUSD. */
export interface Watched {
  readonly id: string;
  readonly accountId: string;
  readonly keyId: string | null;
  readonly kind: AlertKind;
  readonly thresholdMicroUsd: bigint | null;
  readonly thresholdPercent: number | null;
  readonly period: 'day' | 'month' | null;
  /** The key's; null: it has none, or the key is deleted. */
  readonly quotaMicroUsd: bigint | null;
  readonly quotaPeriod: 'total' | 'day' | 'month' | null;
  /** First day of the period in which it was last told; null: not crossed. */
  readonly crossedPeriod: string | null;
}

/** The first day, UTC, of the period that an alert counts in at a moment (ms since 1970). A balance has one period for ever. */
export function periodOf({ kind, period, quotaPeriod }: Watched, at: number): string {
  switch (kind) {
    case 'balance_below':
      return dayOf(0);
    case 'key_quota_used':
      return dayOf(periodStart(quotaPeriod ?? 'total', at));
    case 'spend_reached':
      return dayOf(periodStart(period ?? 'day', at));
  }
}

/** @param figure the balance, or what was spent in the period, microUSD */
export function isCrossed(alert: Watched, figure: bigint): boolean {
  switch (alert.kind) {
    case 'balance_below':
      return figure < (alert.thresholdMicroUsd ?? 0n);
    case 'key_quota_used':
      return (
        alert.quotaMicroUsd !== null && figure * 100n >= alert.quotaMicroUsd * BigInt(alert.thresholdPercent ?? 100)
      );
    case 'spend_reached':
      return figure >= (alert.thresholdMicroUsd ?? 0n);
  }
}
