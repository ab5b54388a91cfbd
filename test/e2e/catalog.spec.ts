import OpenAI from 'openai';
import pg from 'pg';
import { eventually } from '../support/auth-rooms.js';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { answerJson, chatAnswer, FakeUpstream } from '../support/fake-upstream.js';

const SECRET = 'sk-upstream-secret-0123456789';

let upstream: FakeUpstream;
let lazu: TestLazu;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  lazu = await bootLazu({ OPENAI_API_KEY: SECRET, OPENAI_BASE_URL: `${upstream.url}/v1` });
});
afterAll(async () => {
  await lazu.close();
  await upstream.stop();
});

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${lazu.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${lazu.adminKey}`, 'content-type': 'application/json', ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  expect(text).not.toContain(SECRET);
  return { status: response.status, body: JSON.parse(text) };
}
const admin = (method: string, path: string, body?: unknown) => call(method, `/api/admin/${path}`, body);
const caller = (path: string, headers: Record<string, string> = {}, key = lazu.apiKey) =>
  call('GET', path, undefined, { authorization: `Bearer ${key}`, ...headers });
const refusal = (status: number, code: string, param: string | null = null) => ({
  status,
  body: { error: expect.objectContaining({ code, param, message: expect.any(String) }) },
});
async function keyWith(settings: object): Promise<string> {
  const accounts = await admin('GET', 'accounts');
  const made = await admin('POST', `accounts/${accounts.body.data[0].id}/keys`, { name: 'k', ...settings });
  return made.body.key;
}
const chat = (model: string, headers: Record<string, string> = {}, key = lazu.apiKey) =>
  call(
    'POST',
    '/v1/chat/completions',
    { model, messages: [{ role: 'user', content: 'hi' }] },
    {
      authorization: `Bearer ${key}`,
      ...headers,
    },
  );

describe('what a key may ask for', () => {
  it('is listed as OpenAI lists it', async () => {
    const { data } = await new OpenAI({ apiKey: lazu.apiKey, baseURL: `${lazu.url}/v1` }).models.list();
    expect(data).toContainEqual({ id: 'gpt-4o-mini', object: 'model', created: 1721260800, owned_by: 'openai' });
    expect(data.map(model => model.id)).toContain('lazu/sandbox');
    expect(data.map(model => model.id)).not.toContain('claude-haiku-4-5-20251001'); // no channel serves it
    expect(data.map(model => model.id)).not.toContain('gpt-oss-20b'); // OpenAI makes it, hosts serve it
    expect(data.map(model => model.id)).not.toContain('gpt-4o-mini-2024-07-18'); // an alias
  });

  it('is listed as Anthropic lists it for who speaks Anthropic', async () => {
    const headers = { 'anthropic-version': '2023-06-01' };
    const { body } = await caller('/v1/models?limit=2', headers);
    expect(body).toMatchObject({ has_more: true, first_id: body.data[0].id, last_id: body.data[1].id });
    expect(body.data[0]).toEqual({
      type: 'model',
      id: expect.any(String),
      display_name: expect.any(String),
      created_at: expect.stringMatching(/Z$/),
    });
    expect((await caller('/v1/models/gpt-4o', headers)).body).toMatchObject({ type: 'model', id: 'gpt-4o' });
  });

  it('has names with slashes, raw or as %2F, and aliases', async () => {
    for (const path of ['lazu/sandbox', 'lazu%2Fsandbox']) {
      expect((await caller(`/v1/models/${path}`)).body).toMatchObject({ id: 'lazu/sandbox', owned_by: 'lazu' });
    }
    expect((await caller('/v1/models/gpt-4o-mini-2024-07-18')).body).toMatchObject({ id: 'gpt-4o-mini' });
  });

  it('is what it may use, and nothing else exists', async () => {
    const key = await keyWith({ allowed_models: ['gpt-4o-mini-2024-07-18', 'lazu/sandbox'] });
    const { body } = await caller('/v1/models', {}, key);
    expect(body.data.map((model: { id: string }) => model.id)).toEqual(['gpt-4o-mini', 'lazu/sandbox']);
    expect(await caller('/v1/models/gpt-4o', {}, key)).toMatchObject(refusal(404, 'model_not_found', 'model'));
    expect(await caller('/v1/models/nope')).toMatchObject(refusal(404, 'model_not_found', 'model'));
    expect(await caller('/v1/models', {}, 'sk-lazu-nobody')).toMatchObject(refusal(401, 'invalid_api_key'));
    expect((await caller('/api/models/catalog', {}, key)).body.data).toHaveLength(2);
  });

  it('stands in the catalog with lanes and prices as numbers', async () => {
    const { body } = await caller('/api/models/catalog');
    const entry = body.data.find((one: { model_name: string }) => one.model_name === 'gpt-4o-mini');
    expect(entry).toMatchObject({
      vendor_id: 'openai',
      aliases: ['gpt-4o-mini-2024-07-18'],
      modality: { input: expect.arrayContaining(['text', 'image']), output: ['text'] },
      supported_endpoint_types: ['chat', 'responses'],
      supported_endpoints: ['/v1/chat/completions', '/v1/responses'],
      default_endpoint_type: 'chat',
      parameters: { tools: true, reasoning: false, vision: true },
      lanes: [{ name: 'direct', input_per_mtok: 0.15, output_per_mtok: 0.6, cache_read_per_mtok: 0.075 }],
      official_input_price: 0.15,
      official_output_price: 0.6,
      context_length: 128000,
      max_output_tokens: 16384,
    });
  });
});

describe('channels by admin', () => {
  const body = () => ({
    name: 'house',
    provider: 'openai-compatible',
    base_url: `${upstream.url}/v1/`,
    credential: SECRET,
    models: [{ model: 'house/llama' }],
  });
  beforeAll(async () => {
    await admin('PUT', 'models/house/llama', { vendor_id: 'house', official_input_price: 1, official_output_price: 2 });
  });

  it('come and go, and serve while they are there', async () => {
    const made = await admin('POST', 'channels', body());
    expect(made).toMatchObject({
      status: 201,
      body: {
        id: expect.stringMatching(/^chan_/),
        base_url: `${upstream.url}/v1`,
        has_credential: true,
        lane: 'direct',
        models: [{ model: 'house/llama', upstream_model: null }],
        enabled: true,
        source: 'admin',
      },
    });
    expect(made.body).not.toHaveProperty('credential');
    const { id } = made.body;
    expect((await chat('house/llama')).status).toBe(200);
    expect(upstream.last.headers['authorization']).toBe(`Bearer ${SECRET}`);
    expect((await admin('PATCH', `channels/${id}`, { enabled: false })).body).toMatchObject({ enabled: false });
    expect(await chat('house/llama')).toMatchObject(refusal(404, 'model_not_found', 'model'));
    expect((await admin('GET', `channels/${id}`)).body).toMatchObject({ id, enabled: false });
    expect((await admin('DELETE', `channels/${id}`)).body).toEqual({ id, object: 'channel', deleted: true });
    expect(await admin('GET', `channels/${id}`)).toMatchObject(refusal(404, 'not_found'));
    const audit = await admin('GET', 'audit');
    const events = audit.body.data.filter((event: any) => event.target.id === id);
    expect(events.map((event: any) => event.action)).toEqual(['channel.delete', 'channel.update', 'channel.create']);
  });

  it('of the environment are shown, and changed only there', async () => {
    const { body: list } = await admin('GET', 'channels?limit=1');
    expect(list).toMatchObject({ has_more: true, last_id: 'env:sandbox' });
    const next = await admin('GET', `channels?limit=1&after=${list.last_id}`);
    expect(next.body.data[0]).toMatchObject({ id: 'env:openai', source: 'env', has_credential: true });
    for (const method of ['PATCH', 'DELETE']) {
      expect(await admin(method, 'channels/env:openai', {})).toMatchObject(refusal(409, 'conflict'));
    }
  });

  it.each<[object, number, string, string]>([
    [{ provider: 'acme' }, 422, 'invalid_value', 'provider'],
    [{ options: { protocol: 'gemini' } }, 422, 'invalid_value', 'options.protocol'],
    [{ options: { protocol: 7 } }, 422, 'invalid_value', 'options.protocol'],
    [{ provider: undefined }, 400, 'missing_required_parameter', 'provider'],
    [{ base_url: 'ftp://x' }, 422, 'invalid_value', 'base_url'],
    [{ base_url: 'http://user:pass@x/' }, 422, 'invalid_value', 'base_url'],
    [{ credential: 5 }, 422, 'invalid_value', 'credential'],
    [{ models: [{ model: 'nope' }] }, 422, 'invalid_value', 'models.0.model'],
    [{ models: {} }, 400, 'invalid_request', 'models'],
    [{ lane: 'fast' }, 422, 'invalid_value', 'lane'],
    [{ weight: -1 }, 422, 'invalid_value', 'weight'],
    [{ colour: 'red' }, 400, 'unsupported_parameter', 'colour'],
    [{ base_url: null }, 422, 'invalid_value', 'base_url'],
  ])('with %j are refused: %i %s at %s', async (wrong, status, code, param) => {
    const before = await admin('GET', 'channels');
    expect(await admin('POST', 'channels', { ...body(), ...wrong })).toMatchObject(refusal(status, code, param));
    expect((await admin('GET', 'channels')).body).toEqual(before.body);
  });
});

describe('models and prices by admin', () => {
  it('are put under names with slashes, raw or as %2F', async () => {
    const put = await admin('PUT', 'models/acme%2Fbig%2Fmodel', { vendor_id: 'acme', aliases: ['big'] });
    expect(put).toMatchObject({ status: 200, body: { model_name: 'acme/big/model', aliases: ['big'], lanes: [] } });
    const price = {
      input_per_mtok: '0.000001',
      output_per_mtok: 2,
      tiers: [{ above_input_tokens: 5, input_per_mtok: 3 }],
    };
    expect(await admin('PUT', 'models/acme/big/model/prices/direct', price)).toMatchObject({
      status: 200,
      body: {
        model: 'acme/big/model',
        lane: 'direct',
        id: expect.stringMatching(/^price_/),
        ...price,
        input_per_mtok: 0.000001,
      },
    });
    expect((await admin('GET', 'models/acme/big/model')).body.lanes).toMatchObject([{ name: 'direct' }]);
    expect(await admin('PUT', 'models/other', { vendor_id: 'acme', aliases: ['big'] })).toMatchObject(
      refusal(409, 'conflict', 'aliases'),
    );
    expect((await admin('DELETE', 'models/acme%2Fbig/model')).body).toMatchObject({
      id: 'acme/big/model',
      deleted: true,
    });
    expect(await admin('GET', 'models/acme/big/model')).toMatchObject(refusal(404, 'model_not_found', 'model'));
    expect((await admin('GET', 'models?limit=2')).body).toMatchObject({ has_more: true, data: [{}, {}] });
  });

  it('a new price is what the next request costs, and the record names it', async () => {
    const { body: price } = await admin('PUT', 'models/gpt-4o/prices/direct', {
      input_per_mtok: 7,
      output_per_mtok: 9,
    });
    const answer = await lazu.post('/v1/chat/completions', {
      model: 'gpt-4o-2024-08-06',
      messages: [{ role: 'user', content: 'hi' }],
    });
    expect(answer.status).toBe(200);
    const requestId = answer.headers.get('x-lazu-request-id');
    const database = new pg.Client(lazu.databaseUrl);
    await database.connect();
    await eventually(async () => {
      const { rows } = await database.query('SELECT price_id FROM usage_records WHERE request_id = $1', [requestId]);
      expect(rows).toEqual([{ price_id: price.id }]);
    }, 3_000);
    await database.end();
    expect(upstream.last.body.model).toBe('gpt-4o');
  });

  it.each<[string, object, number, string, string]>([
    ['models/m', {}, 400, 'missing_required_parameter', 'vendor_id'],
    [
      'models/m',
      { vendor_id: 'a', supported_endpoint_types: ['dance'] },
      422,
      'invalid_value',
      'supported_endpoint_types',
    ],
    ['models/m', { vendor_id: 'a', official_input_price: '1.0000001' }, 422, 'invalid_value', 'official_input_price'],
    ['models/m', { vendor_id: 'a', context_length: 'long' }, 400, 'invalid_request', 'context_length'],
    ['models/gpt-4o/prices/direct', { input_per_mtok: 1 }, 400, 'missing_required_parameter', 'output_per_mtok'],
    ['models/gpt-4o/prices/direct', { input_per_mtok: -1, output_per_mtok: 1 }, 422, 'invalid_value', 'input_per_mtok'],
    ['models/gpt-4o/prices/scenic', { input_per_mtok: 1, output_per_mtok: 1 }, 422, 'invalid_value', 'lane'],
    ['models/none/prices/direct', { input_per_mtok: 1, output_per_mtok: 1 }, 404, 'model_not_found', 'model'],
  ])('PUT %s %j is refused: %i %s at %s', async (path, body, status, code, param) => {
    expect(await admin('PUT', path, body)).toMatchObject(refusal(status, code, param));
  });

  it('lanes: cheap by key, narrowed by header, refused where the key keeps to direct', async () => {
    await admin('PUT', 'models/gpt-4.1/prices/cheap', { input_per_mtok: 1, output_per_mtok: 1 });
    await admin('POST', 'channels', {
      ...{ name: 'cheap', provider: 'openai', lane: 'cheap', base_url: `${upstream.url}/cheap`, credential: SECRET },
      models: [{ model: 'gpt-4.1', upstream_model: 'gpt-4.1-cheap' }],
    });
    const went = async (headers: Record<string, string>, key: string) => {
      const { status } = await chat('gpt-4.1', headers, key);
      return status === 200 ? upstream.last.path.split('/')[1] : status;
    };
    const direct = lazu.apiKey;
    const auto = await keyWith({ lanes: { openai: 'auto' } });
    const cheap = await keyWith({ lanes: { openai: 'cheap' } });
    expect(await went({}, direct)).toBe('v1');
    expect(await went({}, cheap)).toBe('cheap');
    expect(await went({}, auto)).toBe('cheap');
    expect(await went({ 'x-lazu-lane': 'direct' }, auto)).toBe('v1');
    expect(await went({ 'x-lazu-lane': 'cheap' }, direct)).toBe(403);
    expect(
      (await caller('/api/models/catalog')).body.data.find((one: any) => one.model_name === 'gpt-4.1').lanes,
    ).toMatchObject([
      { name: 'direct', input_per_mtok: 2 },
      { name: 'cheap', input_per_mtok: 1 },
    ]);
  });

  it('what has no price is refused before anything is sent', async () => {
    await admin('PUT', 'models/unpriced', { vendor_id: 'house' });
    await admin('POST', 'channels', {
      ...{ name: 'u', provider: 'openai-compatible', base_url: `${upstream.url}/u` },
      models: [{ model: 'unpriced' }],
    });
    const sent = upstream.seen.length;
    expect(await chat('unpriced')).toMatchObject(refusal(503, 'price_unavailable', 'model'));
    expect(upstream.seen).toHaveLength(sent);
  });
});

describe('sell prices by rule', () => {
  const lanesOf = async (model: string, key = lazu.apiKey) =>
    (await caller('/api/models/catalog', {}, key)).body.data.find((one: any) => one.model_name === model).lanes;

  it('are what callers see and pay, in both lanes; the record goes on naming the version it was charged by', async () => {
    await admin('POST', 'channels', {
      ...{ name: 'cheaper', provider: 'openai', lane: 'cheap', base_url: `${upstream.url}/cheap`, credential: SECRET },
      models: [{ model: 'gpt-4o-mini' }],
    });
    const auto = await keyWith({ lanes: { openai: 'auto' } });
    const cheap = await keyWith({ lanes: { openai: 'cheap' } });
    expect(await lanesOf('gpt-4o-mini')).toMatchObject([{ name: 'direct', input_per_mtok: 0.15 }]);
    expect((await chat('gpt-4o-mini', {}, cheap)).status).toBe(200);
    expect(upstream.last.path).toMatch(/^\/v1/); // No price in the cheap lane: the direct one.

    const direct = await admin('PUT', 'price-rules/openai/direct', { factor: '0.9' });
    expect(direct).toMatchObject({ status: 200, body: { id: 'openai/direct', factor: '0.9' } });
    expect(direct.body.changed_prices).toBeGreaterThan(10);
    await admin('PUT', 'price-rules/openai/cheap', { factor: 0.4 });
    expect(await lanesOf('gpt-4o-mini')).toMatchObject([
      { name: 'direct', input_per_mtok: 0.135, output_per_mtok: 0.54, cache_read_per_mtok: 0.0675 },
      { name: 'cheap', input_per_mtok: 0.06, output_per_mtok: 0.24 },
    ]);
    const { id, usage } = await spent(auto);
    expect(upstream.last.path).toMatch(/^\/cheap/);
    const before = await priceOf(id);
    expect(usage.routing.lane).toBe('cheap');
    expect(usage.billing.price_id).toBe(before.id);
    expect(unitOf(usage, 'input')).toBe('60000');

    await admin('PUT', 'price-rules/openai/cheap', { factor: '0.2' });
    const after = await spent(auto);
    expect(unitOf(after.usage, 'input')).toBe('30000');
    expect(await priceOf(id)).toMatchObject({ ...before, superseded_at: expect.any(Date) });

    expect((await admin('DELETE', 'price-rules/openai/cheap')).body).toMatchObject({
      id: 'openai/cheap',
      deleted: true,
    });
    await admin('DELETE', 'price-rules/openai/direct');
    expect(await lanesOf('gpt-4o-mini')).toMatchObject([{ name: 'direct', input_per_mtok: 0.15 }]);
    await spent(auto);
    expect(upstream.last.path).toMatch(/^\/v1/);

    const trailOf = async (id: string) =>
      (await admin('GET', `audit?target_id=${encodeURIComponent(id)}`)).body.data.map((event: any) => event.action);
    expect(await trailOf('openai/cheap')).toEqual(['price_rule.delete', 'price_rule.put', 'price_rule.put']);
    expect(await trailOf('gpt-4o-mini/cheap')).toEqual(['price.follow', 'price.follow', 'price.follow']);
  });

  it('by hand go before them, until they are deleted', async () => {
    await admin('PUT', 'price-rules/openai/direct', { factor: 2 });
    await admin('PUT', 'models/gpt-4.1-mini/prices/direct', { input_per_mtok: 7, output_per_mtok: 7 });
    expect(await lanesOf('gpt-4.1-mini')).toMatchObject([{ input_per_mtok: 7 }]);
    expect(await admin('DELETE', 'models/gpt-4.1-mini/prices/direct')).toMatchObject({
      status: 200,
      body: { deleted: true, in_force: { source: 'rule', factor: '2', input_per_mtok: 0.8 } },
    });
    expect(await lanesOf('gpt-4.1-mini')).toMatchObject([{ input_per_mtok: 0.8 }]);
    expect(await admin('DELETE', 'models/gpt-4.1-mini/prices/direct')).toMatchObject(refusal(404, 'not_found'));
    await admin('DELETE', 'price-rules/openai/direct');
  });

  it.each<[string, object, number, string, string | null]>([
    ['openai/direct', { factor: 0 }, 422, 'invalid_value', 'factor'],
    ['openai/direct', { factor: '0.0000001' }, 422, 'invalid_value', 'factor'],
    ['openai/direct', { factor: 1001 }, 422, 'invalid_value', 'factor'],
    ['openai/direct', { factor: {} }, 400, 'invalid_request', 'factor'],
    ['openai/direct', {}, 400, 'missing_required_parameter', 'factor'],
    ['openai/direct', { factor: 1, rounding: 'up' }, 400, 'unsupported_parameter', 'rounding'],
    ['openai/scenic', { factor: 1 }, 422, 'invalid_value', 'lane'],
    ['akme/direct', { factor: 1 }, 404, 'not_found', null],
  ])('PUT %s %j is refused: %i %s at %s', async (path, body, status, code, param) => {
    expect(await admin('PUT', `price-rules/${path}`, body)).toMatchObject(refusal(status, code, param));
    expect((await admin('GET', 'price-rules')).body).toEqual({ data: [], has_more: false, last_id: null });
  });

  it('are read by viewers and changed by admins', async () => {
    const { body: viewer } = await admin('POST', 'admin-keys', { name: 'v', role: 'viewer' });
    const asViewer = { authorization: `Bearer ${viewer.key}` };
    expect((await call('GET', '/api/admin/price-rules', undefined, asViewer)).status).toBe(200);
    for (const [method, path] of [
      ['PUT', '/api/admin/price-rules/openai/direct'],
      ['DELETE', '/api/admin/price-rules/openai/direct'],
      ['DELETE', '/api/admin/models/gpt-4o/prices/direct'],
    ] as const) {
      expect(await call(method, path, method === 'PUT' ? { factor: 1 } : undefined, asViewer)).toMatchObject(
        refusal(403, 'forbidden'),
      );
    }
  });

  const unitOf = (usage: any, name: string): string =>
    usage.billing.line_items.find((item: any) => item.dimension === name).unit_price_pico_usd;

  /** One request by this key, and its record. */
  async function spent(key: string): Promise<{ id: string; usage: any }> {
    const answer = await fetch(`${lazu.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] }),
    });
    expect(answer.status).toBe(200);
    await answer.text();
    const id = answer.headers.get('x-lazu-request-id')!;
    return { id, usage: (await caller(`/api/usage/requests/${id}`, {}, key)).body };
  }

  /** The row of the price that a request was charged by. */
  async function priceOf(requestId: string): Promise<{ id: string; superseded_at: Date | null }> {
    const database = new pg.Client(lazu.databaseUrl);
    await database.connect();
    try {
      return await eventually(async () => {
        const { rows } = await database.query(
          'SELECT p.* FROM prices p JOIN usage_records u ON u.price_id = p.id WHERE u.request_id = $1',
          [requestId],
        );
        expect(rows).toHaveLength(1);
        return rows[0];
      }, 5_000);
    } finally {
      await database.end();
    }
  }
});

