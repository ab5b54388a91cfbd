import { LazuError } from '../../errors.js';
import type { Spender } from '../funds.js';
import type { Reservation } from '../limit-store.js';
import { MOST_MICRO_USD } from './shared-funds.js';

/** A request that was admitted and is not over, as this host knows it. */
export interface OpenRequest {
  readonly ask: Spender & { readonly tpm: number | undefined; readonly accountTpm?: number | undefined };
  /** What counts for it in its windows: the admitted estimate, or more since it was corrected. */
  tokens: number;
  /** Where its tokens count; empty: nowhere. */
  readonly slice: string;
  readonly takenAt: number;
  heldMicroUsd: bigint;
  /** When it last asked for more. */
  extendedAt: number;
}

/** Whether windows of a key or its account bind. */
export const isLimited = ({ rpm, accountRpm, tpm, accountTpm }: Reservation): boolean =>
  rpm !== undefined || accountRpm !== undefined || tpm !== undefined || accountTpm !== undefined;

/** Key, windows and tokens, as the script takes them. */
export function ratesOf({ keyId, rpm, accountRpm, tpm, accountTpm, tokens }: Reservation): string[] {
  return [keyId, text(rpm), text(accountRpm), text(tpm), text(accountTpm), String(Math.ceil(tokens))];
}

const text = (limit: number | undefined): string => (limit === undefined ? '' : String(limit));

export const holdOf = (microUsd: bigint): string =>
  (microUsd > MOST_MICRO_USD ? MOST_MICRO_USD + 1n : microUsd).toString();

/** Of a reply; absent: nothing yet. */
export const microUsd = (reply: unknown): bigint => BigInt((reply as string | null) ?? 0);

export function openOf(ask: Reservation, slice: string): OpenRequest {
  const [tokens, takenAt] = [Math.ceil(ask.tokens), performance.now()];
  return { ask, tokens, slice, takenAt, heldMicroUsd: ask.holdMicroUsd, extendedAt: -Infinity };
}

export function unavailable(cause: unknown): LazuError {
  if (cause instanceof LazuError) return cause;
  const message = 'Limits and balances cannot be looked at right now. Please try again shortly.';
  return new LazuError('service_unavailable', message, { retryAfter: 1, cause });
}
