import { setImmediate as turn } from 'node:timers/promises';
import type { FundsSource } from '../../src/limits/funds.js';
import type { LimitStore, Reservation, Verdict } from '../../src/limits/limit-store.js';
import { MemoryLimitStore } from '../../src/limits/memory-limit-store.js';
import { RedisLimitStore } from '../../src/limits/redis/redis-limit-store.js';
import { RedisLink } from '../../src/limits/redis/redis-link.js';
import type { SharedFunds } from '../../src/limits/redis/shared-funds.js';
import { UnflushedCharges } from '../../src/usage/unflushed-charges.js';

export const DAY = 24 * 60 * 60_000;
export const EXPIRES = 16 * 60_000;

let serial = 0;

/** What a request asks for: ten tokens and ten microUSD, unless said otherwise. */
export const asking = (extra: Partial<Reservation> = {}): Reservation => ({
  requestId: `req_${++serial}`,
  accountId: 'acct_1',
  keyId: 'key_1',
  rpm: undefined,
  tpm: undefined,
  tokens: 10,
  holdMicroUsd: 10n,
  quotaMicroUsd: undefined,
  quotaPeriod: undefined,
  startedAt: 20_000 * DAY,
  ...extra,
});

/** PostgreSQL, as far as money sees it: one account, sums and the requests that are in them. */
export class Bank {
  balance = 0n;
  spentToday = 0n;
  readonly recorded = new Set<string>();
  reads = 0;
  isAway = false;

  async read<T>(figure: () => T): Promise<T> {
    if (this.isAway) throw new Error('connection refused');
    this.reads++;
    const value = figure();
    await turn();
    return value;
  }
}

/** One host: its store, its journal and its recorder. */
export class TestHost {
  readonly charges = new UnflushedCharges();
  readonly #admitted = new Set<string>();
  #journal: { id: string; microUsd: bigint }[] = [];

  private constructor(
    readonly bank: Bank,
    /** Ends the connection, when there is one. */
    readonly close: () => Promise<void>,
    readonly store: LimitStore & { sweep(): void },
    private readonly changed: (accountId: string) => void | Promise<void>,
    /** As when its machine loses power: nobody is told. */
    readonly vanish: () => Promise<void> = close,
  ) {}

  static inMemory(bank: Bank, now: () => number): TestHost {
    let host = undefined as TestHost | undefined;
    const source: FundsSource = {
      prepaid: true,
      read: work => host!.charges.read(work),
      balance: () => bank.read(() => bank.balance),
      spent: () => bank.read(() => bank.spentToday),
      unflushedOfAccount: id => host!.charges.ofAccount(id),
      unflushedOfKey: (id, since) => host!.charges.ofKey(id, since),
      add: (id, charge) => host!.#add(id, charge),
    };
    const store = new MemoryLimitStore(now, { source, holdExpiresMs: EXPIRES });
    host = new TestHost(
      bank,
      () => Promise.resolve(),
      store,
      accountId => store.forget(accountId),
    );
    host.charges.watch(accountId => store.forget(accountId));
    return host;
  }

  /**
   * @param now undefined: Redis' own clock
   * @param extendEveryMs least time between two steps of one hold
   */
  static async inRedis(bank: Bank, url: string, now?: () => number, extendEveryMs = 0): Promise<TestHost> {
    let host = undefined as TestHost | undefined;
    const funds: SharedFunds = {
      prepaid: true,
      caughtUp: () => host!.charges.caughtUp,
      snapshot: async work => {
        const { balance, spentToday } = bank;
        const recorded = new Set(bank.recorded);
        return work({
          balance: () => bank.read(() => balance),
          spent: () => bank.read(() => spentToday),
          recorded: ids => bank.read(() => ids.filter(id => recorded.has(id))),
        });
      },
      add: (id, charge) => host!.#add(id, charge),
      unflushed: () => host!.charges.all(),
    };
    const link = new RedisLink(url);
    const store = new RedisLimitStore(link, {
      funds,
      holdExpiresMs: EXPIRES,
      revokedForMs: 60_000,
      extendEveryMs,
      ...(now && { now }),
    });
    host = new TestHost(
      bank,
      () => store.close(),
      store,
      accountId => store.changed(accountId),
      async () => {
        await link.close();
        await store.close();
      },
    );
    const { charges } = host;
    charges.before(() => store.settled());
    charges.watch(accountId => void store.changed(accountId ?? 'acct_1'));
    charges.watchPosted((posted, isRejected) => {
      if (!isRejected) return store.posted(posted);
      for (const [id, charge] of posted) void store.rejected(id, charge);
    });
    await store.start();
    return host;
  }

  /** A promise in any case. */
  async reserve(ask: Reservation): Promise<Verdict> {
    this.#admitted.add(ask.requestId);
    return this.store.reserve(ask);
  }

  async topUp(microUsd: bigint): Promise<void> {
    this.bank.balance += microUsd;
    await this.changed('acct_1');
  }

  /** What has ended here is known to all, if Redis answers. */
  async told(): Promise<void> {
    if (this.store instanceof RedisLimitStore) await this.store.settled();
  }

  /** Nothing of it is open or unposted any more. */
  async end(): Promise<void> {
    for (const requestId of this.#admitted) this.store.release(requestId);
    this.#admitted.clear();
    await this.post();
  }

  /** @param isLost the connection breaks while it commits: it is in, and the recorder tries again */
  post(isLost = false): Promise<void> {
    return this.charges.record(async () => {
      const batch = this.#journal.splice(0);
      const sum = batch.reduce((total, { microUsd }) => total + microUsd, 0n);
      await turn();
      this.bank.balance -= sum;
      this.bank.spentToday += sum;
      for (const { id } of batch) this.bank.recorded.add(id);
      await turn();
      const ids = batch.map(({ id }) => id);
      this.charges.recorded(ids, isLost ? undefined : new Map([['acct_1', sum]]));
    });
  }

  #add(id: string, charge: Parameters<UnflushedCharges['add']>[1]): void {
    this.#journal.push({ id, microUsd: charge.microUsd });
    this.charges.add(id, charge);
  }
}
