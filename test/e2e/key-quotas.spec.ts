import pg from 'pg';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { answerJson, chatAnswer, FakeUpstream, usage } from '../support/fake-upstream.js';
import { pastMidnight } from '../support/midnight.js';
import { hasRedis, RedisServer } from '../support/redis-server.js';
import { until } from '../support/usage.js';

/** gpt-4o-mini: 0.15 and 0.60 USD per million tokens. */
const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Say hello' }], max_tokens: 1_000 };
/** Every byte of the body might be a token, and vendors put up to 1,024 before it. */
const INPUT = Buffer.byteLength(JSON.stringify(chat)) + 1_024;
/** Each answer costs all that was held for it, or half a microUSD less. */
const HOLD = Math.ceil(INPUT * 0.15 + 1_000 * 0.6);
const CHARGE = Math.round(INPUT * 0.15 + 1_000 * 0.6);
const DAY_MS = 24 * 60 * 60_000;

const places = hasRedis('key quotas in Redis') ? ['memory', 'Redis'] : ['memory'];
const modes = places.flatMap(place => ['off', 'prepaid'].map(billing => ({ billing, place })));

describe.each(modes)('a key’s quota with BILLING=$billing, counted in $place', ({ billing, place }) => {
  let lazu: TestLazu;
  let upstream: FakeUpstream;
  let redis: RedisServer | undefined;
  let accountId: string;
  beforeAll(pastMidnight);
  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    upstream.answers(answerJson(chatAnswer('Hello!', { usage: usage(INPUT, 1_000) })));
    redis = place === 'Redis' ? await RedisServer.start() : undefined;
    lazu = await bootLazu({
      BILLING: billing,
      OPENAI_API_KEY: 'sk-operators-secret',
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      ...(redis && { REDIS_URL: redis.url }),
    });
    accountId = (await lazu.admin('POST', '/api/admin/accounts', { name: 'tenant' })).id;
    const funds = { amount_micro_usd: 1_000_000_000, reference: 'start' };
    await lazu.admin('POST', `/api/admin/accounts/${accountId}/topups`, funds);
  });
  afterAll(async () => {
    await lazu.close();
    await redis?.stop();
    await upstream.stop();
  });

  async function newKey(quota: object) {
    const made = await lazu.admin('POST', `/api/admin/accounts/${accountId}/keys`, { name: 'k', ...quota });
    const { id, key } = made as { id: string; key: string };
    const headers = { authorization: `Bearer ${key}` };
    return {
      id,
      change: (quota: object) => lazu.admin('PATCH', `/api/admin/keys/${id}`, quota),
      quota: async () => (await (await lazu.get('/api/account', headers)).json()).quota,
      /** The status, and of a refusal what is not enough. */
      ask: async () => {
        const response = await lazu.post('/v1/chat/completions', chat, headers);
        const { error } = await response.json();
        return error ? [response.status, error.code, error.param] : [response.status];
      },
    };
  }
  const REFUSED = [403, 'insufficient_quota', 'key_quota'];
  /** What fits before the quota is used up. */
  async function useUp(key: { ask(): Promise<unknown[]> }): Promise<number> {
    for (let passed = 0; ; passed++) {
      const said = await key.ask();
      if (said[0] === 200) continue;
      expect(said).toEqual(REFUSED);
      return passed;
    }
  }

  it('raised, lowered and taken away by PATCH binds the very next request', async () => {
    const key = await newKey({ quota_micro_usd: 2 * HOLD });
    expect(await useUp(key)).toBe(2);
    expect(await key.quota()).toMatchObject({ period: 'total', used_micro_usd: 2 * CHARGE, held_micro_usd: 0 });
    await key.change({ quota_micro_usd: 5 * HOLD });
    expect(await useUp(key)).toBe(3);
    await key.change({ quota_micro_usd: null });
    expect([await key.ask(), await key.ask()]).toEqual([[200], [200]]);
    expect(await key.quota()).toBeNull();
    await key.change({ quota_micro_usd: 6 * HOLD }); // what was spent meanwhile counts
    await until(async () => (await key.quota()).used_micro_usd === 7 * CHARGE);
    expect(await key.quota()).toMatchObject({ remaining_micro_usd: 0 });
    expect(await key.ask()).toEqual(REFUSED);
    await key.change({ quota_micro_usd: 8 * HOLD });
    expect(await useUp(key)).toBe(1);
    await key.change({ quota_micro_usd: 0 });
    expect(await key.ask()).toEqual(REFUSED);
  });

  it('counts by the period that it has now: the day, the month or all of its life, in UTC', async () => {
    const key = await newKey({ quota_micro_usd: 1_000 * HOLD, quota_period: 'total' });
    const now = Date.now();
    const month = Date.UTC(new Date(now).getUTCFullYear(), new Date(now).getUTCMonth());
    const today = now - (now % DAY_MS);
    const spent = new Map([[today, 7]]);
    for (const [day, micro] of [[month, 50], [month - DAY_MS, 300], [today - 500 * DAY_MS, 1_000]] as const) spent.set(day, (spent.get(day) ?? 0) + micro); // prettier-ignore
    const database = new pg.Client({ connectionString: lazu.databaseUrl });
    await database.connect();
    for (const [day, micro] of spent) {
      await database.query(
        `INSERT INTO usage_rollups (day, account_id, key_id, model, lane, charge_micro_usd) VALUES ($1, $2, $3, 'm', 'direct', $4)`,
        [new Date(day).toISOString().slice(0, 10), accountId, key.id, micro],
      );
    }
    await database.end();
    const since = (from: number) => [...spent].reduce((sum, [day, micro]) => sum + (day >= from ? micro : 0), 0);
    for (const [period, from] of [
      ['total', 0],
      ['month', month],
      ['day', today],
      ['month', month],
      ['total', 0],
    ] as const) {
      // prettier-ignore
      await key.change({ quota_period: period, quota_micro_usd: since(from) + HOLD });
      expect(await key.quota()).toMatchObject({ period, used_micro_usd: since(from), remaining_micro_usd: HOLD });
      await key.change({ quota_micro_usd: since(from) + HOLD - 1 });
      expect([period, await key.ask()]).toEqual([period, REFUSED]);
    }
    await key.change({ quota_micro_usd: since(0) + HOLD });
    expect(await useUp(key)).toBe(1);
    await key.change({ quota_period: 'day' });
    expect(await key.quota()).toMatchObject({ used_micro_usd: since(today) + CHARGE });
  });

  it('binds its key alone', async () => {
    const [key, other] = [await newKey({ quota_micro_usd: HOLD, quota_period: 'month' }), await newKey({})];
    expect(await useUp(key)).toBe(1);
    expect(await other.ask()).toEqual([200]);
    expect(await other.quota()).toBeNull();
  });
});
