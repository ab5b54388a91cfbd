import type { SharedFunds } from './shared-funds.js';

export interface RedisLimitStoreOptions {
  readonly funds: SharedFunds;
  /** Longer than any request: the hold of a request that did not end by then was a dead process' (trap 9). */
  readonly holdExpiresMs: number;
  /** Until every host has heard of a revocation by itself, or refuses everybody. */
  readonly revokedForMs: number;
  /** Least time between two steps of one stream's hold. */
  readonly extendEveryMs?: number;
  /** ms, of tests; absent: Redis' own clock */
  readonly now?: () => number;
}
