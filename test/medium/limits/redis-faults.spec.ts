import { setTimeout as sleep } from 'node:timers/promises';
import { asking, Bank, TestHost } from '../../support/bank.js';
import { DatabaseLink } from '../../support/database-link.js';
import { describeWithRedis, RedisServer } from '../../support/redis-server.js';
import { until } from '../../support/usage.js';

const unavailable = { code: 'service_unavailable', status: 503, retryAfter: 1 };

describeWithRedis('Redis that fails', () => {
  let server: RedisServer;
  let bank: Bank;
  let hosts: TestHost[];
  let first: TestHost;
  let second: TestHost;

  beforeAll(async () => {
    server = await RedisServer.start();
    bank = new Bank();
    hosts = await Promise.all([1, 2, 3].map(() => TestHost.inRedis(bank, server.url)));
  });
  afterAll(async () => {
    await Promise.all(hosts.map(host => host.close()));
    await server.stop();
  });
  /** The account is as new; the hosts go on, and one that is gone has been replaced. */
  beforeEach(async () => {
    while (hosts.length < 3) hosts.push(await TestHost.inRedis(bank, server.url));
    [first, second] = hosts as [TestHost, TestHost];
    await recovered();
    for (const host of hosts) await host.end();
    await server.command(
      'EVAL',
      `for _, k in ipairs(redis.call('KEYS', 'lazu:{acct*')) do redis.call('DEL', k) end`,
      '0',
    );
    bank.balance = bank.spentToday = 0n;
    bank.recorded.clear();
  });

  const account = async (host = second) => (await host.store.left(asking())).account;
  /** Until money may be asked for again. @returns how long that took, ms */
  const recovered = async (host = second) => {
    const since = performance.now();
    await until(async () => (await account(host).catch(() => undefined)) !== undefined, 8_000);
    return performance.now() - since;
  };
  const evaluations = async () =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(await server.command('INFO', 'commandstats'))?.[1]);

  it('is asked once for each admission', async () => {
    await first.topUp(1_000n);
    const limits = {
      rpm: 500,
      accountRpm: 500,
      tpm: 50_000,
      accountTpm: 50_000,
      quotaMicroUsd: 900n,
      quotaPeriod: 'day',
    } as const;
    await first.reserve(asking(limits));
    const before = await evaluations();
    for (let asked = 0; asked < 50; asked++) expect((await first.reserve(asking(limits))).admitted).toBe(true);
    const asked = (await evaluations()) - before;
    expect(asked).toBeGreaterThanOrEqual(50);
    expect(asked).toBeLessThan(60); // beats of three hosts
  });

  it('is asked by a stream for more at most once a second, which the stream does not wait for', async () => {
    const host = await TestHost.inRedis(bank, server.url, undefined, 1_000);
    await host.topUp(100n);
    await host.reserve(asking({ requestId: 'long' }));
    const since = performance.now();
    expect(await host.store.extend('long', 10n)).toBeUndefined();
    expect(performance.now() - since).toBeLessThan(300);
    const more = host.store.extend('long', 10n);
    await sleep(500);
    expect((await account())?.heldMicroUsd).toBe(20n);
    expect(await more).toBeUndefined();
    expect(performance.now() - since).toBeGreaterThan(990);
    expect((await account())?.heldMicroUsd).toBe(30n);
    const last = host.store.extend('long', 10n);
    host.store.settle('long', 25n, 1); // it ends while it waits
    expect(await last).toBeUndefined();
    await host.told();
    expect(await account()).toEqual({ balanceMicroUsd: 75n, heldMicroUsd: 0n });
    await host.post();
    await host.close();
  });

  it('holds up nobody: what binds is refused at once, what does not goes on', async () => {
    await first.topUp(100n);
    await first.reserve(asking({ requestId: 'runs' }));
    await server.kill();
    await sleep(50);
    const since = performance.now();
    await expect(first.reserve(asking())).rejects.toMatchObject(unavailable);
    await expect(first.reserve(asking({ holdMicroUsd: 0n, rpm: 5 }))).rejects.toMatchObject(unavailable);
    await expect(account(first)).rejects.toMatchObject(unavailable);
    expect(await first.reserve(asking({ holdMicroUsd: 0n }))).toEqual({ admitted: true, standing: undefined });
    expect(performance.now() - since).toBeLessThan(100);
    first.store.settle('runs', 4n, 1);
    await first.post(); // is not held up either
    await server.restart();
    expect(await recovered()).toBeLessThan(5_000);
    expect(await account()).toEqual({ balanceMicroUsd: 96n, heldMicroUsd: 0n });
  });

  it('is given up after 250 ms when it hangs; what it does later all the same is taken back', async () => {
    await first.topUp(100n);
    await first.reserve(asking({ requestId: 'runs' }));
    await first.reserve(asking({ requestId: 'ends', holdMicroUsd: 20n }));
    server.pause();
    const since = performance.now();
    await expect(first.reserve(asking())).rejects.toMatchObject(unavailable);
    expect(performance.now() - since).toBeLessThan(400);
    const again = performance.now();
    await expect(first.reserve(asking())).rejects.toMatchObject(unavailable);
    expect(performance.now() - again).toBeLessThan(50);
    first.store.settle('ends', 15n, 1);
    await first.post(); // Redis has not heard of it when it is in the ledger
    expect(bank.balance).toBe(85n);
    server.resume();
    await until(async () => (await account(first).catch(() => undefined))?.heldMicroUsd === 10n, 5_000);
    expect(await account(first)).toEqual({ balanceMicroUsd: 85n, heldMicroUsd: 10n });
    expect(await account(second)).toEqual({ balanceMicroUsd: 85n, heldMicroUsd: 10n });
  });

  it('comes back though its connection said nothing for seconds', async () => {
    await first.topUp(100n);
    await account(first);
    server.pause();
    await sleep(3_000);
    server.resume();
    expect(await recovered(first)).toBeLessThan(5_000);
    expect((await first.reserve(asking())).admitted).toBe(true);
  });

  it('is told by every host what it holds and has charged, before money is asked for again', async () => {
    await first.topUp(100n);
    for (const [index, host] of hosts.entries()) {
      await host.reserve(asking({ requestId: `open ${index}`, holdMicroUsd: 10n }));
      await host.reserve(asking({ requestId: `done ${index}`, holdMicroUsd: 10n }));
      host.store.settle(`done ${index}`, 7n, 1);
    }
    await second.post();
    await server.flush();
    // 100 − 3 × 7 charged − 3 × 10 held: whoever asks at once must not be given more.
    const greedy = async (host: TestHost) => host.reserve(asking({ holdMicroUsd: 50n })).catch(() => undefined);
    const end = performance.now() + 5_000;
    const given = [];
    for (let answered = 0; answered < 3 && performance.now() < end;) {
      const verdicts = await Promise.all(hosts.map(greedy));
      given.push(...verdicts.filter(verdict => verdict?.admitted));
      answered = verdicts.filter(verdict => verdict !== undefined).length;
      await sleep(10);
    }
    expect(given).toEqual([]);
    expect(await account()).toEqual({ balanceMicroUsd: 79n, heldMicroUsd: 30n });
    for (const [index, host] of hosts.entries()) host.store.settle(`open ${index}`, 1n, 1);
    for (const host of hosts) await host.post();
    expect(bank.balance).toBe(76n);
    await until(async () => (await account())?.balanceMicroUsd === 76n);
    expect(await account()).toEqual({ balanceMicroUsd: 76n, heldMicroUsd: 0n });
  });

  it('is believed nothing when it comes back with what it knew long ago', async () => {
    await first.topUp(100n);
    await first.reserve(asking({ requestId: 'old', holdMicroUsd: 60n }));
    await server.command('SAVE');
    first.store.settle('old', 50n, 1);
    await first.post();
    await second.reserve(asking({ requestId: 'new', holdMicroUsd: 30n }));
    await server.restart();
    expect(await recovered()).toBeLessThan(5_000);
    expect(await account()).toEqual({ balanceMicroUsd: 50n, heldMicroUsd: 30n });
    await server.command('FLUSHALL');
    await server.command('SAVE');
  });

  it('is looked for anew when what it talks to has become a replica, which takes no writes', async () => {
    const [promoted, name] = await Promise.all([RedisServer.start(), DatabaseLink.open(server.url)]);
    const host = await TestHost.inRedis(bank, name.url);
    try {
      await host.topUp(100n);
      await host.reserve(asking({ requestId: 'runs', holdMicroUsd: 30n }));
      await server.command('REPLICAOF', '127.0.0.1', String(promoted.port));
      await expect(host.reserve(asking())).rejects.toMatchObject(unavailable); // the name means the old one still
      name.lead(promoted.url);
      const more = asking({ holdMicroUsd: 71n }); // there are 70
      await until(async () => (await host.reserve(more).catch(() => undefined))?.admitted === false, 8_000);
      expect(await account(host)).toEqual({ balanceMicroUsd: 100n, heldMicroUsd: 30n });
      host.store.settle('runs', 20n, 1);
      await host.told();
      expect(await account(host)).toEqual({ balanceMicroUsd: 80n, heldMicroUsd: 0n });
      await host.post();
    } finally {
      await server.command('REPLICAOF', 'NO', 'ONE');
      await host.close();
      await Promise.all([promoted.stop(), name.cut()]);
    }
  });

  it('does not wait for ever for a host that is gone', async () => {
    await first.topUp(100n);
    await hosts[2]!.reserve(asking({ holdMicroUsd: 10n }));
    await hosts.pop()!.vanish();
    await server.flush();
    const took = await recovered();
    expect(took).toBeGreaterThan(2_000);
    expect(took).toBeLessThan(5_000);
    expect(await account()).toEqual({ balanceMicroUsd: 100n, heldMicroUsd: 0n });
  });

  it('loses no charge of a host that dies between settling and posting', async () => {
    await first.topUp(100n);
    const third = hosts.pop()!;
    await third.reserve(asking({ requestId: 'last', holdMicroUsd: 60n }));
    third.store.settle('last', 55n, 1);
    await until(async () => (await account())?.balanceMicroUsd === 45n);
    await third.vanish();
    await first.topUp(0n); // read anew: it is in no sum, and in Redis
    expect(await account()).toEqual({ balanceMicroUsd: 45n, heldMicroUsd: 0n });
    bank.balance -= 55n; // its journal was found
    bank.recorded.add('last');
    await first.topUp(0n);
    expect(await account()).toEqual({ balanceMicroUsd: 45n, heldMicroUsd: 0n });
  });

  it('hears of a revocation when it is back; the admin call has not waited', async () => {
    await first.topUp(100n);
    expect((await second.reserve(asking())).admitted).toBe(true);
    server.pause();
    const since = performance.now();
    await first.store.revoke({ accountId: 'acct_1', keyId: 'key_1' }, 'token_disabled');
    expect(performance.now() - since).toBeLessThan(400);
    server.resume();
    const refused = { admitted: false, reason: 'revoked', why: 'token_disabled', standing: undefined };
    const verdict = () => second.reserve(asking()).catch(() => undefined);
    await until(async () => (await verdict())?.admitted === false, 5_000);
    expect(await verdict()).toEqual(refused);
    expect((await second.reserve(asking({ keyId: 'key_2' }))).admitted).toBe(true);
    await first.store.revoke({ accountId: 'acct_1' }, 'account_suspended');
    expect(await second.reserve(asking({ keyId: 'key_2', holdMicroUsd: 0n }))).toMatchObject({
      why: 'account_suspended',
    });
    await first.store.revoke({ accountId: 'acct_1' }, undefined);
    expect((await second.reserve(asking({ keyId: 'key_2' }))).admitted).toBe(true);
  });

  it('forgets posted charges, in time', async () => {
    await first.topUp(100n);
    await first.reserve(asking({ requestId: 'a' }));
    first.store.settle('a', 5n, 1);
    await first.post();
    const kept = async () => /^:(\d+)/m.exec(await server.command('HLEN', 'lazu:{acct_1}:charges'))?.[1];
    expect(await kept()).toBe('1');
    await until(async () => (await kept()) === '0', 8_000);
    expect(await account()).toEqual({ balanceMicroUsd: 95n, heldMicroUsd: 0n });
  });

  it('never lets more be spent than there is, whatever happens to it, and loses count of nothing', async () => {
    const paidIn = 3_000n;
    await first.topUp(paidIn);
    let charged = 0n;
    let held = 0n;
    const counts = { admitted: 0, refused: 0, unavailable: 0 };
    const end = performance.now() + 4_000;
    const random = (most: number) => 1 + Math.floor(Math.random() * most);
    const caller = async (host: TestHost) => {
      while (performance.now() < end) {
        const ask = asking({ holdMicroUsd: BigInt(random(90)) });
        const verdict = await host.reserve(ask).catch(() => undefined);
        if (!verdict?.admitted) {
          counts[verdict ? 'refused' : 'unavailable']++;
          await sleep(5);
          continue;
        }
        counts.admitted++;
        held += ask.holdMicroUsd;
        expect(charged + held).toBeLessThanOrEqual(paidIn);
        await sleep(random(40));
        const charge = random(4) === 1 ? 0n : BigInt(random(Math.min(20, Number(ask.holdMicroUsd))));
        held -= ask.holdMicroUsd;
        charged += charge;
        host.store.settle(ask.requestId, charge, 1);
      }
    };
    const recorder = async (host: TestHost) => {
      for (; performance.now() < end; await sleep(random(30))) await host.post(random(4) === 1);
    };
    const trouble = async () => {
      for (; performance.now() < end - 1_000; await sleep(100 + random(200))) {
        const kind = random(3);
        if (kind === 1) await server.flush();
        else if (kind === 2) await server.restart();
        else {
          server.pause();
          await sleep(random(400));
          server.resume();
        }
      }
    };
    const callers = hosts.flatMap(host => Array.from({ length: 6 }, () => caller(host)));
    await Promise.all([...callers, ...hosts.map(recorder), trouble()]);
    await recovered();
    for (const host of hosts) await host.post();
    expect(bank.balance).toBe(paidIn - charged);
    await until(async () => (await account())?.heldMicroUsd === 0n, 5_000);
    expect(await account()).toEqual({ balanceMicroUsd: paidIn - charged, heldMicroUsd: 0n });
    expect(counts.admitted).toBeGreaterThan(50);
  });
});
