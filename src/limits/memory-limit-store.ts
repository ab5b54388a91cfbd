import { Funds, type FundsSource, type Spender } from './funds.js';
import type { Left, LimitStore, Reservation, Shortage, Verdict } from './limit-store.js';
import { proveFunds, type Proof } from './proof.js';
import { correct, RateWindows, type Counted } from './rate-windows.js';

/** What a request without any limit gets: shared, so that it costs nothing. */
const ADMITTED: Verdict = Object.freeze({ admitted: true, standing: undefined });

/** For whom no other expiry is set. */
const HOLD_EXPIRES_MS = 30 * 60_000;

/** A request that was admitted and is not over. */
interface Open {
  readonly ask: Reservation;
  readonly takenAt: number;
  readonly counted: Counted | undefined;
  /** What counts for it in its windows. */
  tokens: number;
  heldMicroUsd: bigint;
}

export interface MemoryLimitStoreOptions {
  /** Where balances and what keys have spent are read; undefined: money is not looked at. */
  readonly source?: FundsSource;
  /** Longer than any request: a hold that is older was leaked by a fault, and comes back (trap 9). */
  readonly holdExpiresMs?: number;
}

/**
 * Rate windows and holds of one process. Synchronous once figures are known, so check and take cannot be torn apart by another
 * request (trap 10). Only admitted requests count against a limit; a refused one costs its caller nothing.
 */
export class MemoryLimitStore implements LimitStore {
  readonly #windows = new RateWindows();
  readonly #open = new Map<string, Open>();
  readonly #source: FundsSource | undefined;
  readonly #funds: Funds | undefined;
  readonly #holdExpiresMs: number;

  /** @param now milliseconds of a clock that never runs backwards */
  constructor(
    private readonly now: () => number = () => performance.now(),
    { source, holdExpiresMs = HOLD_EXPIRES_MS }: MemoryLimitStoreOptions = {},
  ) {
    this.#source = source;
    this.#funds = source && new Funds(source, now);
    this.#holdExpiresMs = holdExpiresMs;
  }

  reserve(ask: Reservation): Verdict | Promise<Verdict> {
    return this.#reserve(ask, false);
  }