describe('official prices from the data package', () => {
  it('are compared by viewers, and taken by admins where nobody has said otherwise', async () => {
    const { body: viewer } = await admin('POST', 'admin-keys', { name: 'v', role: 'viewer' });
    const asViewer = { authorization: `Bearer ${viewer.key}` };
    const { status, body: report } = await call('GET', '/api/admin/prices/sync', undefined, asViewer);
    expect({ status, report }).toMatchObject({ status: 200, report: { object: 'price_sync', applied: false } });
    const entryOf = (model: string, from = report) => from.data.find((one: any) => one.model === model);
    expect(entryOf('lazu/sandbox')).toMatchObject({ status: 'left_alone', reason: expect.any(String) });
    expect(entryOf('o1')).toMatchObject({ status: 'same', official: [] });
    const sync = '/api/admin/prices/sync';
    expect(await call('POST', sync, {}, asViewer)).toMatchObject(refusal(403, 'forbidden'));
    expect(await call('POST', sync, { models: 'o1' })).toMatchObject(refusal(400, 'invalid_request', 'models'));
    expect(await call('POST', sync, { accept: ['nope'] })).toMatchObject(refusal(404, 'model_not_found', 'model'));

    // As if the vendor had raised its price since the catalog was seeded: the package knows the new one.
    const database = new pg.Client(lazu.databaseUrl);
    await database.connect();
    await database.query(
      `UPDATE models SET official = jsonb_set(official, '{rates,input}', '"10000000"') WHERE name = 'o1'`,
    );
    await database.end();
    await admin('PUT', 'price-rules/openai/direct', { factor: '1.1' });
    const { body: applied } = await admin('POST', 'prices/sync', { models: ['o1'] });
    expect(applied).toMatchObject({ applied: true, summary: { changes: 1 } });
    expect(entryOf('o1', applied)).toMatchObject({
      official: expect.arrayContaining([{ field: 'input_per_mtok', from: '10', to: '15' }]),
      prices: [
        {
          ...{ lane: 'direct', factor: '1.1' },
          changes: expect.arrayContaining([{ field: 'input_per_mtok', from: '11', to: '16.5' }]),
        },
      ],
    });
    const { body: catalog } = await caller('/api/models/catalog');
    expect(catalog.data.find((one: any) => one.model_name === 'o1')).toMatchObject({
      ...{ official_input_price: 15, lanes: [{ name: 'direct', input_per_mtok: 16.5 }] },
    });
    const { body: audit } = await admin('GET', 'audit?target_id=o1');
    expect(audit.data[0]).toMatchObject({ action: 'model.sync', before: { input_per_mtok: 10 } });
    await admin('DELETE', 'price-rules/openai/direct');
  });
});

