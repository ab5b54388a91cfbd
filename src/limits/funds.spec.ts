import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { UnflushedCharges } from '../usage/unflushed-charges.js';
import type { FundsSource } from './funds.js';
import type { Reservation } from './limit-store.js';
import { MemoryLimitStore } from './memory-limit-store.js';

const DAY = 24 * 60 * 60_000;
const EXPIRES = 16 * 60_000;
let at = 0;
let serial = 0;

/** PostgreSQL and the recorder, as far as money sees them. */
class Bank {
  readonly charges = new UnflushedCharges();
  readonly journal: { id: string; microUsd: bigint; startedAt: number }[] = [];
  balance = 0n;
  spentToday = 0n;
  reads = 0;
  readonly source: FundsSource = {
    prepaid: true,
    read: work => this.charges.read(work),
    balance: async () => {
      this.reads++;
      const { balance } = this;
      await turn();
      return balance;
    },
    spent: async () => {
      const spent = this.spentToday;
      await turn();
      return spent;
    },
    unflushedOfAccount: id => this.charges.ofAccount(id),
    unflushedOfKey: (id, since) => this.charges.ofKey(id, since),
    add: (id, charge) => {
      this.journal.push({ id, microUsd: charge.microUsd, startedAt: charge.startedAt });
      this.charges.add(id, charge);
    },
  };
  readonly store = new MemoryLimitStore(() => at, { source: this.source, holdExpiresMs: EXPIRES });

  constructor() {
    this.charges.watch(accountId => this.store.forget(accountId));
  }

  topUp(microUsd: bigint): void {
    this.balance += microUsd;
    this.store.forget('acct_1');
  }

  /** @param isLost the connection breaks while it commits: it is in, and the recorder tries again */
  post(isLost = false): Promise<void> {
    return this.charges.record(async () => {
      const batch = this.journal.splice(0);
      const sum = batch.reduce((total, { microUsd }) => total + microUsd, 0n);
      await turn();
      this.balance -= sum;
      this.spentToday += sum;
      await turn();
      const ids = batch.map(({ id }) => id);
      this.charges.recorded(ids, isLost ? undefined : new Map([['acct_1', sum]]));
    });
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
  startedAt: 20_000 * DAY,
  ...extra,
});

beforeEach(() => {
  at = 1_000_000;
});

