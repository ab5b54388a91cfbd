import type { Reservation } from '../../../src/limits/limit-store.js';
import { asking, Bank, DAY, TestHost } from '../../support/bank.js';
import { describeWithRedis, hasRedis, RedisServer } from '../../support/redis-server.js';

const HOUR = 60 * 60_000;
const stores = ['memory', ...(hasRedis('a host’s clock that is set') ? ['redis'] : [])];

describeWithRedis('a clock of Redis that is set', () => {
  const bank = new Bank();
  let server: RedisServer;
  let host: TestHost;
  let at = 0;
  let account = 0;
  beforeAll(async () => {
    server = await RedisServer.start();
    host = await TestHost.inRedis(bank, server.url, () => at);
  });
  afterAll(async () => {
    await host.close();
    await server.stop();
  });
  beforeEach(() => {
    account++;
    at = 100 * HOUR;
  });

  const rated = (extra: Partial<Reservation>) =>
    host.reserve(asking({ accountId: `acct_clock_${account}`, holdMicroUsd: 0n, ...extra }));
  it.each([HOUR, 20_000, 100])(
    'back by %i ms: requests wait a minute at most, and no more are let in',
    async backMs => {
      for (let n = 0; n < 3; n++, at += 10) expect((await rated({ rpm: 3, accountRpm: 3 })).admitted).toBe(true);
      at -= backMs;
      const refused = await rated({ rpm: 3, accountRpm: 3 });
      expect(refused).toMatchObject({ admitted: false, reason: 'requests', standing: { remainingRequests: 0 } });
      const { retryAfter } = refused as { retryAfter: number };
      expect(retryAfter).toBeGreaterThan(30);
      expect(retryAfter).toBeLessThanOrEqual(60);
      expect(refused.standing!.resetRequestsMs).toBeLessThanOrEqual(60_000);
      at += 30_000;
      expect((await rated({ rpm: 3, accountRpm: 3 })).admitted).toBe(false);
      at += 30_000;
      expect((await rated({ rpm: 3, accountRpm: 3 })).admitted).toBe(true);
    },
  );

  it.each([HOUR, 20_000, 100])('back by %i ms: tokens wait a minute at most, and no more are let in', async backMs => {
    for (let n = 0; n < 3; n++, at += 300) {
      expect((await rated({ tpm: 100, accountTpm: 100, tokens: 33 })).admitted).toBe(true);
    }
    at -= backMs;
    const ask = { tpm: 100, accountTpm: 100, tokens: 33 };
    const refused = await rated(ask);
    expect(refused).toMatchObject({ admitted: false, reason: 'tokens', standing: { remainingTokens: 1 } });
    expect((refused as { retryAfter: number }).retryAfter).toBeLessThanOrEqual(60);
    expect(refused.standing!.resetTokensMs).toBeLessThanOrEqual(60_000);
    at += 60_000;
    for (let n = 0; n < 3; n++, at += 300) expect((await rated(ask)).admitted).toBe(true);
    expect((await rated(ask)).admitted).toBe(false);
  });

  it('back: what was read of money does not count as new for an hour', async () => {
    expect((await host.reserve(asking())).admitted).toBe(false);
    at -= HOUR;
    bank.balance = 10n; // and nobody was told
    const last = asking();
    expect((await host.reserve(last)).admitted).toBe(true);
    host.store.settle(last.requestId, 4n, 1);
    await host.post();
    expect(await host.store.left(asking())).toEqual({
      account: { balanceMicroUsd: 6n, heldMicroUsd: 0n },
      key: undefined,
    });
    expect(bank.balance).toBe(6n);
  });

  it('forward and back: holds are settled and charged once', async () => {
    await host.topUp(100n - bank.balance);
    const [first, second] = [asking({ holdMicroUsd: 30n }), asking({ holdMicroUsd: 30n })];
    await host.reserve(first);
    at += HOUR;
    await host.reserve(second);
    at -= 2 * HOUR;
    host.store.settle(first.requestId, 20n, 1);
    host.store.settle(second.requestId, 20n, 1);
    await host.told();
    await host.post();
    expect(await host.store.left(asking())).toEqual({
      account: { balanceMicroUsd: 60n, heldMicroUsd: 0n },
      key: undefined,
    });
  });
});

describe.each(stores)('a host’s clock that is set, limits in %s', kind => {
  let server: RedisServer | undefined;
  let host: TestHost;
  const bank = new Bank();
  beforeAll(async () => {
    if (kind === 'redis') server = await RedisServer.start();
    host = server
      ? await TestHost.inRedis(bank, server.url, () => 1_000_000)
      : TestHost.inMemory(bank, () => 1_000_000);
  });
  afterAll(async () => {
    await host.close();
    await server?.stop();
  });

  it('a day forward and back: the quota of the day binds still', async () => {
    await host.topUp(1_000n);
    const today = 20_000 * DAY + HOUR;
    const of = (startedAt: number) => asking({ quotaMicroUsd: 25n, quotaPeriod: 'day', startedAt });
    const spend = async (startedAt: number): Promise<boolean> => {
      const ask = of(startedAt);
      const { admitted } = await host.reserve(ask);
      if (admitted) host.store.settle(ask.requestId, 10n, 1);
      await host.told();
      await host.post();
      return admitted;
    };
    expect([await spend(today), await spend(today), await spend(today)]).toEqual([true, true, false]);
    bank.spentToday = 0n; // of tomorrow nothing is spent yet
    expect([await spend(today + DAY), await spend(today + DAY), await spend(today + DAY)]).toEqual([true, true, false]);
    bank.spentToday = 20n;
    expect(await spend(today)).toBe(false);
    bank.spentToday = 0n;
    expect([await spend(today - DAY), await spend(today - DAY), await spend(today - DAY)]).toEqual([true, true, false]);
  });
});
