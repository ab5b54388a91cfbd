import type { Scope } from '../catalog/route.js';

/**
 * The admitted key with its account: who is asking. The key ring's own object, one per key, shared by concurrent requests: a change
 * shows in it at once, `allowedModels` and `lanes` being replaced as wholes.
 */
export interface Caller extends Scope {
  readonly keyId: string;
  readonly accountId: string;
  /** Requests per rolling 60 s: the lower of key and account; undefined: no limit. */
  readonly rpm: number | undefined;
  /** The account's own limit, which all its keys share; undefined: no limit. */
  readonly accountRpm?: number | undefined;
  /** Tokens per rolling 60 s: the lower of key and account; undefined: no limit. */
  readonly tpm: number | undefined;
  /** The account's own limit, which all its keys share; undefined: no limit. */
  readonly accountTpm?: number | undefined;
  /** Cap in microUSD per `quotaPeriod`; undefined: none. */
  readonly quotaMicroUsd: bigint | undefined;
  readonly quotaPeriod: 'total' | 'day' | 'month' | undefined;
  /** Turns true when the key is deleted or disabled, or its account suspended; a request that already runs may finish, `reserve` refuses the next. */
  readonly revoked: boolean;
}
