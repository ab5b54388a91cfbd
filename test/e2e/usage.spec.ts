import { ulid } from 'ulid';
import { createTestDatabase } from '../support/database.js';
import { DatabaseLink } from '../support/database-link.js';
import { bootLazu, type TestLazu } from '../support/boot.js';

const chat = { model: 'lazu/sandbox', messages: [{ role: 'user', content: 'What does this cost?' }] };
const today = () => new Date().toISOString().slice(0, 10);

describe('what a key’s calls cost', () => {
  let lazu: TestLazu;
  let accountId: string;
  beforeAll(async () => {
    lazu = await bootLazu();
    accountId = (await lazu.admin('GET', '/api/admin/accounts')).data[0].id;
  });
  afterAll(() => lazu.close());

  async function call(body: object = chat, headers: Record<string, string> = {}) {
    const response = await lazu.post('/v1/chat/completions', body, headers);
    const text = await response.text();
    return { status: response.status, id: response.headers.get('x-lazu-request-id')!, text, headers: response.headers };
  }
  const newKey = async (body: object = {}) =>
    lazu.admin('POST', `/api/admin/accounts/${accountId}/keys`, { name: 'another', ...body });
  const as = (key: string) => ({ authorization: `Bearer ${key}` });

  it('is there at once, with everything the contract names', async () => {
    const { id, text } = await call();
    const response = await lazu.get(`/api/usage/requests/${id}`);
    expect(response.status).toBe(200);
    const usage = await response.json();
    const { prompt_tokens: input, completion_tokens: output } = JSON.parse(text).usage;
    expect(usage).toMatchObject({
      object: 'request_usage',
      request_id: id,
      endpoint: '/v1/chat/completions',
      stream: false,
      model: 'lazu/sandbox',
      resolved_model: expect.any(String),
      status: 'completed',
      http_status: 200,
      error_code: null,
      usage: {
        dimensions: expect.arrayContaining([
          { name: 'input', quantity: input },
          { name: 'output', quantity: output },
        ]),
      },
      billing: { charge_micro_usd: expect.any(Number), price_id: expect.stringMatching(/^price_/) },
      usage_source: 'provider',
      usage_mismatch: false,
      provider_usage: { raw_fields: JSON.parse(text).usage },
      routing: {
        lane: 'direct',
        reason: expect.any(String),
        candidates: [expect.objectContaining({ provider: 'sandbox', reason: expect.any(String) })],
        attempts: [expect.objectContaining({ outcome: 'ok', upstream_status: 200 })],
      },
      timings: {
        started_at: expect.stringMatching(/Z$/),
        ended_at: expect.stringMatching(/Z$/),
        total_ms: expect.any(Number),
        dispatched_ms: expect.any(Number),
      },
    });
    for (const item of usage.billing.line_items) {
      expect(item).toEqual({
        dimension: expect.any(String),
        quantity: expect.any(Number),
        unit_price_pico_usd: expect.stringMatching(/^\d+$/),
        amount_pico_usd: String(BigInt(item.unit_price_pico_usd) * BigInt(item.quantity)),
      });
    }
    expect(usage).not.toHaveProperty('account_id');
  });

  it('trap 5: is the same for a stream and for the same answer in one piece', async () => {
    const [whole, stream] = [await call(), await call({ ...chat, stream: true })];
    const [one, other] = [await lazu.record(whole.id), await lazu.record(stream.id)];
    expect(other.stream).toBe(true);
    expect(other.usage).toEqual(one.usage);
    expect(other.billing).toEqual(one.billing);
  });

  it('is nobody else’s business: not even another key’s of the account', async () => {
    const { id } = await call();
    const { key } = await newKey();
    const other = await lazu.get(`/api/usage/requests/${id}`, as(key));
    expect(other.status).toBe(404);
    expect((await other.json()).error).toMatchObject({ code: 'request_not_found', param: 'request_id' });
    expect((await (await lazu.get('/api/usage', as(key))).json()).total.requests).toBe(0);
    expect((await lazu.get(`/api/usage/requests/${id}`, { authorization: '' })).status).toBe(401);
  });

  it('of an unknown id is 404: at once for an old or impossible one, after 2 s for one of this moment', async () => {
    for (const id of [
      `req_lazu_${ulid(Date.now() - 60_000)}`,
      'req_lazu_nonsense',
      `req_lazu_${ulid(Date.now() + 1e9)}`,
    ]) {
      const begun = Date.now();
      expect((await lazu.get(`/api/usage/requests/${id}`)).status).toBe(404);
      expect(Date.now() - begun).toBeLessThan(1_000);
    }
    const begun = Date.now();
    expect((await lazu.get(`/api/usage/requests/req_lazu_${ulid()}`)).status).toBe(404);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(1_900);
    expect(Date.now() - begun).toBeLessThan(4_000);
  });

  it('sums up by day and by model', async () => {
    const { key } = await newKey();
    const calls = await Promise.all([
      call(chat, as(key)),
      call(chat, as(key)),
      call({ ...chat, stream: true }, as(key)),
    ]);
    const records = await Promise.all(
      calls.map(async ({ id }) => (await lazu.get(`/api/usage/requests/${id}`, as(key))).json()),
    );
    const quantity = (name: string) =>
      records
        .flatMap(record => record.usage.dimensions)
        .reduce((sum, d) => sum + (d.name === name ? d.quantity : 0), 0);
    const sums = {
      requests: 3,
      failures: 0,
      input_tokens: quantity('input') + quantity('cache_read'),
      cache_read_tokens: quantity('cache_read'),
      output_tokens: quantity('output'),
      charge_micro_usd: records.reduce((sum, record) => sum + record.billing.charge_micro_usd, 0),
    };
    const report = async (query: string) => (await lazu.get(`/api/usage?${query}`, as(key))).json();
    for (let wait = 0; (await report('')).total.requests < 3 && wait < 20; wait++)
      await new Promise(r => setTimeout(r, 50));
    expect(await report('')).toMatchObject({
      object: 'usage_report',
      to: today(),
      group_by: 'day',
      data: [{ day: today(), ...sums }],
      total: sums,
    });
    expect((await report('group_by=model')).data).toEqual([{ model: 'lazu/sandbox', ...sums }]);
    expect((await report('group_by=key')).data).toEqual([{ key_id: expect.stringMatching(/^key_/), ...sums }]);
    expect((await report('from=2020-01-01&to=2020-01-31')).data).toEqual([]);
  });

  it.each([
    ['group_by=account', 422, 'invalid_value', 'group_by'],
    ['from=yesterday', 422, 'invalid_value', 'from'],
    ['from=2026-02-30', 422, 'invalid_value', 'from'],
    ['from=2026-02-02&to=2026-02-01', 422, 'invalid_value', 'from'],
    ['from=2020-01-01&to=2026-01-01', 422, 'invalid_value', 'from'],
    ['account_id=acct_1', 400, 'unsupported_parameter', 'account_id'],
  ])('refuses %s', async (query, status, code, param) => {
    const response = await lazu.get(`/api/usage?${query}`);
    expect(response.status).toBe(status);
    expect((await response.json()).error).toMatchObject({ code, param });
  });

  it('stands on /api/account, with limits and what is left of a quota', async () => {
    expect(await (await lazu.get('/api/account')).json()).toEqual({
      object: 'account_standing',
      account_id: accountId,
      key_id: expect.stringMatching(/^key_/),
      billing: 'off',
      balance_micro_usd: null,
      held_micro_usd: null,
      available_micro_usd: null,
      tier: null,
      limits: { rpm: null, tpm: null },
      quota: null,
    });
    const { key } = await newKey({ rpm: 7, quota_micro_usd: 5_000_000, quota_period: 'month' });
    const standing = await (await lazu.get('/api/account', as(key))).json();
    expect(standing).toMatchObject({
      limits: { rpm: 7, tpm: null },
      quota: { limit_micro_usd: 5_000_000, period: 'month', used_micro_usd: 0, remaining_micro_usd: 5_000_000 },
    });
  });

  it('has limits that bind a key and the keys of an account together', async () => {
    const account = await lazu.admin('POST', '/api/admin/accounts', { name: 'limited', rpm: 3 });
    const make = (body: object) => lazu.admin('POST', `/api/admin/accounts/${account.id}/keys`, { name: 'k', ...body });
    const [capped, free] = [await make({ rpm: 1 }), await make({})];
    const first = await call(chat, as(capped.key));
    expect([first.status, first.headers.get('x-ratelimit-remaining-requests')]).toEqual([200, '0']);
    const refused = await call(chat, as(capped.key));
    expect(refused.status).toBe(429);
    expect(JSON.parse(refused.text).error.code).toBe('request_rate_limit_exceeded');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
    const others = [await call(chat, as(free.key)), await call(chat, as(free.key)), await call(chat, as(free.key))];
    expect(others.map(({ status }) => status)).toEqual([200, 200, 429]);
  });

  it('has token limits, which a request larger than the whole limit is told of', async () => {
    const account = await lazu.admin('POST', '/api/admin/accounts', { name: 'talkative', tpm: 300 });
    const { key } = await lazu.admin('POST', `/api/admin/accounts/${account.id}/keys`, { name: 'k' });
    const saying = (length: number) =>
      call({ ...chat, messages: [{ role: 'user', content: 'a'.repeat(length) }], max_tokens: 5 }, as(key));
    const large = await saying(1_600);
    expect([large.status, large.headers.get('retry-after')]).toEqual([429, null]);
    expect(large.headers.get('x-ratelimit-remaining-tokens')).toBe('300');
    expect(JSON.parse(large.text).error).toMatchObject({
      code: 'token_rate_limit_exceeded',
      message: expect.stringContaining('more than the limit'),
    });
    const answers = [];
    for (let sent = 0; sent < 20; sent++) answers.push(await saying(800));
    expect(answers[0]!.status).toBe(200);
    expect(answers[0]!.headers.get('x-ratelimit-limit-tokens')).toBe('300');
    const last = answers.at(-1)!;
    expect([last.status, JSON.parse(last.text).error.code]).toEqual([429, 'token_rate_limit_exceeded']);
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(50);
  });

  it('can be searched and summed by operators', async () => {
    const failed = await call({ ...chat, metadata: { sandbox: '500' } });
    expect(failed.status).toBeGreaterThanOrEqual(500);
    const done = await call();
    const search = (query: string) => lazu.admin('GET', `/api/admin/requests?${query}`);
    for (let wait = 0; wait < 20 && (await search('limit=1')).data[0]?.id !== done.id; wait++)
      await new Promise(r => setTimeout(r, 50));
    const page = await search(`account_id=${accountId}&limit=2`);
    expect(page.data.map((row: { id: string }) => row.id)).toEqual([done.id, failed.id]);
    expect(page).toMatchObject({ has_more: true, last_id: failed.id });
    const next = await search(`account_id=${accountId}&limit=2&after=${page.last_id}`);
    expect(next.data.every((row: { id: string }) => row.id < failed.id)).toBe(true);
    expect((await search('status=failed')).data).toEqual([
      expect.objectContaining({ id: failed.id, object: 'request', charge_micro_usd: 0, status: 'failed' }),
    ]);
    expect((await search(`request_id=${failed.id}`)).data).toEqual([expect.objectContaining({ id: failed.id })]);
    const [{ batch_id }] = (await search(`request_id=${done.id}`)).data;
    expect(batch_id).toMatch(/^batch_/);
    expect((await search(`batch_id=${batch_id}`)).data).toContainEqual(
      expect.objectContaining({ id: done.id, batch_id }),
    );
    expect((await search('batch_id=batch_none')).data).toEqual([]);
    const soon = new Date(Date.now() + 60_000).toISOString();
    expect((await search(`from=${soon}`)).data).toEqual([]);
    expect((await search(`to=${soon}&model=lazu/sandbox&limit=1`)).data).toHaveLength(1);

    const report = await lazu.admin('GET', `/api/admin/usage?group_by=account,model&account_id=${accountId}`);
    expect(report).toMatchObject({ object: 'usage_report', group_by: ['account', 'model'], to: today() });
    expect(report.data).toEqual([
      expect.objectContaining({ account_id: accountId, model: 'lazu/sandbox', failures: 1 }),
    ]);
    for (const query of [
      'group_by=moon',
      'group_by=label:',
      'group_by=label:a%00b',
      'label=team',
      'label=a:%00',
      'model=%00',
    ])
      await expect(lazu.admin('GET', `/api/admin/usage?${query}`)).rejects.toThrow(/422/);
  });
});

