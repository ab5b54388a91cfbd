import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { linked } from '../../test/support/linked.js';
import { RemoteCharges } from '../usage/charge-book.js';
import { UnflushedCharges } from '../usage/unflushed-charges.js';
import type { FundsSource } from './funds.js';
import type { Reservation, Shortage, Verdict } from './limit-store.js';
import { MemoryLimitStore } from './memory-limit-store.js';
import { RemoteLimitStore } from './remote-limit-store.js';
import { WorkerDesk } from './worker-desk.js';

let at = 1_000_000;
let serial = 0;

/** PostgreSQL: what was paid in, and which requests' charges were taken off. */
class Database {
  readonly recorded = new Set<string>();
  balance = 0n;

  /** One batch; what is in already is passed over. @returns what it really took off */
  insert(records: readonly Closed[]): bigint {
    let sum = 0n;
    for (const { id, microUsd } of records) {
      if (this.recorded.has(id)) continue;
      this.recorded.add(id);
      sum += microUsd;
    }
    this.balance -= sum;
    return sum;
  }
}

/** A line of a journal. */
interface Closed {
  readonly id: string;
  readonly microUsd: bigint;
}

class Primary {
  readonly database = new Database();
  readonly charges = new UnflushedCharges();
  readonly source: FundsSource = {
    prepaid: true,
    read: work => this.charges.read(work),
    balance: async () => {
      await turn();
      const { balance } = this.database;
      await turn();
      return balance;
    },
    spent: () => Promise.resolve(-this.database.balance),
    unflushedOfAccount: id => this.charges.ofAccount(id),
    unflushedOfKey: (id, since) => this.charges.ofKey(id, since),
    add: (id, charge) => this.charges.add(id, charge),
  };
  readonly store = new MemoryLimitStore(() => at, { source: this.source });

  constructor() {
    this.charges.watch(accountId => this.store.forget(accountId));
  }

  /** What the recorder makes of a journal that it has adopted. */
  adopt(journal: readonly Closed[]): Promise<void> {
    return this.charges.record(async () => {
      await turn();
      const inserted = this.database.insert(journal);
      await turn();
      this.charges.recorded(
        journal.map(({ id }) => id),
        new Map([['acct_1', inserted]]),
      );
    });
  }
}

class Worker {
  readonly #ends = linked();
  readonly limits = new RemoteLimitStore(this.#ends.one, 1_000);
  readonly desk: WorkerDesk;
  /** Not in PostgreSQL yet, as far as the worker knows. */
  journal: Closed[] = [];
  isDead = false;
  readonly #charges = new RemoteCharges(this.#ends.one);

  constructor(private readonly primary: Primary) {
    this.desk = new WorkerDesk(this.#ends.other, primary.store, primary.charges);
  }

  /** As a request ends: in the journal first, settled in the same turn. */
  close(id: string, microUsd: bigint): void {
    this.journal.push({ id, microUsd });
    this.limits.settle(id, microUsd, 1);
  }

  /** The recorder's batch. Dead, it may still commit what it had sent. */
  async post(): Promise<void> {
    await this.#charges.record(async () => {
      const batch = [...this.journal];
      await turn();
      const inserted = this.primary.database.insert(batch);
      await turn();
      if (this.isDead) return;
      this.#charges.recorded(
        batch.map(({ id }) => id),
        new Map([['acct_1', inserted]]),
      );
      this.journal = this.journal.filter(({ id }) => !this.primary.database.recorded.has(id));
    });
  }

  /** kill -9: what it had not sent is lost, its journal is taken over. */
  async die(): Promise<void> {
    this.isDead = true;
    this.#ends.one.close();
    this.#ends.other.close();
    this.desk.close();
    await turn();
    await this.primary.adopt(this.journal);
    await this.desk.clear();
  }
}

const ask = (extra: Partial<Reservation> = {}): Reservation => ({
  requestId: `req_${++serial}`,
  accountId: 'acct_1',
  keyId: 'key_1',
  rpm: undefined,
  tpm: undefined,
  tokens: 10,
  holdMicroUsd: 10n,
  quotaMicroUsd: undefined,
  quotaPeriod: undefined,
  startedAt: 1_000,
  ...extra,
});

