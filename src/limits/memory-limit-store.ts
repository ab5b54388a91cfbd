import type { LimitStore, Reservation, Verdict } from './limit-store.js';
import { correct, RateWindows, type Counted } from './rate-windows.js';

/** What a request without any limit gets: shared, so that it costs nothing. */
const ADMITTED: Verdict = Object.freeze({ admitted: true, standing: undefined });

/** A hold outlives every request (their deadline is minutes); one that is older was leaked by a fault and comes back (trap 9). */
const HOLD_EXPIRES_MS = 30 * 60_000;

/** A request that was admitted and is not over. */
interface Open {
  readonly accountId: string;
  readonly takenAt: number;
  readonly tokens: number;
  readonly counted: Counted | undefined;
  heldMicroUsd: bigint;
}

/**
 * Rate windows and holds of one process. Synchronous, so check and take cannot be torn apart by another request (trap 10). Only
 * admitted requests count against a limit; a refused one costs its caller nothing.
 */
export class MemoryLimitStore implements LimitStore {
  readonly #windows = new RateWindows();
  readonly #open = new Map<string, Open>();
  readonly #heldByAccount = new Map<string, bigint>();

  /** @param now milliseconds of a clock that never runs backwards */
  constructor(private readonly now: () => number = () => performance.now()) {}

  reserve(ask: Reservation): Verdict {
    const { rpm, accountRpm, tpm, accountTpm } = ask;
    const now = this.now();
    if (rpm === undefined && accountRpm === undefined && tpm === undefined && accountTpm === undefined) {
      if (ask.holdMicroUsd > 0n) this.#take(ask, undefined, now);
      return ADMITTED;
    }
    const full = this.#windows.full(ask, now);
    if (full) return { admitted: false, ...full, standing: this.#windows.standing(ask, now) };
    const counted = this.#windows.take(ask, now);
    if (counted || ask.holdMicroUsd > 0n) this.#take(ask, counted, now);
    return { admitted: true, standing: this.#windows.standing(ask, now) };
  }

  extend(requestId: string, byMicroUsd: bigint): boolean {
    const open = this.#open.get(requestId);
    if (open) {
      open.heldMicroUsd += byMicroUsd;
      this.#addHeld(open.accountId, byMicroUsd);
    }
    return true;
  }

  settle(requestId: string, _chargeMicroUsd: bigint, tokens: number): void {
    this.#close(requestId, tokens);
  }

  release(requestId: string): void {
    this.#close(requestId, 0);
  }

  /** MicroUSD that open requests of an account hold now. */
  heldBy(accountId: string): bigint {
    return this.#heldByAccount.get(accountId) ?? 0n;
  }

  /** Forgets windows that have emptied and holds that nobody gave back; called every minute. */
  sweep(): void {
    const now = this.now();
    this.#windows.sweep(now);
    for (const [requestId, open] of this.#open) {
      if (now - open.takenAt < HOLD_EXPIRES_MS) break; // insertion order is age
      this.release(requestId);
    }
  }

  #take(ask: Reservation, counted: Counted | undefined, now: number): void {
    const { requestId, accountId, tokens, holdMicroUsd } = ask;
    this.release(requestId);
    this.#open.set(requestId, { accountId, takenAt: now, tokens, counted, heldMicroUsd: holdMicroUsd });
    if (holdMicroUsd > 0n) this.#addHeld(accountId, holdMicroUsd);
  }

  #close(requestId: string, tokens: number): void {
    const open = this.#open.get(requestId);
    if (!open) return;
    this.#open.delete(requestId);
    if (open.counted) correct(open.counted, tokens - open.tokens);
    if (open.heldMicroUsd > 0n) this.#addHeld(open.accountId, -open.heldMicroUsd);
  }

  #addHeld(accountId: string, microUsd: bigint): void {
    const held = this.heldBy(accountId) + microUsd;
    if (held === 0n) this.#heldByAccount.delete(accountId);
    else this.#heldByAccount.set(accountId, held);
  }
}
