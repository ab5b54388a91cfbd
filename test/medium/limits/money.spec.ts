import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import type { Reservation } from '../../../src/limits/limit-store.js';
import { asking, Bank, DAY, EXPIRES, TestHost } from '../../support/bank.js';
import { hasRedis, RedisServer } from '../../support/redis-server.js';

let at = 0;
const stores = ['memory', ...(hasRedis('money in Redis') ? ['redis'] : [])];

describe.each(stores)('money in %s', kind => {
  let server: RedisServer | undefined;
  let bank: Bank;
  /** All that share the store: one in memory, three on Redis. */
  let hosts: TestHost[];
  let host: TestHost;

  beforeAll(async () => {
    if (kind === 'redis') server = await RedisServer.start();
  });

  const open = async () => {
    at = 1_000_000;
    bank = new Bank();
    const start = () =>
      server ? TestHost.inRedis(bank, server.url, () => at) : Promise.resolve(TestHost.inMemory(bank, () => at));
    hosts = [];
    for (let count = server ? 3 : 1; count > 0; count--) hosts.push(await start());
    host = hosts[0]!;
  };
  const close = () => Promise.all(hosts.map(one => one.close()));
  /** What is forgotten is the money; hosts and their epoch stay. */
  const clear = async () => {
    for (const one of hosts) await one.post();
    at += 10 * EXPIRES;
    bank.balance = bank.spentToday = 0n;
    bank.recorded.clear();
    await server?.command(
      'EVAL',
      `for _, k in ipairs(redis.call('KEYS', 'lazu:{acct*')) do redis.call('DEL', k) end`,
      '0',
    );
    if (!server) await open();
    bank.reads = 0;
    bank.isAway = false;
  };
  beforeAll(open);
  afterAll(async () => {
    await close();
    await server?.stop();
  });
  beforeEach(clear);

  const left = (ask: Reservation = asking()) => host.store.left(ask);

  it('trap 10: of 200 that ask at once on all hosts exactly those are admitted that the balance covers', async () => {
    await host.topUp(505n);
    const ask = (_: unknown, index: number) => hosts[index % hosts.length]!.reserve(asking());
    const verdicts = await Promise.all(Array.from({ length: 200 }, ask));
    expect(verdicts.filter(({ admitted }) => admitted)).toHaveLength(50);
    const refused = verdicts.find(({ admitted }) => !admitted)!;
    expect(refused).toMatchObject({ admitted: false, reason: 'balance' });
    expect(refused).not.toHaveProperty('retryAfter');
  });

  it('trap 7: is not asked for where nothing is held', async () => {
    expect(await host.reserve(asking({ holdMicroUsd: 0n }))).toEqual({ admitted: true, standing: undefined });
    expect(bank.reads).toBe(0);
    expect(await host.reserve(asking())).toMatchObject({ admitted: false, reason: 'balance' });
  });

  it('is looked at again before a refusal, once a second at most', async () => {
    expect((await host.reserve(asking())).admitted).toBe(false);
    bank.balance = 10n; // and nobody was told
    expect((await host.reserve(asking())).admitted).toBe(false);
    at += 1_000;
    expect((await host.reserve(asking())).admitted).toBe(true);
  });

  it('trap 11: is what is shown, with what is held and what is not posted yet', async () => {
    await host.topUp(100n);
    await host.reserve(asking({ requestId: 'a' }));
    await host.reserve(asking({ requestId: 'b' }));
    host.store.settle('a', 4n, 1);
    const shown = { account: { balanceMicroUsd: 96n, heldMicroUsd: 10n }, key: undefined };
    expect(await left()).toEqual(shown);
    await host.post();
    expect(await left()).toEqual(shown);
    await host.topUp(0n);
    expect(await left()).toEqual(shown);
    host.store.release('b');
  });

  it('lacks what a dead process charged as soon as that is recorded', async () => {
    await host.topUp(100n);
    await left();
    await host.charges.record(() => {
      bank.balance -= 30n;
      bank.recorded.add('req_of_another');
      host.charges.recorded(['req_of_another'], new Map([['acct_1', 30n]]));
      return Promise.resolve();
    });
    expect((await left()).account?.balanceMicroUsd).toBe(70n);
  });

  it('answers 503 when it cannot be read, and goes on when it can', async () => {
    bank.isAway = true;
    await expect(host.reserve(asking())).rejects.toMatchObject({ code: 'service_unavailable', status: 503 });
    bank.isAway = false;
    await host.topUp(10n);
    expect((await host.reserve(asking())).admitted).toBe(true);
  });

  it('trap 9: what nobody gives back comes back; a request that ends after all is charged', async () => {
    await host.topUp(100n);
    await host.reserve(asking({ requestId: 'leaked', holdMicroUsd: 70n }));
    at += EXPIRES - 1;
    await host.reserve(asking({ requestId: 'open', holdMicroUsd: 20n }));
    host.store.sweep();
    expect((await left()).account?.heldMicroUsd).toBe(90n);
    at += 1;
    host.store.sweep();
    expect((await left()).account?.heldMicroUsd).toBe(20n);
    host.store.settle('leaked', 5n, 1);
    expect((await left()).account).toEqual({ balanceMicroUsd: 95n, heldMicroUsd: 20n });
    host.store.release('open');
  });

  it('lets holds grow while there is some', async () => {
    await host.topUp(100n);
    await host.reserve(asking({ requestId: 'long', holdMicroUsd: 60n }));
    expect(await host.store.extend('long', 40n)).toBeUndefined();
    expect(await host.store.extend('long', 1n)).toBe('balance');
    expect((await left()).account?.heldMicroUsd).toBe(100n);
    host.store.release('long');
    expect((await left()).account?.heldMicroUsd).toBe(0n);
  });

  it('takes nothing for a refused request, nor a slot of its windows', async () => {
    await host.topUp(10n);
    const keyId = `key_rpm_${kind}`;
    await host.reserve(asking({ rpm: 2, keyId }));
    expect(await host.reserve(asking({ rpm: 2, keyId }))).toMatchObject({
      reason: 'balance',
      standing: { remainingRequests: 1 },
    });
    expect((await left()).account?.heldMicroUsd).toBe(10n);
  });

  it('counts exactly up to four and a half billion dollars', async () => {
    const huge = 2n ** 52n;
    await host.topUp(huge);
    await host.reserve(asking({ requestId: 'huge', holdMicroUsd: huge - 1n }));
    expect((await host.reserve(asking({ requestId: 'two', holdMicroUsd: 2n }))).admitted).toBe(false);
    expect((await host.reserve(asking({ requestId: 'one', holdMicroUsd: 1n }))).admitted).toBe(true);
    host.store.settle('huge', huge - 3n, 1);
    host.store.release('one');
    expect((await left()).account).toEqual({ balanceMicroUsd: 3n, heldMicroUsd: 0n });
    expect((await host.reserve(asking({ holdMicroUsd: 2n ** 62n }))).admitted).toBe(false);
    await host.post();
  });

  describe('quotas of keys', () => {
    const start = 20_000 * DAY;
    const of = (extra: Partial<Reservation> = {}) => asking({ quotaMicroUsd: 25n, quotaPeriod: 'day', ...extra });

    it('bind a key alone, by what it spent, what is not recorded yet and what it holds', async () => {
      await host.topUp(1_000n);
      bank.spentToday = 5n;
      expect((await host.reserve(of({ requestId: 'a' }))).admitted).toBe(true);
      expect((await host.reserve(of({ requestId: 'b' }))).admitted).toBe(true);
      expect(await host.reserve(of())).toMatchObject({ admitted: false, reason: 'key_quota' });
      expect(await host.store.extend('a', 1n)).toBe('key_quota');
      expect((await host.reserve(asking({ keyId: 'key_2', requestId: 'c' }))).admitted).toBe(true);
      host.store.settle('a', 0n, 0);
      expect(await left(of())).toMatchObject({ key: { spentMicroUsd: 5n, heldMicroUsd: 10n } });
    });

    it('start anew with the day; what began the day before counts there', async () => {
      await host.topUp(1_000n);
      const keyId = `key_days_${kind}`;
      await host.reserve(of({ requestId: 'late', keyId, startedAt: start + DAY - 1, holdMicroUsd: 25n }));
      expect((await host.reserve(of({ keyId, startedAt: start + DAY - 1 }))).admitted).toBe(false);
      host.store.settle('late', 24n, 1);
      const next = of({ requestId: 'next', keyId, startedAt: start + DAY, holdMicroUsd: 25n });
      expect((await host.reserve(next)).admitted).toBe(true);
      expect(await left(of({ keyId, startedAt: start + DAY }))).toMatchObject({
        key: { spentMicroUsd: 0n, heldMicroUsd: 25n },
      });
    });
  });

  it('that differs from the ledger is found, also beside open holds and unposted charges, and looking changes nothing', async () => {
    await host.topUp(100n);
    for (const requestId of ['a', 'b']) await host.reserve(asking({ requestId }));
    host.store.settle('a', 4n, 1);
    await host.told();
    expect(await host.store.prove()).toEqual({ accounts: 1, discrepancies: [] });
    bank.balance = 150n; // and nobody was told
    expect(await host.store.prove()).toEqual({
      accounts: 1,
      discrepancies: [{ kind: 'credit_differs', accountId: 'acct_1', expected: 146n, found: 96n }],
    });
    expect(await left()).toMatchObject({ account: { balanceMicroUsd: 96n, heldMicroUsd: 10n } });
    await host.topUp(0n);
    await left();
    expect(await host.store.prove()).toEqual({ accounts: 1, discrepancies: [] });
    if (!server) return;
    await server.command('HINCRBY', 'lazu:{acct_1}:money', 'held', '7');
    expect((await host.store.prove())?.discrepancies).toEqual([
      { kind: 'held_differs', accountId: 'acct_1', expected: 10n, found: 17n },
    ]);
  });

  it('holds over any interleaving of reserve, extend, settle, release, expiry, posting and top-up', async () => {
    const kinds = [
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
      'prove',
    ] as const;
    const step = fc.record({
      kind: fc.constantFrom(...kinds),
      amount: fc.bigInt({ min: 1n, max: 60n }),
      pick: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 100 }), async steps => {
        await clear();
        let paidIn = 0n;
        let charged = 0n;
        const open = new Map<string, { held: bigint; on: TestHost }>();
        const background: Promise<unknown>[] = [];
        const held = () => [...open.values()].reduce((sum, one) => sum + one.held, 0n);
        for (const { kind, amount, pick } of steps) {
          const [id, one] = [...open][pick % Math.max(1, open.size)] ?? [];
          const on = hosts[pick % hosts.length]!;
          if (kind === 'reserve') {
            const ask = asking({ holdMicroUsd: amount });
            background.push(
              on.reserve(ask).then(({ admitted }) => {
                if (admitted) open.set(ask.requestId, { held: amount, on });
              }),
            );
          } else if (kind === 'extend' && one) {
            if ((await one.on.store.extend(id!, amount)) === undefined) one.held += amount;
          } else if (kind === 'settle' && one) {
            const charge = amount < one.held ? amount : one.held;
            one.on.store.settle(id!, charge, 1);
            one.on.store.settle(id!, charge, 1);
            one.on.store.release(id!);
            charged += charge;
            open.delete(id!);
          } else if (kind === 'release' && one) {
            one.on.store.release(id!);
            one.on.store.settle(id!, amount, 1);
            open.delete(id!);
          } else if (kind === 'expire') {
            await Promise.all(background);
            at += 2 * EXPIRES;
            for (const { store } of hosts) store.sweep();
            open.clear();
          } else if (kind === 'post' || kind === 'lost') background.push(on.post(kind === 'lost'));
          else if (kind === 'topUp') {
            paidIn += amount * 3n;
            background.push(on.topUp(amount * 3n));
          } else if (kind === 'prove') {
            background.push(on.store.prove().then(proof => expect(proof?.discrepancies).toEqual([])));
          } else await turn();
        }
        await Promise.all(background);
        expect(charged + held()).toBeLessThanOrEqual(paidIn); // never more than there is
        for (const one of hosts) await one.told();
        const shown = { account: { balanceMicroUsd: paidIn - charged, heldMicroUsd: held() }, key: undefined };
        expect(await left()).toEqual(shown);
        for (const one of hosts) await one.post();
        expect(bank.balance).toBe(paidIn - charged);
        await host.topUp(0n);
        expect(await left()).toEqual(shown);
        for (const one of hosts) expect((await one.store.prove())?.discrepancies).toEqual([]);
      }),
      { numRuns: server ? 40 : 100 },
    );
  }, 60_000);
});