describe('lanes', () => {
  const mine = 'gpt-4.1-nano';
  const went = async (key: string, headers: Record<string, string> = {}) => {
    const { status, body } = await chat(mine, headers, key);
    return status === 200 ? upstream.last.path.split('/')[1] : body.error.code;
  };
  let cheapChannel: string;
  beforeAll(async () => {
    await admin('PUT', `models/${mine}/prices/cheap`, { input_per_mtok: 9, output_per_mtok: 9 });
    const made = await admin('POST', 'channels', {
      ...{ name: 'lane', provider: 'openai', lane: 'cheap', base_url: `${upstream.url}/cheap`, credential: SECRET },
      models: [{ model: mine }],
    });
    cheapChannel = made.body.id;
  });

  it.each([
    [{}, undefined, 'v1'],
    [{}, 'direct', 'v1'],
    [{}, 'cheap', 'forbidden'],
    [{ openai: 'direct' }, 'cheap', 'forbidden'],
    [{ openai: 'cheap' }, undefined, 'cheap'],
    [{ openai: 'cheap' }, 'cheap', 'cheap'],
    [{ openai: 'cheap' }, 'direct', 'v1'],
    [{ openai: 'auto' }, undefined, 'v1'], // Cheapest, not the lane of that name: here the cheap lane is dearer.
    [{ openai: 'auto' }, 'cheap', 'cheap'],
    [{ openai: 'auto' }, 'direct', 'v1'],
    [{ google: 'cheap' }, undefined, 'v1'],
    [{ openai: 'auto' }, 'scenic', 'invalid_value'],
  ])('of a key with %j, asked for %p, go to %s', async (lanes, asked, expected) => {
    const key = await keyWith({ lanes });
    expect(await went(key, asked === undefined ? {} : { 'x-lazu-lane': asked })).toBe(expected);
  });

  it('cheap is direct where the model has no cheap lane, and while no cheap channel serves it', async () => {
    const key = await keyWith({ lanes: { openai: 'cheap' } });
    expect((await chat('o3-mini', {}, key)).status).toBe(200);
    expect(upstream.last.path).toMatch(/^\/v1/);
    await admin('PATCH', `channels/${cheapChannel}`, { enabled: false });
    expect(await went(key)).toBe('v1');
    await admin('PATCH', `channels/${cheapChannel}`, { enabled: true });
    expect(await went(key)).toBe('cheap');
  });

  it('auto goes on to the other lane when the cheapest fails, and is charged by the lane that answered', async () => {
    const key = await keyWith({ lanes: { openai: 'auto' } });
    upstream.answers(answerJson({ error: { message: 'no' } }, 500), answerJson(chatAnswer('Hello!')));
    const answer = await fetch(`${lazu.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: mine, messages: [{ role: 'user', content: 'hi' }] }),
    });
    expect(answer.status).toBe(200);
    expect(upstream.seen.map(({ path }) => path.split('/')[1])).toEqual(['v1', 'cheap']);
    const { body } = await caller(`/api/usage/requests/${answer.headers.get('x-lazu-request-id')}`, {}, key);
    expect(body.routing).toMatchObject({ lane: 'cheap', attempts: [{ outcome: 'upstream_error' }, { outcome: 'ok' }] });
    expect(body.billing.line_items[0]).toMatchObject({ unit_price_pico_usd: '9000000' });
  });
});
