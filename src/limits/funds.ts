import { LazuError } from '../errors.js';
import type { Charge } from '../usage/unflushed-charges.js';
import type { Reservation, Shortage } from './limit-store.js';
import { periodStart } from './quota-period.js';
import { Purse } from './purse.js';

/** Where sums are read and charges wait for them; `read` keeps the recorder's batches apart from what happens within. */
export interface FundsSource {
  /** With `BILLING=prepaid` balances bind; key quotas always do. */
  readonly prepaid: boolean;
  read(work: () => Promise<void>): Promise<void>;
  balance(accountId: string): Promise<bigint>;
  /** microUSD of the requests that started since then (ms since 1970, the first of a UTC day). */
  spent(accountId: string, keyId: string, since: number): Promise<bigint>;
  unflushedOfAccount(accountId: string): bigint;
  unflushedOfKey(keyId: string, since: number): bigint;
  add(requestId: string, charge: Charge): void;
}

/** Whose money, and which of it binds. */
export type Spender = Pick<Reservation, 'accountId' | 'keyId' | 'quotaMicroUsd' | 'quotaPeriod' | 'startedAt'>;

/** A refusal is not said on figures older than this: money may have come in from elsewhere. */
const SURE_MS = 1_000;
const PATIENCE_MS = 5_000;
/** A request that started so long before a quota period is none that midnight has overtaken: the clock was ahead, and was set back. */
const SET_BACK_MS = 10 * 60_000;
const IDLE_MS = 10 * 60_000;

/**
 * Balances and key quotas: one counter for enforcing and for showing (trap 11).
 *
 * The invariant: available = sum in PostgreSQL − charges not in that sum − open holds. A sum is read while no batch of the recorder is
 * on its way, and what is unflushed is subtracted before the next batch can be; from then on every charge is subtracted when it is
 * settled. So each charge is counted once: a batch that moves it from the journal to the ledger moves nothing here. What changes
 * the sum otherwise (a top-up, records of a dead process) makes the purse forget, and the next request reads anew.
 */
export class Funds {
  readonly #accounts = new Map<string, Purse>();
  readonly #keys = new Map<string, Purse>();

  constructor(
    private readonly source: FundsSource,
    private readonly now: () => number,
  ) {}

  /** @returns undefined when all that binds is known; else resolves when it has been read */
  missing(spender: Spender): Promise<unknown> | undefined {
    const account = this.source.prepaid ? this.#account(spender.accountId) : undefined;
    const key = spender.quotaMicroUsd === undefined ? undefined : this.#key(spender);
    const now = this.now();
    if (account) account.usedAt = now;
    if (key) key.usedAt = now;
    if (account && account.credit === undefined) return this.#readAccount(spender.accountId, account);
    return key && key.credit === undefined ? this.#readKey(spender.keyId, key) : undefined;
  }