describe('balances', () => {
  it('trap 10: of 200 that ask at once exactly those are admitted that the balance covers', async () => {
    const bank = new Bank();
    bank.topUp(505n);
    const verdicts = await Promise.all(Array.from({ length: 200 }, async () => bank.store.reserve(ask())));
    expect(verdicts.filter(({ admitted }) => admitted)).toHaveLength(50);
    expect(verdicts[199]).toMatchObject({ admitted: false, reason: 'balance' });
    expect(verdicts[199]).not.toHaveProperty('retryAfter');
    expect(bank.reads).toBe(1);
  });

  it('trap 7: are not asked where nothing is held', async () => {
    const { store } = new Bank();
    expect(store.reserve(ask({ holdMicroUsd: 0n }))).toEqual({ admitted: true, standing: undefined });
    expect(await store.reserve(ask())).toMatchObject({ admitted: false, reason: 'balance' });
  });

  it('are looked at again before a refusal, once a second at most', async () => {
    const bank = new Bank();
    expect((await bank.store.reserve(ask())).admitted).toBe(false);
    bank.balance = 10n; // by another host
    expect((await bank.store.reserve(ask())).admitted).toBe(false);
    at += 1_000;
    expect((await bank.store.reserve(ask())).admitted).toBe(true);
    expect(bank.reads).toBe(2);
  });

  it('trap 11: are what is shown, with what is held and what is not posted yet', async () => {
    const bank = new Bank();
    bank.topUp(100n);
    await bank.store.reserve(ask({ requestId: 'a' }));
    await bank.store.reserve(ask({ requestId: 'b' }));
    bank.store.settle('a', 4n, 1);
    const shown = { account: { balanceMicroUsd: 96n, heldMicroUsd: 10n }, key: undefined };
    expect(await bank.store.left(ask())).toEqual(shown);
    bank.store.forget('acct_1'); // read again while the charge is in no sum
    expect(await bank.store.left(ask())).toEqual(shown);
    await bank.post();
    expect(await bank.store.left(ask())).toEqual(shown);
    bank.store.forget('acct_1');
    expect(await bank.store.left(ask())).toEqual(shown);
  });

  it('lack what a dead process charged as soon as that is recorded', async () => {
    const bank = new Bank();
    bank.topUp(100n);
    await bank.store.left(ask());
    await bank.charges.record(() => {
      bank.balance -= 30n;
      bank.charges.recorded(['req_of_another'], new Map([['acct_1', 30n]]));
      return Promise.resolve();
    });
    expect((await bank.store.left(ask())).account?.balanceMicroUsd).toBe(70n);
  });

  it('wait for what a dead process charged, when it is known', async () => {
    const bank = new Bank();
    bank.balance = 100n;
    let caughtUp = (): void => undefined;
    bank.charges.catchUp(new Promise<void>(resolve => (caughtUp = resolve)));
    const verdict = bank.store.reserve(ask({ holdMicroUsd: 90n }));
    await turn();
    bank.balance -= 30n;
    caughtUp();
    expect(await verdict).toMatchObject({ admitted: false, reason: 'balance' });
  });

  it('answer 503 when they cannot be read', async () => {
    const bank = new Bank();
    bank.source.balance = () => Promise.reject(new Error('connection refused'));
    await expect(bank.store.reserve(ask())).rejects.toMatchObject({ code: 'service_unavailable', status: 503 });
  });

  it('hold over any interleaving of reserve, extend, settle, release, expiry, posting and top-up', async () => {
    const step = fc.record({
      kind: fc.constantFrom(
        'reserve',
        'reserve',
        'reserve',
        'extend',
        'settle',
        'settle',
        'release',
        'expire',
        'post',
        'lost',
        'topUp',
        'wait',
      ),
      amount: fc.bigInt({ min: 1n, max: 60n }),
      pick: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120 }), async steps => {
        at = 1_000_000;
        const bank = new Bank();
        const { store } = bank;
        let paidIn = 0n;
        let charged = 0n;
        const open = new Map<string, bigint>();
        const background: Promise<unknown>[] = [];
        const held = () => [...open.values()].reduce((sum, amount) => sum + amount, 0n);
        const one = (pick: number) => [...open.keys()][pick % Math.max(1, open.size)];
        const note = (id: string, amount: bigint, ok: boolean) => {
          if (!ok) return;
          open.set(id, (open.get(id) ?? 0n) + amount);
          expect(charged + held()).toBeLessThanOrEqual(paidIn); // never more than there is
        };
        for (const { kind, amount, pick } of steps) {
          const id = one(pick);
          if (kind === 'reserve') {
            const asked = ask({ holdMicroUsd: amount });
            background.push(Promise.resolve(store.reserve(asked)).then(v => note(asked.requestId, amount, v.admitted)));
          } else if (kind === 'extend' && id !== undefined) {
            const answer = store.extend(id, amount);
            if (!(answer instanceof Promise)) note(id, amount, answer === undefined);
            else await answer.then(short => note(id, amount, short === undefined && open.has(id)));
          } else if (kind === 'settle' && id !== undefined) {
            const charge = amount < open.get(id)! ? amount : open.get(id)!;
            store.settle(id, charge, 1);
            store.settle(id, charge, 1);
            store.release(id);
            charged += charge;
            open.delete(id);
          } else if (kind === 'release' && id !== undefined) {
            store.release(id);
            store.settle(id, amount, 1);
            open.delete(id);
          } else if (kind === 'expire') {
            await Promise.all(background);
            at += 2 * EXPIRES;
            store.sweep();
            open.clear();
          } else if (kind === 'post' || kind === 'lost') background.push(bank.post(kind === 'lost'));
          else if (kind === 'topUp') {
            paidIn += amount * 3n;
            bank.topUp(amount * 3n);
          } else await turn();
        }
        await Promise.all(background);
        const shown = { account: { balanceMicroUsd: paidIn - charged, heldMicroUsd: held() }, key: undefined };
        expect(await store.left(ask())).toEqual(shown);
        await bank.post();
        expect(bank.balance).toBe(paidIn - charged);
        store.forget(undefined);
        expect(await store.left(ask())).toEqual(shown);
      }),
      { numRuns: 150 },
    );
  });
});