describe('the limits of several workers', () => {
  it('trap 14: are one window: together they admit no more than one process would', async () => {
    const primary = new Primary();
    const workers = [new Worker(primary), new Worker(primary)];
    const verdicts = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => workers[n % 2]!.limits.reserve(ask({ rpm: 30, holdMicroUsd: 0n }))),
    );
    expect(verdicts.filter(({ admitted }) => admitted)).toHaveLength(30);
    expect(verdicts[39]).toMatchObject({ reason: 'requests', retryAfter: 60, standing: { limitRequests: 30 } });
  });

  it('trap 10: of 200 that ask at once on two workers exactly those are admitted that the balance covers', async () => {
    const primary = new Primary();
    primary.database.balance = 505n;
    const workers = [new Worker(primary), new Worker(primary)];
    const verdicts = await Promise.all(
      Array.from({ length: 200 }, async (_, n) => workers[n % 2]!.limits.reserve(ask())),
    );
    expect(verdicts.filter(({ admitted }) => admitted)).toHaveLength(50);
    expect(primary.store.heldBy('acct_1')).toBe(500n);
  });

  it('answer as one process does, whatever is asked', async () => {
    const step = fc.record({
      kind: fc.constantFrom('reserve', 'reserve', 'extend', 'correct', 'settle', 'release', 'wait', 'left'),
      amount: fc.bigInt({ min: 0n, max: 40n }),
      pick: fc.nat({ max: 9 }),
      rpm: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
      tpm: fc.option(fc.integer({ min: 5, max: 40 }), { nil: undefined }),
      quotaMicroUsd: fc.option(fc.bigInt({ min: 10n, max: 90n }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async steps => {
        const [near, far] = [new Primary(), new Primary()];
        near.database.balance = far.database.balance = 200n;
        const remote = new Worker(far).limits;
        const local = near.store;
        const ids: string[] = [];
        for (const { kind, amount, pick, rpm, tpm, quotaMicroUsd } of steps) {
          const asked = ask({ rpm, tpm, quotaMicroUsd, holdMicroUsd: amount, keyId: `key_${pick % 2}` });
          const id = ids[pick] ?? 'nobody';
          if (kind === 'reserve') {
            ids.unshift(asked.requestId);
            expect(await remote.reserve(asked)).toEqual(await local.reserve(asked));
          } else if (kind === 'extend') {
            expect(await remote.extend(id, amount)).toBe(await local.extend(id, amount));
          } else if (kind === 'correct') for (const store of [remote, local]) store.correct(id, pick * 5);
          else if (kind === 'left') expect(await remote.left(asked)).toEqual(await local.left(asked));
          else if (kind === 'wait') at += 7_000;
          else for (const store of [remote, local]) store[kind](id, amount, pick); // prettier-ignore
        }
        expect(await remote.left(ask())).toEqual(await local.left(ask()));
      }),
      { numRuns: 60 },
    );
  });
});