  /** What does not cover so much; undefined: all does. Everything that binds is known. */
  short(spender: Spender, microUsd: bigint): Shortage | undefined {
    if (microUsd <= 0n) return undefined;
    const { quotaMicroUsd } = spender;
    if (quotaMicroUsd !== undefined && this.#left(this.#key(spender), quotaMicroUsd) < microUsd) return 'key_quota';
    return this.source.prepaid && this.#left(this.#account(spender.accountId), 0n) < microUsd ? 'balance' : undefined;
  }

  /** Before a refusal: forgets the figure if it is not of this moment. @returns whether it is to be read again */
  doubts(spender: Spender, short: Shortage): boolean {
    const purse = short === 'balance' ? this.#account(spender.accountId) : this.#key(spender);
    if (this.now() - purse.readAt < SURE_MS) return false;
    purse.forget();
    return true;
  }

  /** @param microUsd negative: comes back */
  hold(spender: Spender, microUsd: bigint): void {
    if (microUsd === 0n) return;
    this.#account(spender.accountId).held += microUsd;
    const key = spender.quotaMicroUsd === undefined ? undefined : this.#keys.get(spender.keyId);
    if (key) key.held += microUsd;
  }

  charge(requestId: string, { accountId, keyId, startedAt }: Spender, microUsd: bigint): void {
    this.source.add(requestId, { accountId, keyId, startedAt, microUsd });
    const account = this.#accounts.get(accountId);
    if (account?.credit !== undefined) account.credit -= microUsd;
    const key = this.#keys.get(keyId);
    if (!key) return;
    key.chargedUpTo = Math.max(key.chargedUpTo, startedAt);
    if (key.credit !== undefined && startedAt >= key.since) key.credit -= microUsd;
  }

  account(accountId: string): Purse {
    return this.#account(accountId);
  }

  key(spender: Spender): Purse {
    return this.#key(spender);
  }

  /** Accounts whose credit is known. */
  known(): string[] {
    return [...this.#accounts].filter(([, { credit }]) => credit !== undefined).map(([accountId]) => accountId);
  }

  /** As it is, without counting as use. */
  standing(accountId: string): { readonly credit: bigint | undefined; readonly held: bigint } {
    const purse = this.#accounts.get(accountId);
    return { credit: purse?.credit, held: purse?.held ?? 0n };
  }

  /** @param accountId undefined: all */
  forget(accountId: string | undefined): void {
    for (const purses of [this.#accounts, this.#keys]) {
      for (const purse of purses.values()) if (accountId === undefined || purse.accountId === accountId) purse.forget();
    }
  }

  /** Lets go of purses that nobody uses; they are read again when somebody does. */
  sweep(): void {
    const idle = this.now() - IDLE_MS;
    for (const purses of [this.#accounts, this.#keys]) {
      for (const [id, purse] of purses) if (purse.held === 0n && purse.usedAt < idle) purses.delete(id);
    }
  }

  #left(purse: Purse, limit: bigint): bigint {
    return limit + (purse.credit ?? 0n) - purse.held;
  }

  #account(accountId: string): Purse {
    let purse = this.#accounts.get(accountId);
    if (!purse) this.#accounts.set(accountId, (purse = new Purse(accountId)));
    return purse;
  }

  #key({ keyId, accountId, quotaPeriod = 'total', startedAt }: Spender): Purse {
    let purse = this.#keys.get(keyId);
    if (!purse) this.#keys.set(keyId, (purse = new Purse(accountId)));
    const since = periodStart(quotaPeriod, startedAt);
    if (purse.period !== quotaPeriod) {
      purse.forget();
      purse.period = quotaPeriod;
      purse.since = since;
    } else if (since > purse.since) {
      const isUnspent = purse.credit !== undefined && purse.chargedUpTo < since;
      purse.forget();
      if (isUnspent) purse.credit = 0n; // a new period needs no reading
      purse.since = since;
    } else if (startedAt < purse.since - SET_BACK_MS) {
      purse.forget();
      purse.since = since;
    }
    return purse;
  }

  #readAccount(accountId: string, purse: Purse): Promise<void> {
    const { source } = this;
    const figure = (install: (credit: bigint) => void) =>
      source.read(async () => install((await source.balance(accountId)) - source.unflushedOfAccount(accountId)));
    return inTime(purse.read(figure, this.now()));
  }

  #readKey(keyId: string, purse: Purse): Promise<void> {
    const { source } = this;
    const figure = (install: (credit: bigint) => void) =>
      source.read(async () => {
        const { since } = purse;
        const spent = await source.spent(purse.accountId, keyId, since);
        install(-spent - source.unflushedOfKey(keyId, since));
      });
    return inTime(purse.read(figure, this.now()));
  }
}

/** @throws LazuError `service_unavailable` */
async function inTime(reading: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing for ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  try {
    await Promise.race([reading, late]);
  } catch (cause) {
    const message = 'What this account has left cannot be read right now. Please try again shortly.';
    throw new LazuError('service_unavailable', message, { retryAfter: 2, cause });
  } finally {
    clearTimeout(timer);
  }
}
