import type { Reservation, Standing } from './limit-store.js';
import { RequestLog, WINDOW_MS } from './request-log.js';
import { standingFrom, tighter, type OneStanding } from './standing.js';
import { TokenLog } from './token-log.js';

/** Where the tokens of an admitted request count, for what is corrected later. */
export interface Counted {
  readonly key: TokenLog | undefined;
  readonly account: TokenLog | undefined;
  readonly slice: number;
}

/** What stands in the way; `retryAfter` in seconds, absent when waiting does not help. */
export interface Full {
  readonly reason: 'requests' | 'tokens';
  readonly retryAfter?: number;
}

/** Requests and tokens per rolling 60 s, of keys and accounts. Look first (`full`), then `take`: nothing happens in between. */
export class RateWindows {
  readonly #keyRequests = new Map<string, RequestLog>();
  readonly #accountRequests = new Map<string, RequestLog>();
  readonly #keyTokens = new Map<string, TokenLog>();
  readonly #accountTokens = new Map<string, TokenLog>();

  /** @returns undefined: there is room */
  full(ask: Reservation, now: number): Full | undefined {
    const { rpm, accountRpm, tpm, accountTpm, keyId, accountId, tokens } = ask;
    const requests = Math.max(
      rpm === undefined ? 0 : slotAfter(this.#keyRequests.get(keyId), now, rpm),
      accountRpm === undefined ? 0 : slotAfter(this.#accountRequests.get(accountId), now, accountRpm),
    );
    const room = Math.max(
      tpm === undefined ? 0 : roomAfter(this.#keyTokens.get(keyId), now, tpm, tokens),
      accountTpm === undefined ? 0 : roomAfter(this.#accountTokens.get(accountId), now, accountTpm, tokens),
    );
    if (room === Infinity) return { reason: 'tokens' };
    const wait = Math.max(requests, room);
    if (wait === 0) return undefined;
    return { reason: requests >= room ? 'requests' : 'tokens', retryAfter: Math.ceil(wait / 1000) };
  }

  /** @returns undefined: its tokens count nowhere */
  take(ask: Reservation, now: number): Counted | undefined {
    const { rpm, accountRpm, tpm, accountTpm, keyId, accountId, tokens } = ask;
    if (rpm !== undefined) logOf(this.#keyRequests, keyId, RequestLog).add(now);
    if (accountRpm !== undefined) logOf(this.#accountRequests, accountId, RequestLog).add(now);
    if (tpm === undefined && accountTpm === undefined) return undefined;
    const key = tpm === undefined ? undefined : logOf(this.#keyTokens, keyId, TokenLog);
    const account = accountTpm === undefined ? undefined : logOf(this.#accountTokens, accountId, TokenLog);
    const slice = key?.add(now, tokens);
    return { key, account, slice: account?.add(now, tokens) ?? slice! };
  }

  /** What binds first, of the key and its account. */
  standing(ask: Reservation, now: number): Standing | undefined {
    const { rpm, accountRpm, tpm, accountTpm, keyId, accountId } = ask;
    const requests = tighter(
      rpm === undefined ? undefined : standingOf(this.#keyRequests.get(keyId), rpm, now),
      accountRpm === undefined ? undefined : standingOf(this.#accountRequests.get(accountId), accountRpm, now),
    );
    const tokens = tighter(
      tpm === undefined ? undefined : standingOf(this.#keyTokens.get(keyId), tpm, now),
      accountTpm === undefined ? undefined : standingOf(this.#accountTokens.get(accountId), accountTpm, now),
    );
    return standingFrom(requests, tokens);
  }

  /** Forgets windows that have emptied. */
  sweep(now: number): void {
    for (const logs of [this.#keyRequests, this.#accountRequests, this.#keyTokens, this.#accountTokens]) {
      for (const [id, log] of logs) if (log.emptyAfter(now) === 0) logs.delete(id);
    }
  }
}

/** It took other than was estimated. */
export function correct({ key, account, slice }: Counted, by: number): void {
  key?.correct(slice, by);
  account?.correct(slice, by);
}

function logOf<Log>(logs: Map<string, Log>, id: string, Empty: new () => Log): Log {
  let log = logs.get(id);
  if (!log) logs.set(id, (log = new Empty()));
  return log;
}

/** A limit of 0 admits nobody, now or later; its wait is the whole window, as nothing truer can be said. */
function slotAfter(log: RequestLog | undefined, now: number, limit: number): number {
  if (limit < 1) return WINDOW_MS;
  return log ? log.freeAfter(now, limit) : 0;
}

function roomAfter(log: TokenLog | undefined, now: number, limit: number, tokens: number): number {
  if (log) return log.freeAfter(now, limit, tokens);
  return tokens > limit ? Infinity : 0;
}

function standingOf(log: RequestLog | TokenLog | undefined, limit: number, now: number): OneStanding {
  if (!log) return { limit, remaining: limit, resetMs: 0 };
  return { limit, remaining: Math.max(0, limit - log.countAt(now)), resetMs: log.emptyAfter(now) };
}
