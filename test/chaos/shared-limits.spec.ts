import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { answerJson, chatAnswer, FakeUpstream, usage } from '../support/fake-upstream.js';
import { LazuProcess } from '../support/lazu-process.js';
import { describeWithRedis, RedisServer } from '../support/redis-server.js';
import { until } from '../support/usage.js';

jest.setTimeout(90_000);

const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Say hello now' }], max_tokens: 1_000 };
/** A multiple of 20: what is held and what is paid are the same to the microUSD. */
const INPUT = Buffer.byteLength(JSON.stringify(chat)) + 1_024;
/** gpt-4o-mini: 0.15 and 0.60 USD per million tokens. */
const HOLD = Math.ceil(INPUT * 0.15 + 1_000 * 0.6);
const CALLERS = 6;

describeWithRedis('three hosts on one Redis, one of them of two workers', () => {
  let redis: RedisServer;
  let database: TestDatabase;
  let upstream: FakeUpstream;
  const dataDirs: string[] = [];
  const hosts: LazuProcess[] = [];

  const start = async (dataDir: string, workers = '1'): Promise<LazuProcess> => {
    const lazu = await LazuProcess.start({
      WORKERS: workers,
      DATABASE_URL: database.url,
      LAZU_DATA_DIR: dataDir,
      REDIS_URL: redis.url,
      BILLING: 'prepaid',
      OPENAI_API_KEY: 'sk-operators-secret',
      OPENAI_BASE_URL: `${upstream.url}/v1`,
    });
    lazu.adminKey ||= hosts[0]!.adminKey;
    return lazu;
  };
  beforeAll(async () => {
    [redis, database, upstream] = await Promise.all([RedisServer.start(), createTestDatabase(), FakeUpstream.start()]);
    for (let count = 0; count < 3; count++) {
      dataDirs.push(await mkdtemp(join(tmpdir(), 'lazu-host-')));
      hosts.push(await start(dataDirs[count]!, count === 1 ? '2' : '1'));
    }
  });
  afterAll(async () => {
    await Promise.all(hosts.map(host => host.kill('SIGTERM')));
    await Promise.all([redis.stop(), upstream.stop(), database.drop()]);
    for (const dataDir of dataDirs) await rm(dataDir, { recursive: true, force: true });
  });

  it('traps 9 and 10: one is killed, Redis forgets everything: what the balance covers is paid for, and no more', async () => {
    upstream.answers(async (request, response) => {
      await sleep(50 + Math.random() * 100);
      await answerJson(chatAnswer('Hello!', { usage: usage(INPUT, 1_000) }))(request, response);
    });
    const [first] = hosts as [LazuProcess];
    const admin = (method: string, path: string, body?: object) =>
      first.admin(method, `/api/admin/accounts${path}`, body);
    const { id } = await admin('POST', '', { name: 'tenant', rpm: 1_000_000, tpm: 1_000_000_000 });
    const { key } = await admin('POST', `/${id}/keys`, { name: 'k' });
    const funded = 5_000 * HOLD;
    await admin('POST', `/${id}/adjustments`, { amount_micro_usd: funded, reference: 'start', note: 'test' });
    const standing = async () =>
      (await fetch(`${first.url}/api/account`, { headers: { authorization: `Bearer ${key}` } })).json() as Promise<any>;

    const shown = async () => {
      await until(async () => (await standing()).available_micro_usd !== undefined, 6_000);
      return standing();
    };
    const seen: { at: number; status: number }[] = [];
    let running = true;
    const caller = async (host: number) => {
      while (running) {
        const response = await hosts[host]!.post('/v1/chat/completions', chat, { key }).catch(() => undefined);
        await response?.text().catch(() => undefined);
        const status = response?.status ?? 0;
        seen.push({ at: performance.now(), status });
        if (status !== 200) await sleep(50);
      }
    };
    const callers = hosts.flatMap((_, host) => Array.from({ length: CALLERS }, () => caller(host)));
    await sleep(500);
    await hosts[2]!.kill('SIGKILL');
    await sleep(500);
    hosts[2] = await start(dataDirs[2]!);
    await sleep(1_500); // its journal is recorded: Redis alone knew until then what it had charged
    const flushedAt = performance.now();
    await redis.flush();
    await sleep(500);
    // Enough is left for what is asked for meanwhile, and so little that they soon fight for the last of it.
    const { available_micro_usd: available } = await shown();
    const surplus = { amount_micro_usd: 150 * HOLD - available, reference: 'surplus', note: 'test' };
    await admin('POST', `/${id}/adjustments`, surplus);
    await until(async () => (await standing()).available_micro_usd < HOLD, 30_000);
    running = false;
    await Promise.all(callers);

    const isDecided = ({ at, status }: { at: number; status: number }) =>
      at > flushedAt + 500 && [200, 403].includes(status);
    expect(seen.find(isDecided)!.at - flushedAt).toBeLessThan(5_000);
    for (const { status } of seen) expect([0, 200, 403, 503]).toContain(status); // 0: its host was gone

    // What the killed host held comes back once its journal is recorded, a few seconds after its next start.
    await until(async () => (await standing()).held_micro_usd === 0, 15_000);
    const { balance_micro_usd: balance } = await standing();
    expect(balance).toBeGreaterThanOrEqual(0);
    // All that is left is paid for now, to the last request that it covers.
    let paid = 0;
    while ((await first.post('/v1/chat/completions', chat, { key })).status === 200) paid++;
    expect(paid).toBe(Math.floor(balance / HOLD));
    const last = await standing();
    expect(last.balance_micro_usd).toBeGreaterThanOrEqual(0);
    expect(last.balance_micro_usd).toBeLessThan(HOLD + paid);
    await until(async () => (await admin('GET', `/${id}`)).balance_micro_usd === last.balance_micro_usd, 5_000);
    expect(await first.admin('GET', '/api/admin/ledger/check')).toMatchObject({ ok: true, problems: [] });
  });

  it('trap 10: of 200 parallel requests on three hosts, one of which is killed, exactly those pass that the balance covers', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>(resolve => (release = resolve));
    const seen = new Map<string, number>();
    upstream.answers(async (request, response) => {
      seen.set(request.body.user, (seen.get(request.body.user) ?? 0) + 1);
      await released;
      await answerJson(chatAnswer('Hello!', { usage: usage(INPUT, 1_000) }))(request, response);
    });
    const [first] = hosts as [LazuProcess];
    const made = await first.admin('POST', '/api/admin/accounts', { name: 'parallel' });
    const { id } = made as { id: string };
    const { key } = await first.admin('POST', `/api/admin/accounts/${id}/keys`, { name: 'k' });
    const granted = 50 * HOLD + HOLD - 1;
    const grant = { amount_micro_usd: granted, reference: 'start', note: 'test' };
    await first.admin('POST', `/api/admin/accounts/${id}/adjustments`, grant);
    const standing = async () => (await first.fresh('GET', '/api/account', { key })).json;
    // The mark has as many bytes as are taken out of the message.
    const marked = (host: number) => ({ ...chat, messages: [{ role: 'user', content: '.' }], user: `h${host}` });
    const ask = (_: unknown, n: number): Promise<number> =>
      hosts[n % 3]!.post('/v1/chat/completions', marked(n % 3), { key }).then(
        async response => (await response.text(), response.status),
        () => 0,
      );
    expect(Buffer.byteLength(JSON.stringify(marked(0)))).toBe(INPUT - 1_024);
    const all = Promise.all(Array.from({ length: 200 }, ask));
    await until(() => upstream.seen.length >= 50, 20_000);
    await sleep(500);
    expect(await standing()).toMatchObject({ held_micro_usd: 50 * HOLD, available_micro_usd: HOLD - 1 });
    const begun = seen.get('h2')!;
    expect(begun).toBeGreaterThan(0);
    await hosts[2]!.kill('SIGKILL');
    release();
    const statuses = await all;
    const paid = statuses.filter(status => status === 200).length;
    expect(paid).toBe(50 - begun);
    expect(upstream.seen).toHaveLength(50);
    hosts[2] = await start(dataDirs[2]!);
    await until(async () => (await standing()).held_micro_usd === 0, 20_000);
    expect((await standing()).balance_micro_usd).toBe(granted - paid * HOLD);
    // What came back can be spent, to the last request.
    const again = await Promise.all(Array.from({ length: 60 }, ask));
    expect(again.filter(status => status === 200)).toHaveLength(begun);
    expect((await standing()).balance_micro_usd).toBe(HOLD - 1);
    await until(
      async () => (await first.admin('GET', `/api/admin/accounts/${id}`)).balance_micro_usd === HOLD - 1,
      5_000,
    );
    expect(await first.admin('GET', '/api/admin/ledger/check')).toMatchObject({ ok: true, problems: [] });
  });
});