describe('holds', () => {
  it('trap 9: come back when nobody gives them back; a request that ends after all is charged', async () => {
    const bank = new Bank();
    bank.topUp(100n);
    await bank.store.reserve(ask({ requestId: 'leaked', holdMicroUsd: 70n }));
    at += EXPIRES - 1;
    await bank.store.reserve(ask({ requestId: 'open', holdMicroUsd: 20n }));
    bank.store.sweep();
    expect(bank.store.heldBy('acct_1')).toBe(90n);
    at += 1;
    bank.store.sweep();
    expect(bank.store.heldBy('acct_1')).toBe(20n);
    bank.store.settle('leaked', 5n, 1);
    expect((await bank.store.left(ask())).account).toEqual({ balanceMicroUsd: 95n, heldMicroUsd: 20n });
  });

  it('grow while there is money', async () => {
    const bank = new Bank();
    bank.topUp(100n);
    await bank.store.reserve(ask({ requestId: 'long', holdMicroUsd: 60n }));
    expect(bank.store.extend('long', 40n)).toBeUndefined();
    expect(bank.store.extend('long', 1n)).toBe('balance');
    expect(bank.store.heldBy('acct_1')).toBe(100n);
  });

  it('are not taken by a refused request, nor a slot of its windows', async () => {
    const bank = new Bank();
    bank.topUp(10n);
    await bank.store.reserve(ask({ rpm: 2 }));
    expect(await bank.store.reserve(ask({ rpm: 2 }))).toMatchObject({
      reason: 'balance',
      standing: { remainingRequests: 1 },
    });
    expect(bank.store.heldBy('acct_1')).toBe(10n);
  });
});

describe('key quotas', () => {
  const start = 20_000 * DAY;
  const of = (extra: Partial<Reservation> = {}) => ask({ quotaMicroUsd: 25n, quotaPeriod: 'day', ...extra });

  it('bind a key alone, by what it spent, what is not recorded yet and what it holds', async () => {
    const bank = new Bank();
    bank.topUp(1_000n);
    bank.spentToday = 5n;
    expect((await bank.store.reserve(of({ requestId: 'a' }))).admitted).toBe(true);
    expect((await bank.store.reserve(of())).admitted).toBe(true);
    expect(await bank.store.reserve(of())).toMatchObject({ admitted: false, reason: 'key_quota' });
    expect((await bank.store.reserve(ask({ keyId: 'key_2' }))).admitted).toBe(true);
    bank.store.settle('a', 0n, 0);
    expect(await bank.store.left(of())).toMatchObject({ key: { spentMicroUsd: 5n, heldMicroUsd: 10n } });
  });

  it('start anew with the day; what began the day before counts there', async () => {
    const bank = new Bank();
    bank.topUp(1_000n);
    await bank.store.reserve(of({ requestId: 'late', startedAt: start + DAY - 1, holdMicroUsd: 25n }));
    expect((await bank.store.reserve(of({ startedAt: start + DAY - 1 }))).admitted).toBe(false);
    bank.store.settle('late', 24n, 1);
    expect((await bank.store.reserve(of({ startedAt: start + DAY, holdMicroUsd: 25n }))).admitted).toBe(true);
    expect(await bank.store.left(of({ startedAt: start + DAY }))).toMatchObject({
      key: { spentMicroUsd: 0n, heldMicroUsd: 25n },
    });
  });
});
