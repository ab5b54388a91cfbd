import type { LimitStore, Reservation, Standing, Verdict } from './limit-store.js';
import { RequestLog, WINDOW_MS } from './request-log.js';

/** What a request without any limit gets: shared, so that it costs nothing. */
const ADMITTED: Verdict = Object.freeze({ admitted: true, standing: undefined });

/** A hold outlives every request (their deadline is minutes); one that is older was leaked by a fault and comes back (trap 9). */
const HOLD_EXPIRES_MS = 30 * 60_000;

interface Hold {
  readonly accountId: string;
  readonly takenAt: number;
  microUsd: bigint;
}

/**
 * Rate windows and holds of one process. Synchronous, so check and take cannot be torn apart by another request (trap 10). Only
 * admitted requests count against a limit; a refused one costs its caller nothing.
 */
export class MemoryLimitStore implements LimitStore {
  readonly #keys = new Map<string, RequestLog>();
  readonly #accounts = new Map<string, RequestLog>();
  readonly #holds = new Map<string, Hold>();
  readonly #heldByAccount = new Map<string, bigint>();

  /** @param now milliseconds of a clock that never runs backwards */
  constructor(private readonly now: () => number = () => performance.now()) {}

  reserve(ask: Reservation): Verdict {
    const { rpm, accountRpm } = ask;
    if (rpm === undefined && accountRpm === undefined) {
      if (ask.holdMicroUsd > 0n) this.#hold(ask, this.now());
      return ADMITTED;
    }
    const now = this.now();
    const key = rpm === undefined ? undefined : logOf(this.#keys, ask.keyId);
    const account = accountRpm === undefined ? undefined : logOf(this.#accounts, ask.accountId);
    const wait = Math.max(
      key && rpm !== undefined ? freeAfter(key, now, rpm) : 0,
      account && accountRpm !== undefined ? freeAfter(account, now, accountRpm) : 0,
    );
    if (wait > 0) {
      const standing = tighter(key, rpm, account, accountRpm, now);
      return { admitted: false, reason: 'requests', retryAfter: Math.ceil(wait / 1000), standing };
    }
    key?.add(now);
    account?.add(now);
    if (ask.holdMicroUsd > 0n) this.#hold(ask, now);
    return { admitted: true, standing: tighter(key, rpm, account, accountRpm, now) };
  }

  extend(requestId: string, byMicroUsd: bigint): boolean {
    const hold = this.#holds.get(requestId);
    if (hold) {
      hold.microUsd += byMicroUsd;
      this.#addHeld(hold.accountId, byMicroUsd);
    }
    return true;
  }

  settle(requestId: string, _chargeMicroUsd: bigint, _tokens: number): void {
    this.release(requestId);
  }

  release(requestId: string): void {
    const hold = this.#holds.get(requestId);
    if (!hold) return;
    this.#holds.delete(requestId);
    this.#addHeld(hold.accountId, -hold.microUsd);
  }

  /** MicroUSD that open requests of an account hold now. */
  heldBy(accountId: string): bigint {
    return this.#heldByAccount.get(accountId) ?? 0n;
  }

  /** Forgets windows that have emptied and holds that nobody gave back; called every minute. */
  sweep(): void {
    const now = this.now();
    for (const logs of [this.#keys, this.#accounts]) {
      for (const [id, log] of logs) if (log.countAt(now) === 0) logs.delete(id);
    }
    for (const [requestId, hold] of this.#holds) {
      if (now - hold.takenAt < HOLD_EXPIRES_MS) break; // insertion order is age
      this.release(requestId);
    }
  }

  #hold(ask: Reservation, now: number): void {
    this.release(ask.requestId);
    this.#holds.set(ask.requestId, { accountId: ask.accountId, takenAt: now, microUsd: ask.holdMicroUsd });
    this.#addHeld(ask.accountId, ask.holdMicroUsd);
  }

  #addHeld(accountId: string, microUsd: bigint): void {
    const held = this.heldBy(accountId) + microUsd;
    if (held === 0n) this.#heldByAccount.delete(accountId);
    else this.#heldByAccount.set(accountId, held);
  }
}

function logOf(logs: Map<string, RequestLog>, id: string): RequestLog {
  let log = logs.get(id);
  if (!log) logs.set(id, (log = new RequestLog()));
  return log;
}

/** A limit of 0 admits nobody, now or later; its wait is the whole window, as nothing truer can be said. */
function freeAfter(log: RequestLog, now: number, limit: number): number {
  return limit < 1 ? WINDOW_MS : log.freeAfter(now, limit);
}

/** The standing that binds first. */
function tighter(
  key: RequestLog | undefined,
  keyLimit: number | undefined,
  account: RequestLog | undefined,
  accountLimit: number | undefined,
  now: number,
): Standing | undefined {
  const ofKey = key && keyLimit !== undefined ? standingOf(key, keyLimit, now) : undefined;
  const ofAccount = account && accountLimit !== undefined ? standingOf(account, accountLimit, now) : undefined;
  if (!ofKey || !ofAccount) return ofKey ?? ofAccount;
  return ofAccount.remainingRequests < ofKey.remainingRequests ? ofAccount : ofKey;
}

function standingOf(log: RequestLog, limit: number, now: number) {
  return {
    limitRequests: limit,
    remainingRequests: Math.max(0, limit - log.countAt(now)),
    resetRequestsMs: log.emptyAfter(now),
  };
}
