import type { SumsSnapshot } from '../../usage/sums-snapshots.js';
import type { Charge } from '../../usage/unflushed-charges.js';

/** Where hosts that share limits read sums, and where this one's charges wait for them. */
export interface SharedFunds {
  /** With `BILLING=prepaid` balances bind; key quotas always do. */
  readonly prepaid: boolean;
  /** Resolves when what dead processes of this host left is in the sums. */
  caughtUp(): Promise<unknown>;
  /** Everything that `work` reads is of one moment. */
  snapshot<T>(work: (sums: SumsSnapshot) => Promise<T>): Promise<T>;
  add(requestId: string, charge: Charge): void;
  /** Charges of this process that are not in the sums, by request id. */
  unflushed(): Iterable<readonly [string, Charge]>;
}

/**
 * Lua counts in doubles, which are exact up to 2^53. Balances and quotas beyond 2^52 microUSD (4.5 billion dollars) count as so
 * much; a hold beyond it is never covered.
 */
export const MOST_MICRO_USD = 2n ** 52n;

export function bounded(microUsd: bigint): string {
  if (microUsd > MOST_MICRO_USD) return MOST_MICRO_USD.toString();
  return (microUsd < -MOST_MICRO_USD ? -MOST_MICRO_USD : microUsd).toString();
}
