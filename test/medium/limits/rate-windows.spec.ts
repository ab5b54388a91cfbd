import fc from 'fast-check';
import type { Reservation } from '../../../src/limits/limit-store.js';
import { asking, Bank, TestHost } from '../../support/bank.js';
import { hasRedis, RedisServer } from '../../support/redis-server.js';

let at = 0;
let account = 0;
/** Each test has an account of its own. */
const ask = (extra: Partial<Reservation> = {}) =>
  asking({ accountId: `acct_${account}`, holdMicroUsd: 0n, ...extra, keyId: `${extra.keyId ?? 'key'} of ${account}` });

const stores = ['memory', ...(hasRedis('rate windows in Redis') ? ['redis'] : [])];

describe.each(stores)('rate windows in %s', kind => {
  let server: RedisServer | undefined;
  /** All that share the store: one in memory, three on Redis, asked in turn. */
  let hosts: TestHost[];
  let host: TestHost;
  let asked = 0;
  beforeAll(async () => {
    if (kind === 'redis') server = await RedisServer.start();
    const inRedis = ({ url }: RedisServer) => TestHost.inRedis(new Bank(), url, () => at);
    hosts = server
      ? await Promise.all([server, server, server].map(inRedis))
      : [TestHost.inMemory(new Bank(), () => at)];
    host = hosts[0]!;
  });
  afterAll(async () => {
    await Promise.all(hosts.map(one => one.close()));
    await server?.stop();
  });
  beforeEach(() => {
    account++;
    at = 1_000_000;
  });
  const reserve = (extra: Partial<Reservation> = {}) => hosts[asked++ % hosts.length]!.reserve(ask(extra));

  it('admits without a limit', async () => {
    expect(await reserve()).toEqual({ admitted: true, standing: undefined });
  });

  it('says what is left, when the window empties, and when the next slot frees', async () => {
    expect(await reserve({ rpm: 2 })).toEqual({
      admitted: true,
      standing: { limitRequests: 2, remainingRequests: 1, resetRequestsMs: 60_000 },
    });
    at += 20_500;
    await reserve({ rpm: 2 });
    at += 1_000;
    expect(await reserve({ rpm: 2 })).toEqual({
      admitted: false,
      reason: 'requests',
      retryAfter: 39, // 38.5 s until the first one leaves
      standing: { limitRequests: 2, remainingRequests: 0, resetRequestsMs: 59_000 },
    });
    at += 38_499;
    expect((await reserve({ rpm: 2 })).admitted).toBe(false);
    at += 1;
    expect((await reserve({ rpm: 2 })).admitted).toBe(true);
  });

  it('trap 15: counts tokens when they are admitted, and says when there is room', async () => {
    const tpm = 100;
    expect(await reserve({ tpm, tokens: 60 })).toMatchObject({
      admitted: true,
      standing: { limitTokens: 100, remainingTokens: 40, resetTokensMs: 60_000 },
    });
    at += 10_000;
    expect((await reserve({ tpm, tokens: 40 })).admitted).toBe(true);
    const full = { admitted: false, reason: 'tokens', retryAfter: 50, standing: { remainingTokens: 0 } };
    expect(await reserve({ tpm, tokens: 1 })).toMatchObject(full);
    expect(await reserve({ tpm, tokens: 61 })).toMatchObject({ retryAfter: 60 });
    const never = await reserve({ tpm, tokens: 101 });
    expect(never).toMatchObject({ admitted: false, reason: 'tokens' });
    expect(never).not.toHaveProperty('retryAfter');
    at += 50_000;
    expect((await reserve({ tpm, tokens: 60 })).admitted).toBe(true);
  });

  it('corrects what was estimated, in the slice where it was admitted', async () => {
    const first = ask({ tpm: 100, accountTpm: 100, tokens: 90 });
    await host.reserve(first);
    expect((await reserve({ tpm: 100, tokens: 20 })).admitted).toBe(false);
    host.store.settle(first.requestId, 0n, 30);
    host.store.settle(first.requestId, 0n, 0);
    host.store.release(first.requestId);
    await host.told();
    expect(await reserve({ tpm: 100, tokens: 70 })).toMatchObject({ admitted: true, standing: { remainingTokens: 0 } });
    expect((await reserve({ keyId: 'key_2', accountTpm: 100, tokens: 71 })).admitted).toBe(false);
    const second = ask({ keyId: 'key_2', accountTpm: 100, tokens: 70 });
    expect((await host.reserve(second)).admitted).toBe(true);
    host.store.release(second.requestId);
    await host.told();
    expect((await reserve({ keyId: 'key_2', accountTpm: 100, tokens: 70 })).admitted).toBe(true);
  });

  it('trap 15: counts what a stream takes beyond its estimate while it runs, and what it took when it has ended', async () => {
    const stream = ask({ tpm: 100, accountTpm: 100, tokens: 20 });
    await host.reserve(stream);
    const remaining = async () => {
      await host.told();
      const probe = ask({ tpm: 100, accountTpm: 100, tokens: 0 });
      return (await host.reserve(probe)).standing?.remainingTokens;
    };
    expect(await remaining()).toBe(80);
    host.store.correct(stream.requestId, 10); // less than was admitted: at the end
    expect(await remaining()).toBe(80);
    host.store.correct(stream.requestId, 50);
    host.store.correct(stream.requestId, 50);
    expect(await remaining()).toBe(50);
    host.store.correct(stream.requestId, 130);
    expect(await remaining()).toBe(0);
    expect((await reserve({ accountTpm: 100, keyId: 'key_2', tokens: 1 })).admitted).toBe(false);
    host.store.correct(stream.requestId, 140);
    host.store.settle(stream.requestId, 0n, 90); // right behind it
    expect(await remaining()).toBe(10);
    host.store.correct(stream.requestId, 200); // it is over
    expect(await remaining()).toBe(10);
  });

  it('lets in what counts no tokens, however many were taken', async () => {
    const stream = ask({ accountTpm: 100, tokens: 20 });
    await host.reserve(stream);
    host.store.correct(stream.requestId, 130);
    await host.told();
    expect((await reserve({ accountTpm: 100, tokens: 1 })).admitted).toBe(false);
    expect(await reserve({ accountTpm: 100, tokens: 0 })).toMatchObject({
      admitted: true,
      standing: { remainingTokens: 0 },
    });
  });

  it('shares the account’s limit among its keys, while a key’s own cap binds that key alone', async () => {
    const admitted = async (times: number, extra: Partial<Reservation>) => {
      const verdicts: boolean[] = [];
      for (let time = 0; time < times; time++) verdicts.push((await reserve({ accountRpm: 5, ...extra })).admitted);
      return verdicts;
    };
    expect(await admitted(3, { keyId: 'key_1', rpm: 2 })).toEqual([true, true, false]);
    expect(await admitted(4, { keyId: 'key_2', rpm: 5 })).toEqual([true, true, true, false]);
    // The account's standing is shown where it binds first.
    const shown = await reserve({ keyId: 'key_2', rpm: 5, accountRpm: 5 });
    expect(shown.standing).toMatchObject({ limitRequests: 5, remainingRequests: 0 });
  });

  it('takes no slot for what it refuses, from the key or the account', async () => {
    for (let asked = 0; asked < 10; asked++) await reserve({ keyId: 'key_1', rpm: 1, accountRpm: 3 });
    expect((await reserve({ keyId: 'key_2', rpm: 3, accountRpm: 3 })).admitted).toBe(true);
  });

  it('follows a limit that changes under way, and waits long enough when it fell', async () => {
    for (let second = 0; second < 10; second++, at += 1000) await reserve({ rpm: 10 });
    // Ten are in the window, two may stay: the eighth leaves 60 s after second 7; now is second 10.
    expect(await reserve({ rpm: 3 })).toMatchObject({ admitted: false, retryAfter: 57 });
    expect((await reserve({ rpm: 11 })).admitted).toBe(true);
    expect(await reserve({ keyId: 'key_0', rpm: 0 })).toMatchObject({ admitted: false, retryAfter: 60 });
  });

  it('never admits more than the limits in any rolling 60 s, and leaves at least 99 % of them usable', async () => {
    const step = fc.record({ gap: fc.integer({ min: 0, max: 6_000 }), tokens: fc.integer({ min: 1, max: 50 }) });
    const limits = { rpm: fc.integer({ min: 1, max: 30 }), tpm: fc.integer({ min: 50, max: 600 }) };
    await fc.assert(
      fc.asyncProperty(
        fc.record(limits),
        fc.array(step, { minLength: 30, maxLength: 120 }),
        async ({ rpm, tpm }, steps) => {
          account++;
          const admitted: { time: number; tokens: number }[] = [];
          const since = (time: number) => admitted.filter(one => one.time > time - 60_000);
          const sum = (some: readonly { tokens: number }[]) => some.reduce((total, { tokens }) => total + tokens, 0);
          for (const { gap, tokens } of steps) {
            at += gap;
            const verdict = await reserve({ rpm, tpm, tokens });
            const fits = since(at).length < rpm && sum(since(at)) + tokens <= tpm;
            if (verdict.admitted) {
              expect(fits).toBe(true);
              admitted.push({ time: at, tokens });
            } else if (fits) {
              // A slice counts until its last admission is 60 s old: at most 250 ms, 0.4 % of the window, longer.
              expect(verdict.reason).toBe('tokens');
              expect(sum(admitted.filter(one => one.time > at - 60_250)) + tokens).toBeGreaterThan(tpm);
            }
          }
        },
      ),
      { numRuns: kind === 'redis' ? 25 : 100 },
    );
  });
});