  /** @param isSure money was read for this request: a refusal needs no second look */
  #reserve(ask: Reservation, isSure: boolean): Verdict | Promise<Verdict> {
    const { rpm, accountRpm, tpm, accountTpm, holdMicroUsd } = ask;
    const now = this.now();
    const isLimited = rpm !== undefined || accountRpm !== undefined || tpm !== undefined || accountTpm !== undefined;
    const full = isLimited ? this.#windows.full(ask, now) : undefined;
    if (full) return { admitted: false, ...full, standing: this.#windows.standing(ask, now) };
    if (holdMicroUsd > 0n && this.#funds) {
      const reading = this.#funds.missing(ask);
      if (reading) return reading.then(() => this.#reserve(ask, true));
      const short = this.#funds.short(ask, holdMicroUsd);
      if (short && !isSure && this.#funds.doubts(ask, short)) return this.#reserve(ask, true);
      if (short) return { admitted: false, reason: short, standing: this.#windows.standing(ask, now) };
    }
    this.#take(ask, isLimited ? this.#windows.take(ask, now) : undefined, now);
    return isLimited ? { admitted: true, standing: this.#windows.standing(ask, now) } : ADMITTED;
  }

  extend(requestId: string, byMicroUsd: bigint): Shortage | undefined | Promise<Shortage | undefined> {
    return this.#extend(requestId, byMicroUsd, false);
  }

  #extend(
    requestId: string,
    byMicroUsd: bigint,
    isSure: boolean,
  ): Shortage | undefined | Promise<Shortage | undefined> {
    const open = this.#open.get(requestId);
    if (!open || !this.#funds) return undefined;
    const reading = this.#funds.missing(open.ask);
    if (reading) return reading.then(() => this.#extend(requestId, byMicroUsd, true));
    const short = this.#funds.short(open.ask, byMicroUsd);
    if (short && !isSure && this.#funds.doubts(open.ask, short)) return this.#extend(requestId, byMicroUsd, true);
    if (short) return short;
    open.heldMicroUsd += byMicroUsd;
    this.#funds.hold(open.ask, byMicroUsd);
    return undefined;
  }

  correct(requestId: string, tokens: number): void {
    const open = this.#open.get(requestId);
    if (open && tokens > open.tokens) this.#count(open, tokens);
  }

  settle(requestId: string, chargeMicroUsd: bigint, tokens: number): void {
    const open = this.#close(requestId, tokens);
    if (open && chargeMicroUsd > 0n) this.#funds?.charge(requestId, open.ask, chargeMicroUsd);
  }

  release(requestId: string): void {
    this.#close(requestId, 0);
  }

  async left(spender: Spender): Promise<Left> {
    const funds = this.#funds;
    if (!funds) return { account: undefined, key: undefined };
    for (let reading = funds.missing(spender); reading; reading = funds.missing(spender)) await reading;
    const account = funds.account(spender.accountId);
    const key = spender.quotaMicroUsd === undefined ? undefined : funds.key(spender);
    return {
      account:
        account.credit === undefined ? undefined : { balanceMicroUsd: account.credit, heldMicroUsd: account.held },
      key: key?.credit === undefined ? undefined : { spentMicroUsd: -key.credit, heldMicroUsd: key.held },
    };
  }

  async prove(): Promise<Proof | undefined> {
    return this.#funds && this.#source?.prepaid
      ? proveFunds(this.#funds, this.#source, () => this.#heldByAccount())
      : undefined;
  }

  #heldByAccount(): Map<string, bigint> {
    const held = new Map<string, bigint>();
    for (const { ask, heldMicroUsd } of this.#open.values()) {
      held.set(ask.accountId, (held.get(ask.accountId) ?? 0n) + heldMicroUsd);
    }
    return held;
  }

  /** One process: its key ring knows already. */
  async revoke(): Promise<void> {}

  /** Every charge is counted, whether a quota binds or not. */
  async recount(): Promise<void> {}

  /** MicroUSD that open requests of an account hold now. */
  heldBy(accountId: string): bigint {
    return this.#funds?.account(accountId).held ?? 0n;
  }

  /** The sums changed otherwise than by what was settled here. @param accountId undefined: of every account */
  forget(accountId: string | undefined): void {
    this.#funds?.forget(accountId);
  }

  /** Forgets windows that have emptied and returns holds that nobody gave back; called every minute. */
  sweep(): void {
    const now = this.now();
    this.#windows.sweep(now);
    this.#funds?.sweep();
    for (const [requestId, open] of this.#open) {
      const age = now - open.takenAt;
      if (age < this.#holdExpiresMs) break; // insertion order is age
      // Once more as long it is remembered, without money: should the request end after all, it is charged.
      if (age >= 2 * this.#holdExpiresMs) this.release(requestId);
      else this.#giveBack(open);
    }
  }

  #take(ask: Reservation, counted: Counted | undefined, now: number): void {
    this.release(ask.requestId);
    this.#open.set(ask.requestId, { ask, takenAt: now, counted, tokens: ask.tokens, heldMicroUsd: ask.holdMicroUsd });
    this.#funds?.hold(ask, ask.holdMicroUsd);
  }

  #close(requestId: string, tokens: number): Open | undefined {
    const open = this.#open.get(requestId);
    if (!open) return undefined;
    this.#open.delete(requestId);
    this.#count(open, tokens);
    this.#giveBack(open);
    return open;
  }

  #count(open: Open, tokens: number): void {
    if (open.counted) correct(open.counted, tokens - open.tokens);
    open.tokens = tokens;
  }

  #giveBack(open: Open): void {
    this.#funds?.hold(open.ask, -open.heldMicroUsd);
    open.heldMicroUsd = 0n;
  }
}
