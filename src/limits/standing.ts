import type { Standing } from './limit-store.js';

/** What one limit has left: a key's or its account's, of requests or of tokens. */
export interface OneStanding {
  readonly limit: number;
  readonly remaining: number;
  /** Until the window is empty again. */
  readonly resetMs: number;
}

/** What binds first. */
export function tighter(ofKey: OneStanding | undefined, ofAccount: OneStanding | undefined): OneStanding | undefined {
  if (!ofKey || !ofAccount) return ofKey ?? ofAccount;
  return ofAccount.remaining < ofKey.remaining ? ofAccount : ofKey;
}

/** @returns undefined: there is no limit */
export function standingFrom(requests: OneStanding | undefined, tokens: OneStanding | undefined): Standing | undefined {
  if (!requests)
    return tokens && { limitTokens: tokens.limit, remainingTokens: tokens.remaining, resetTokensMs: tokens.resetMs };
  const { limit: limitRequests, remaining: remainingRequests, resetMs: resetRequestsMs } = requests;
  if (!tokens) return { limitRequests, remainingRequests, resetRequestsMs };
  const { limit: limitTokens, remaining: remainingTokens, resetMs: resetTokensMs } = tokens;
  // Spelled out: this is made for every request.
  return { limitRequests, remainingRequests, resetRequestsMs, limitTokens, remainingTokens, resetTokensMs };
}