describe('the money of several workers', () => {
  it('is never spent twice and never lost, whoever dies when', async () => {
    const step = fc.record({
      kind: fc.constantFrom('reserve', 'reserve', 'reserve', 'extend', 'settle', 'settle', 'release', 'post', 'post', 'die', 'topUp', 'wait', 'wait'), // prettier-ignore
      amount: fc.bigInt({ min: 1n, max: 60n }),
      pick: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async steps => {
        const primary = new Primary();
        const workers = [new Worker(primary), new Worker(primary)];
        const open = new Map<string, { worker: Worker; held: bigint }>();
        const background: Promise<unknown>[] = [];
        let paidIn = 0n;
        let charged = 0n;
        const held = () => [...open.values()].reduce((sum, { held }) => sum + held, 0n);
        const note = (worker: Worker, id: string, amount: bigint): void => {
          if (worker.isDead) return;
          open.set(id, { worker, held: (open.get(id)?.held ?? 0n) + amount });
          expect(charged + held()).toBeLessThanOrEqual(paidIn);
        };
        for (const { kind, amount, pick } of steps) {
          const [id, mine] = [...open][pick % Math.max(1, open.size)] ?? [];
          const worker = workers[pick % 2]!;
          if (kind === 'reserve') {
            const asked = ask({ holdMicroUsd: amount });
            const admitted = ({ admitted }: Verdict) => void (admitted && note(worker, asked.requestId, amount));
            background.push(Promise.resolve(worker.limits.reserve(asked)).then(admitted, () => undefined));
          } else if (kind === 'extend' && id !== undefined) {
            const extended = (short: Shortage | undefined) =>
              void (short === undefined && open.has(id) && note(mine!.worker, id, amount));
            await Promise.resolve(mine!.worker.limits.extend(id, amount)).then(extended, () => undefined);
          } else if (kind === 'settle' && id !== undefined) {
            const charge = amount < mine!.held ? amount : mine!.held;
            mine!.worker.close(id, charge);
            charged += charge;
            open.delete(id);
          } else if (kind === 'release' && id !== undefined) {
            mine!.worker.limits.release(id);
            open.delete(id);
          } else if (kind === 'post') background.push(worker.post().catch(() => undefined));
          else if (kind === 'die') {
            for (const [openId, { worker: of }] of open) if (of === worker) open.delete(openId);
            background.push(worker.die());
            workers[pick % 2] = new Worker(primary);
          } else if (kind === 'topUp') {
            paidIn += amount * 3n;
            primary.database.balance += amount * 3n;
            await worker.limits.forget('acct_1');
          } else if (kind === 'wait') await turn();
        }
        await Promise.all(background);
        await primary.store.left(ask()); // what the dead had asked is decided, and given back
        await turn();
        const shown = { account: { balanceMicroUsd: paidIn - charged, heldMicroUsd: held() }, key: undefined };
        expect(await workers[0]!.limits.left(ask())).toEqual(shown);
        await Promise.all(workers.map(worker => worker.post()));
        expect(primary.database.balance).toBe(paidIn - charged);
        primary.store.forget(undefined);
        expect(await workers[1]!.limits.left(ask())).toEqual(shown);
      }),
      { numRuns: 150 },
    );
  });

  it('what comes back for a request that was given up comes back (trap 9)', async () => {
    const primary = new Primary();
    primary.database.balance = 100n;
    let answer = (): void => undefined;
    const { balance } = primary.source;
    primary.source.balance = async id => {
      await new Promise<void>(resolve => (answer = resolve));
      return balance(id);
    };
    const worker = new Worker(primary);
    const impatient = new RemoteLimitStore((worker.limits as unknown as { primary: never }).primary, 50);
    await expect(impatient.reserve(ask())).rejects.toMatchObject({ code: 'service_unavailable' });
    await turn();
    answer();
    await worker.limits.left(ask());
    expect(primary.store.heldBy('acct_1')).toBe(0n);
  });

  it('a charge of a key without limits counts for a quota that it is given later', async () => {
    const primary = new Primary();
    const worker = new Worker(primary);
    expect(worker.limits.reserve(ask({ requestId: 'free', holdMicroUsd: 0n }))).toEqual({
      admitted: true,
      standing: undefined,
    });
    worker.close('free', 7n);
    expect(await worker.limits.left(ask({ quotaMicroUsd: 20n, quotaPeriod: 'total' }))).toMatchObject({
      key: { spentMicroUsd: 7n, heldMicroUsd: 0n },
    });
  });

  it('a charge that was recorded and not reported any more is taken off, once', async () => {
    const primary = new Primary();
    primary.database.balance = 100n;
    const worker = new Worker(primary);
    await worker.limits.reserve(ask({ requestId: 'a' }));
    worker.close('a', 10n);
    await turn();
    await turn();
    primary.database.insert(worker.journal); // its batch, of which it could not say that it is in
    worker.journal = [];
    await worker.die();
    primary.store.forget('acct_1');
    const other = new Worker(primary);
    expect((await other.limits.left(ask())).account).toEqual({ balanceMicroUsd: 90n, heldMicroUsd: 0n });
  });

  it('a sum that was read while the batch of a dead worker was in it, and its charges were not off, is read again', async () => {
    const primary = new Primary();
    primary.database.balance = 100n;
    const [worker, other] = [new Worker(primary), new Worker(primary)];
    await worker.limits.reserve(ask({ requestId: 'a' }));
    worker.close('a', 10n);
    await turn();
    await turn();
    primary.database.insert(worker.journal);
    primary.store.forget('acct_1');
    expect((await other.limits.left(ask())).account?.balanceMicroUsd).toBe(80n); // less than there is, never more
    await primary.adopt(worker.journal);
    expect((await other.limits.left(ask())).account?.balanceMicroUsd).toBe(90n);
  });

  it('a batch of a worker that died holds nobody up', async () => {
    const primary = new Primary();
    primary.database.balance = 100n;
    const [one, other] = [new Worker(primary), new Worker(primary)];
    const stuck = new RemoteCharges((one.limits as unknown as { primary: never }).primary);
    void stuck.record(() => new Promise(() => undefined)).catch(() => undefined);
    await turn();
    await turn();
    const verdict = other.limits.reserve(ask());
    await one.die();
    expect(await verdict).toMatchObject({ admitted: true });
  });
});