describe('while the database is away', () => {
  it('a record that is held here can be read, another is 503 with Retry-After; nothing is lost', async () => {
    const database = await createTestDatabase();
    const link = await DatabaseLink.open(database.url);
    const lazu = await bootLazu({ DATABASE_URL: link.url, LAZU_ADMIN_KEY: `sk-lazu-admin-${'x'.repeat(40)}` });
    try {
      expect((await lazu.post('/v1/chat/completions', chat)).status).toBe(200);
      await link.cut();
      const answers = await Promise.all(Array.from({ length: 20 }, () => lazu.post('/v1/chat/completions', chat)));
      expect(answers.map(answer => answer.status)).toEqual(Array(20).fill(200));
      const ids = answers.map(answer => answer.headers.get('x-lazu-request-id')!);
      expect((await lazu.get(`/api/usage/requests/${ids[0]}`)).status).toBe(200);
      const unknown = await lazu.get(`/api/usage/requests/req_lazu_${ulid()}`);
      expect(unknown.status).toBe(503);
      expect(Number(unknown.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await unknown.json()).error.code).toBe('service_unavailable');
      await link.mend();
      const search = async () => (await lazu.admin('GET', '/api/admin/requests?limit=100')).data.length as number;
      for (let wait = 0; wait < 100 && (await search().catch(() => 0)) < 21; wait++)
        await new Promise(r => setTimeout(r, 100));
      expect(await search()).toBe(21);
    } finally {
      await lazu.close();
      await link.cut();
      await database.drop();
    }
  }, 40_000);
});
