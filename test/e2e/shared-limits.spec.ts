import { setTimeout as sleep } from 'node:timers/promises';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { answerJson, chatAnswer, FakeUpstream, usage } from '../support/fake-upstream.js';
import { describeWithRedis, RedisServer } from '../support/redis-server.js';
import { until } from '../support/usage.js';

const messages = [{ role: 'user' as const, content: 'Say hello now' }];
/** gpt-4o-mini: 0.15 and 0.60 USD per million tokens. */
const chat = { model: 'gpt-4o-mini', messages, max_tokens: 1_000 };
/** Every byte of the body might be a token, and vendors put up to 1,024 before it: that and 1,000 tokens of output, rounded up. */
/** A multiple of 20: what is held and what is paid are the same to the microUSD. */
const INPUT = Buffer.byteLength(JSON.stringify(chat)) + 1_024;
const HOLD = Math.ceil(INPUT * 0.15 + 1_000 * 0.6);
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describeWithRedis('three hosts on one Redis', () => {
  let redis: RedisServer;
  let upstream: FakeUpstream;
  let hosts: TestLazu[];
  let environment: Record<string, string>;
  beforeAll(async () => {
    redis = await RedisServer.start({ password: 'not/for@logs' });
    upstream = await FakeUpstream.start();
    environment = {
      BILLING: 'prepaid',
      OPENAI_API_KEY: 'sk-operators-secret',
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      REDIS_URL: redis.url,
    };
    const first = await bootLazu(environment);
    hosts = [first, await bootLazu(environment, first), await bootLazu(environment, first)];
  });
  afterAll(async () => {
    for (const host of hosts.reverse()) await host.close();
    await upstream.stop();
    await redis.stop();
  });
  beforeEach(() => upstream.answers(answerJson(chatAnswer('Hello!', { usage: usage(INPUT, 1_000) }))));

  let serial = 0;
  const admin = (method: string, path: string, body?: object) => hosts[0]!.admin(method, `/api/admin${path}`, body);

  /** An account with so much, to the microUSD, and a key. */
  async function tenant(microUsd: number, key: object = {}, account: object = {}) {
    const { id } = await admin('POST', '/accounts', { name: `tenant ${++serial}`, ...account });
    const funds = { amount_micro_usd: microUsd, reference: 'start', note: 'test' };
    if (microUsd > 0) await admin('POST', `/accounts/${id}/adjustments`, funds);
    const made = await admin('POST', `/accounts/${id}/keys`, { name: 'k', ...key });
    return { id: id as string, keyId: made.id as string, key: made.key as string };
  }

  const ask = (host: TestLazu, key: string) => host.post('/v1/chat/completions', chat, bearer(key));
  const standing = async (key: string, host = hosts[1]!) => (await host.get('/api/account', bearer(key))).json();

  /** So many requests at once, in turn on all hosts; their statuses, sorted. */
  async function together(count: number, key: string): Promise<number[]> {
    const answers = Array.from({ length: count }, async (_, index) => {
      const response = await ask(hosts[index % hosts.length]!, key);
      await response.text();
      return response.status;
    });
    return (await Promise.all(answers)).sort();
  }
  const counted = (statuses: readonly number[], status: number) => statuses.filter(one => one === status).length;

  it('trap 10: of 200 parallel requests exactly those pass that the balance covers, and it never falls below zero', async () => {
    let release = (): void => undefined;
    const decided = new Promise<void>(resolve => (release = resolve));
    upstream.answers(async (request, response) => {
      await decided;
      await answerJson(chatAnswer('Hello!', { usage: usage(INPUT, 1_000) }))(request, response);
    });
    const { key, id } = await tenant(50 * HOLD + HOLD - 1);
    const before = upstream.seen.length;
    const all = together(200, key);
    await until(() => upstream.seen.length - before >= 50, 10_000);
    await sleep(500);
    // Trap 11: every host shows what enforces.
    for (const host of hosts) {
      expect(await standing(key, host)).toMatchObject({ held_micro_usd: 50 * HOLD, available_micro_usd: HOLD - 1 });
    }
    release();
    const statuses = await all;
    expect([counted(statuses, 200), counted(statuses, 403)]).toEqual([50, 150]);
    expect(upstream.seen.length - before).toBe(50);
    // Answers do not wait for Redis to hear of their end.
    await until(async () => (await standing(key)).held_micro_usd === 0);
    const left = await standing(key);
    expect(left.available_micro_usd).toBe(left.balance_micro_usd);
    expect(left.balance_micro_usd).toBeGreaterThanOrEqual(0);
    await until(async () => (await admin('GET', `/accounts/${id}`)).balance_micro_usd === left.balance_micro_usd);
  });

  it('trap 14: requests per minute are those of all hosts together', async () => {
    const { key } = await tenant(1_000 * HOLD, {}, { rpm: 30 });
    const statuses = await together(60, key);
    expect([counted(statuses, 200), counted(statuses, 429)]).toEqual([30, 30]);
    const refused = await ask(hosts[2]!, key);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
    expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0');
  });

  it('trap 15: parallel requests do not slip through the tokens per minute', async () => {
    // Estimated at what the body may hold and 1,000 tokens of output.
    const { key } = await tenant(1_000 * HOLD, {}, { tpm: 10_500 });
    const statuses = await together(40, key);
    expect(counted(statuses, 200)).toBeLessThanOrEqual(10);
    expect(counted(statuses, 200)).toBeGreaterThanOrEqual(9);
    expect(counted(statuses, 200) + counted(statuses, 429)).toBe(40);
  });

  it('holds a key to its quota on all hosts', async () => {
    const { key } = await tenant(1_000 * HOLD, { quota_micro_usd: 7 * HOLD, quota_period: 'day' });
    expect(counted(await together(30, key), 200)).toBe(7);
    await until(async () => (await standing(key)).quota.held_micro_usd === 0);
  });

  it('lets a request through everywhere as soon as a top-up has been answered', async () => {
    const { id, key } = await tenant(0);
    for (const host of hosts) expect((await ask(host, key)).status).toBe(403);
    await hosts[2]!.admin('POST', `/api/admin/accounts/${id}/topups`, { amount_micro_usd: 5_000_000, reference: 'a' });
    for (const host of hosts) expect((await ask(host, key)).status).toBe(200);
  });

  describe('trap 17: the next request to start is refused on the other hosts at once', () => {
    const never = { expires_at: '2020-01-01T00:00:00Z' };
    it.each([
      ['key is deleted', (of: { keyId: string }) => admin('DELETE', `/keys/${of.keyId}`), 401, 'invalid_api_key'],
      [
        'key is disabled',
        (of: { keyId: string }) => admin('PATCH', `/keys/${of.keyId}`, { disabled: true }),
        403,
        'token_disabled',
      ],
      ['key expires', (of: { keyId: string }) => admin('PATCH', `/keys/${of.keyId}`, never), 401, 'token_expired'],
      [
        'account is suspended',
        (of: { id: string }) => admin('PATCH', `/accounts/${of.id}`, { status: 'suspended' }),
        403,
        'account_suspended',
      ],
    ])('when a %s', async (_what, revoke, status, code) => {
      const of = await tenant(1_000 * HOLD);
      for (const host of hosts) expect((await ask(host, of.key)).status).toBe(200);
      await revoke(of);
      const answers = await Promise.all(hosts.map(host => ask(host, of.key)));
      expect(answers.map(answer => answer.status)).toEqual([status, status, status]);
      expect((await answers[2]!.json()).error.code).toBe(code);
    });

    it('and admitted again when that is undone', async () => {
      const { keyId, key } = await tenant(1_000 * HOLD);
      await admin('PATCH', `/keys/${keyId}`, { disabled: true });
      expect((await ask(hosts[1]!, key)).status).toBe(403);
      await admin('PATCH', `/keys/${keyId}`, { disabled: false });
      await until(async () => (await ask(hosts[1]!, key)).status === 200, 2_000);
    });
  });

  it('says in /readyz that Redis is up, and warns of nobody', async () => {
    const report = await (await hosts[1]!.get('/readyz')).json();
    expect(report).toMatchObject({ status: 'ready', redis: 'up' });
  });

  it('goes on where it was when Redis forgets everything in the middle of it', async () => {
    upstream.answers(async (request, response) => {
      await sleep(200);
      await answerJson(chatAnswer('Hello!', { usage: usage(INPUT, 1_000) }))(request, response);
    });
    const { key } = await tenant(40 * HOLD + HOLD - 1);
    const before = upstream.seen.length;
    const running = together(30, key);
    await until(() => upstream.seen.length - before === 30);
    await redis.flush();
    const flushedAt = performance.now();
    const statuses = new Set<number>();
    while (upstream.seen.length - before < 40 && performance.now() - flushedAt < 5_000) {
      for (const status of await together(9, key)) statuses.add(status);
    }
    expect(counted(await running, 200)).toBe(30);
    while ((await ask(hosts[1]!, key)).status === 200);
    expect(upstream.seen.length - before).toBe(40);
    for (const status of statuses) expect([200, 403, 503]).toContain(status);
    await until(async () => (await standing(key)).held_micro_usd === 0);
    const left = await standing(key);
    expect(left.balance_micro_usd).toBeGreaterThanOrEqual(HOLD - 1);
    expect(left.balance_micro_usd).toBeLessThan(HOLD + 40);
  });

  describe('while Redis is away', () => {
    let of: Awaited<ReturnType<typeof tenant>>;
    beforeAll(async () => {
      of = await tenant(1_000 * HOLD);
      expect((await ask(hosts[1]!, of.key)).status).toBe(200);
      await redis.kill();
    });

    it('refuses at once what money binds, and says when to come back', async () => {
      const since = performance.now();
      const answers = await Promise.all(hosts.map(host => ask(host, of.key)));
      expect(performance.now() - since).toBeLessThan(1_000);
      for (const answer of answers) {
        expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
        expect((await answer.json()).error).toMatchObject({ code: 'service_unavailable', type: 'api_error' });
      }
      expect((await hosts[0]!.get('/api/account', bearer(of.key))).status).toBe(503);
    });

    it('serves what asks for no money, and stays ready', async () => {
      expect((await hosts[0]!.get('/v1/models', bearer(of.key))).status).toBe(200);
      const ready = await hosts[0]!.get('/readyz');
      expect(ready.status).toBe(200);
      expect(await ready.json()).toMatchObject({ redis: 'down' });
      expect(await (await fetch(`${hosts[0]!.url}/metrics`)).text()).toMatch(/^lazu_redis_up 0/m);
    });

    it('trap 17: revokes all the same, elsewhere within a second', async () => {
      const since = performance.now();
      await admin('DELETE', `/keys/${of.keyId}`);
      expect(performance.now() - since).toBeLessThan(1_000);
      await until(async () => (await ask(hosts[2]!, of.key)).status === 401, 1_000);
    });

    it('goes on within 5 s when it is back', async () => {
      const { key } = await tenant(1_000 * HOLD);
      await redis.restart();
      for (const host of hosts) await until(async () => (await ask(host, key)).status === 200, 5_000);
      expect(await (await hosts[0]!.get('/readyz')).json()).toMatchObject({ redis: 'up' });
    });
  });

  it('leaves a ledger that adds up', async () => {
    expect(await admin('GET', '/ledger/check')).toMatchObject({ ok: true, problems: [] });
  });
});
