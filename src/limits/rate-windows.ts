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

/** Of one key, or of one account. Each is made when it is needed: tokens take 4 KB. */
interface Windows {
  requests: RequestLog | undefined;
  tokens: TokenLog | undefined;
}

/** Requests and tokens per rolling 60 s, of keys and accounts. Look first (`full`), then `take`: nothing happens in between. */
export class RateWindows {
  readonly #keys = new Map<string, Windows>();
  readonly #accounts = new Map<string, Windows>();

  /** @returns undefined: there is room */
  full(ask: Reservation, now: number): Full | undefined {
    const { rpm, accountRpm, tpm, accountTpm, tokens } = ask;
    const key = this.#keys.get(ask.keyId);
    const account = this.#accounts.get(ask.accountId);
    const requests = Math.max(
      rpm === undefined ? 0 : slotAfter(key?.requests, now, rpm),
      accountRpm === undefined ? 0 : slotAfter(account?.requests, now, accountRpm),
    );
    const room = Math.max(
      tpm === undefined ? 0 : roomAfter(key?.tokens, now, tpm, tokens),
      accountTpm === undefined ? 0 : roomAfter(account?.tokens, now, accountTpm, tokens),
    );
    if (room === Infinity) return { reason: 'tokens' };
    const wait = Math.max(requests, room);
    if (wait === 0) return undefined;
    return { reason: requests >= room ? 'requests' : 'tokens', retryAfter: Math.ceil(wait / 1000) };
  }

  /** @returns undefined: its tokens count nowhere */
  take(ask: Reservation, now: number): Counted | undefined {
    const { rpm, accountRpm, tpm, accountTpm, tokens } = ask;
    const key = rpm === undefined && tpm === undefined ? undefined : windowsOf(this.#keys, ask.keyId);
    const account =
      accountRpm === undefined && accountTpm === undefined ? undefined : windowsOf(this.#accounts, ask.accountId);
    if (rpm !== undefined) (key!.requests ??= new RequestLog()).add(now);
    if (accountRpm !== undefined) (account!.requests ??= new RequestLog()).add(now);
    if (tpm === undefined && accountTpm === undefined) return undefined;
    const keyTokens = tpm === undefined ? undefined : (key!.tokens ??= new TokenLog());
    const accountTokens = accountTpm === undefined ? undefined : (account!.tokens ??= new TokenLog());
    const slice = keyTokens?.add(now, tokens);
    return { key: keyTokens, account: accountTokens, slice: accountTokens?.add(now, tokens) ?? slice! };
  }

  /** What binds first, of the key and its account. */
  standing(ask: Reservation, now: number): Standing | undefined {
    const { rpm, accountRpm, tpm, accountTpm } = ask;
    const key = this.#keys.get(ask.keyId);
    const account = this.#accounts.get(ask.accountId);
    const requests = tighter(
      rpm === undefined ? undefined : standingOf(key?.requests, rpm, now),
      accountRpm === undefined ? undefined : standingOf(account?.requests, accountRpm, now),
    );
    const tokens = tighter(
      tpm === undefined ? undefined : standingOf(key?.tokens, tpm, now),
      accountTpm === undefined ? undefined : standingOf(account?.tokens, accountTpm, now),
    );
    return standingFrom(requests, tokens);
  }

  /** Forgets windows that have emptied. */
  sweep(now: number): void {
    for (const windows of [this.#keys, this.#accounts]) {
      for (const [id, { requests, tokens }] of windows) {
        if (!requests?.emptyAfter(now) && !tokens?.emptyAfter(now)) windows.delete(id);
      }
    }
  }
}

/** It took other than was estimated. */
export function correct({ key, account, slice }: Counted, by: number): void {
  key?.correct(slice, by);
  account?.correct(slice, by);
}

function windowsOf(all: Map<string, Windows>, id: string): Windows {
  let windows = all.get(id);
  if (!windows) all.set(id, (windows = { requests: undefined, tokens: undefined }));
  return windows;
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
