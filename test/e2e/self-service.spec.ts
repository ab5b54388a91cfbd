import pg from 'pg';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { answerJson, chatAnswer, FakeUpstream, usage } from '../support/fake-upstream.js';
import { pastMidnight } from '../support/midnight.js';
import { until } from '../support/usage.js';

const DAY_MS = 24 * 3_600_000;
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const daysAgo = (days: number) => dayOf(Date.now() - days * DAY_MS);

describe('what a key finds out about itself', () => {
  let lazu: TestLazu;
  let upstream: FakeUpstream;
  let database: pg.Client;
  beforeAll(pastMidnight);
  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    lazu = await bootLazu({
      BILLING: 'prepaid',
      TIERS: '',
      OPENAI_API_KEY: 'sk-operators-secret',
      OPENAI_BASE_URL: `${upstream.url}/v1`,
    });
    database = new pg.Client({ connectionString: lazu.databaseUrl });
    await database.connect();
  });
  afterAll(async () => {
    await database.end();
    await lazu.close();
    await upstream.stop();
  });

  interface Key {
    readonly id: string;
    readonly account: string;
    readonly get: (path: string) => Promise<any>;
    readonly status: (path: string) => Promise<number>;
    readonly chat: () => Promise<string>;
  }
  let serial = 0;
  const account = async (body: object = {}): Promise<string> =>
    (await lazu.admin('POST', '/api/admin/accounts', { name: `tenant ${++serial}`, ...body })).id;
  const topUp = (id: string, usd: number) =>
    lazu.admin('POST', `/api/admin/accounts/${id}/topups`, {
      amount_micro_usd: usd * 1_000_000,
      reference: `r${++serial}`,
    });

  async function keyOf(accountId: string, body: object = {}): Promise<Key> {
    const { id, key } = await lazu.admin('POST', `/api/admin/accounts/${accountId}/keys`, { name: 'k', ...body });
    const bearer = { authorization: `Bearer ${key}` };
    const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Say hello' }], max_tokens: 100 };
    return {
      id,
      account: accountId,
      get: async path => (await lazu.get(path, bearer)).json(),
      status: async path => (await lazu.get(path, bearer)).status,
      chat: async () => {
        const response = await lazu.post('/v1/chat/completions', chat, bearer);
        await response.text();
        return response.headers.get('x-lazu-request-id')!;
      },
    };
  }
  const roll = ({ account, id }: Key, day: string, model: string, chargeMicroUsd: number, requests = 1) =>
    database.query(
      `INSERT INTO usage_rollups (day, account_id, key_id, model, lane, requests, input_tokens, output_tokens, charge_micro_usd)
       VALUES ($1, $2, $3, $4, 'direct', $5, 10, 5, $6)`,
      [day, account, id, model, requests, chargeMicroUsd],
    );

  describe('GET /api/account', () => {
    const limits = async (key: Key) => {
      const { tier, limits: found } = await key.get('/api/account');
      return [tier, found.rpm, found.tpm];
    };

    it('has the tier and its limits, at once after a top-up', async () => {
      const id = await account();
      const key = await keyOf(id);
      expect(await limits(key)).toEqual(['unverified', 5, 5_000]);
      await topUp(id, 5);
      expect(await limits(key)).toEqual(['0', 60, 100_000]);
      await topUp(id, 95);
      expect(await limits(key)).toEqual(['2', 300, 1_000_000]);
    });

    it('has the lower of key and account, whichever set it', async () => {
      const id = await account({ tier: '1' });
      const [free, slow, eager] = await Promise.all([
        keyOf(id),
        keyOf(id, { rpm: 7, tpm: 900 }),
        keyOf(id, { rpm: 100_000, tpm: 5_000_000 }),
      ]);
      expect(await Promise.all([free, slow, eager].map(limits))).toEqual([
        ['1', 120, 300_000],
        ['1', 7, 900],
        ['1', 120, 300_000],
      ]);
      await lazu.admin('PATCH', `/api/admin/accounts/${id}`, { rpm: 50, tpm: 800 });
      expect(await Promise.all([free, slow, eager].map(limits))).toEqual([
        ['1', 50, 800],
        ['1', 7, 800],
        ['1', 50, 800],
      ]);
    });

    it('has the balance less what was charged a moment ago, for all keys of the account', async () => {
      upstream.answers(answerJson(chatAnswer('Hello!', { usage: usage(10, 100) })));
      const id = await account();
      await topUp(id, 5);
      const [one, other] = await Promise.all([keyOf(id), keyOf(id)]);
      const request = await one.chat();
      const { charge_micro_usd: charge } = (await one.get(`/api/usage/requests/${request}`)).billing;
      expect(charge).toBe(Math.round(10 * 0.15 + 100 * 0.6));
      const left = {
        balance_micro_usd: 5_000_000 - charge,
        held_micro_usd: 0,
        available_micro_usd: 5_000_000 - charge,
      };
      for (const key of [one, other]) expect(await key.get('/api/account')).toMatchObject({ account_id: id, ...left });
    });

    it('has what is left of a quota in its period, and when that ends', async () => {
      const id = await account();
      const quota = (quota_period: string | null) => keyOf(id, { quota_micro_usd: 1_000_000, quota_period });
      const [total, day, month] = await Promise.all([quota('total'), quota('day'), quota('month')]);
      const now = new Date();
      const [year, at] = [now.getUTCFullYear(), now.getUTCMonth()];
      const lastMonth = dayOf(Date.UTC(year, at, 0));
      for (const key of [total, day, month]) {
        await roll(key, lastMonth, 'm', 600_000);
        await roll(key, dayOf(now.getTime()), 'm', 50_000);
      }
      const left = async (key: Key) => {
        const { period, used_micro_usd, remaining_micro_usd, resets_at } = (await key.get('/api/account')).quota;
        return { period, used_micro_usd, remaining_micro_usd, resets_at };
      };
      const fresh = { used_micro_usd: 50_000, remaining_micro_usd: 950_000 };
      expect(await left(total)).toEqual({
        period: 'total',
        used_micro_usd: 650_000,
        remaining_micro_usd: 350_000,
        resets_at: null,
      });
      const midnight = Date.UTC(year, at, now.getUTCDate() + 1);
      expect(await left(day)).toEqual({ period: 'day', ...fresh, resets_at: new Date(midnight).toISOString() });
      const first = new Date(Date.UTC(year, at + 1)).toISOString();
      expect(await left(month)).toEqual({ period: 'month', ...fresh, resets_at: first });
      expect((await (await keyOf(id)).get('/api/account')).quota).toBeNull();
    });
  });

  describe('GET /api/usage', () => {
    let key: Key;
    let colleague: Key;
    beforeAll(async () => {
      const id = await account();
      [key, colleague] = await Promise.all([keyOf(id), keyOf(id)]);
      await roll(key, daysAgo(0), 'dear', 900);
      await roll(key, daysAgo(0), 'cheap', 1, 7);
      await roll(key, daysAgo(2), 'cheap', 2);
      await roll(key, daysAgo(29), 'cheap', 4);
      await roll(key, daysAgo(30), 'cheap', 8);
      await roll(key, daysAgo(399), 'dear', 16);
      await roll(colleague, daysAgo(0), 'dear', 1_000_000);
    });
    const days = async (query: string) => {
      const report = await key.get(`/api/usage?${query}`);
      const found = report.data.map((row: any) => [row.day, row.charge_micro_usd]);
      return { from: report.from, to: report.to, found, total: report.total.charge_micro_usd };
    };

    it('is of the last 30 days, today included, oldest first', async () => {
      expect(await days('')).toEqual({
        from: daysAgo(29),
        to: daysAgo(0),
        found: [
          [daysAgo(29), 4],
          [daysAgo(2), 2],
          [daysAgo(0), 901],
        ],
        total: 907,
      });
    });

    it('takes either end alone, and both are included', async () => {
      expect(await days(`from=${daysAgo(2)}`)).toMatchObject({ from: daysAgo(2), to: daysAgo(0), total: 903 });
      expect(await days(`to=${daysAgo(1)}`)).toMatchObject({ from: daysAgo(30), to: daysAgo(1), total: 14 });
      expect(await days(`from=${daysAgo(30)}&to=${daysAgo(29)}`)).toMatchObject({ total: 12 });
      expect(await days(`from=${daysAgo(2)}&to=${daysAgo(2)}`)).toMatchObject({ found: [[daysAgo(2), 2]], total: 2 });
      expect(await days(`from=${daysAgo(399)}`)).toMatchObject({ total: 931 });
    });

    it('groups by model, dearest first, and by key: its own alone', async () => {
      const byModel = await key.get('/api/usage?group_by=model');
      const sums = { failures: 0, cache_read_tokens: 0 };
      expect(byModel.data).toEqual([
        { model: 'dear', requests: 1, input_tokens: 10, output_tokens: 5, charge_micro_usd: 900, ...sums },
        { model: 'cheap', requests: 9, input_tokens: 30, output_tokens: 15, charge_micro_usd: 7, ...sums },
      ]);
      expect(byModel.total).toEqual({
        requests: 10,
        input_tokens: 40,
        output_tokens: 20,
        charge_micro_usd: 907,
        ...sums,
      });
      const byKey = await key.get('/api/usage?group_by=key');
      expect(byKey.data).toEqual([{ key_id: key.id, ...byModel.total }]);
      expect((await colleague.get('/api/usage?group_by=key')).data).toEqual([
        expect.objectContaining({ key_id: colleague.id, charge_micro_usd: 1_000_000 }),
      ]);
    });

    it.each([
      `from=${daysAgo(400)}`,
      'from=2026-1-1',
      'from=2026-01-01T00:00:00Z',
      'to=0000-00-00',
      'from=2026-01-02&to=2026-01-01',
      'from=2026-01-01&from=2026-01-02',
      'group_by=day&group_by=model',
      'group_by=day,model',
      'group_by=lane',
      'group_by=',
    ])('refuses %s with 422', async query => {
      expect(await key.status(`/api/usage?${query}`)).toBe(422);
    });
  });

  describe('GET /api/usage/requests/{id}', () => {
    const channel = (name: string, priority: number, url: string) =>
      lazu.admin('POST', '/api/admin/channels', {
        name,
        priority,
        provider: 'openai',
        credential: 'sk-channel',
        base_url: url,
        models: [{ model: 'gpt-4o-mini' }],
      });

    it('says why it went where it went, and that nobody answered when nobody did', async () => {
      upstream.answers(answerJson(chatAnswer('Hello!', { usage: usage(10, 100) })));
      const id = await account();
      await topUp(id, 5);
      const key = await keyOf(id);
      const broken = await FakeUpstream.start();
      broken.answers(answerJson({ error: { message: 'down' } }, 503));
      try {
        const first = await channel('first', -2, `${broken.url}/v1`);
        const { routing, status } = await key.get(`/api/usage/requests/${await key.chat()}`);
        expect(status).toBe('completed');
        const [tried, answered] = routing.attempts;
        expect(routing.attempts).toHaveLength(2);
        expect(tried).toMatchObject({ channel: first.id, outcome: 'upstream_unavailable', upstream_status: 503 });
        expect(answered).toMatchObject({ outcome: 'ok', upstream_status: 200, upstream_model: 'gpt-4o-mini' });
        expect(routing.candidates.map((candidate: any) => candidate.channel).slice(0, 2)).toEqual([
          first.id,
          answered.channel,
        ]);
        for (const candidate of routing.candidates) expect(candidate.reason).toMatch(/\w/);
        const chosen = routing.candidates.find((candidate: any) => candidate.channel === answered.channel);
        expect([routing.lane, routing.reason]).toEqual(['direct', chosen.reason]);

        upstream.answers(answerJson({ error: { message: 'down' } }, 503));
        const failed = await key.get(`/api/usage/requests/${await key.chat()}`);
        expect(failed).toMatchObject({ status: 'failed', http_status: 503, billing: { charge_micro_usd: 0 } });
        expect(failed.routing.attempts.length).toBeGreaterThan(0);
        expect(failed.routing.reason).toBeNull();
      } finally {
        await broken.stop();
      }
    });

    it('has line items that make up the charge, and the charge is what the balance lost', async () => {
      const details = {
        prompt_tokens_details: { cached_tokens: 400 },
        completion_tokens_details: { reasoning_tokens: 30 },
      };
      upstream.answers(answerJson(chatAnswer('Hello!', { usage: { ...usage(1_000, 50), ...details } })));
      const id = await account();
      await topUp(id, 5);
      const key = await keyOf(id);
      const record = await key.get(`/api/usage/requests/${await key.chat()}`);
      expect(record.usage).toEqual({
        dimensions: [
          { name: 'input', quantity: 600 },
          { name: 'cache_read', quantity: 400 },
          { name: 'output', quantity: 50 },
        ],
        reasoning_tokens: 30,
      });
      const items = record.billing.line_items;
      expect(items.map((item: any) => [item.dimension, item.quantity, item.unit_price_pico_usd])).toEqual([
        ['input', 600, '150000'],
        ['cache_read', 400, '75000'],
        ['output', 50, '600000'],
      ]);
      const pico = items.reduce((sum: bigint, item: any) => sum + BigInt(item.amount_pico_usd), 0n);
      expect(record.billing.charge_micro_usd).toBe(Number((pico + 500_000n) / 1_000_000n));
      expect(record.provider_usage.raw_fields).toMatchObject({ prompt_tokens: 1_000, ...details });
      await until(async () => {
        const { data } = await lazu.admin('GET', `/api/admin/accounts/${id}/ledger`);
        return data[0].kind === 'usage';
      });
      const { balance_micro_usd } = await key.get('/api/account');
      expect(balance_micro_usd).toBe(5_000_000 - record.billing.charge_micro_usd);
    });
  });
});
