import { bootLazu, type TestLazu } from '../support/boot.js';
import { answerJson, chatAnswer, FakeUpstream } from '../support/fake-upstream.js';

/** Contract §13 over HTTP: everything that a price can say, in what a request is charged. */
describe('a price', () => {
  let upstream: FakeUpstream;
  let lazu: TestLazu;
  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    lazu = await bootLazu();
    await lazu.admin('PUT', '/api/admin/models/acme/all', { vendor_id: 'acme' });
    await lazu.admin('POST', '/api/admin/channels', {
      ...{ name: 'c', provider: 'openai-compatible', base_url: `${upstream.url}/v1` },
      models: [{ model: 'acme/all' }],
    });
    await lazu.admin('PUT', '/api/admin/models/acme/all/prices/direct', {
      ...{ input_per_mtok: 2, cache_read_per_mtok: '0.2', cache_write_5m_per_mtok: '2.5', cache_write_1h_per_mtok: 4 },
      ...{ output_per_mtok: 8, audio_input_per_mtok: 32, audio_output_per_mtok: 64, per_request: '0.000125' },
      tiers: [
        {
          ...{ above_input_tokens: 1000, input_per_mtok: 4, output_per_mtok: 12 },
          service_tiers: { flex: { input_per_mtok: '1.5', output_per_mtok: 5 } },
        },
      ],
      service_tiers: { flex: { input_per_mtok: 1, output_per_mtok: 4 }, priority: { output_per_mtok: 16 } },
    });
  });
  afterAll(async () => {
    await lazu.close();
    await upstream.stop();
  });

  /** What a request costs whose upstream says it used this: USD per million tokens (or per call) by dimension, and microUSD in all. */
  async function charged(usage: object, answer: object = {}, request: object = {}) {
    upstream.answers(answerJson(chatAnswer('Hello!', { usage, ...answer })));
    const messages = [{ role: 'user', content: 'hi' }];
    const response = await lazu.post('/v1/chat/completions', { model: 'acme/all', messages, ...request });
    expect(response.status).toBe(200);
    const { billing } = await lazu.record(response.headers.get('x-lazu-request-id'));
    const items: Record<string, [quantity: number, picoUsd: string]> = {};
    for (const { dimension, quantity, unit_price_pico_usd } of billing.line_items) {
      items[dimension] = [quantity, unit_price_pico_usd];
    }
    return { items, microUsd: billing.charge_micro_usd };
  }
  const tokens = (prompt: number, completion: number, details: object = {}) => ({
    ...{ prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
    ...details,
  });
  const call = { requests: [1, '125000000'] };

  it('has a rate for each class of cache and for audio, and one per call', async () => {
    const usage = tokens(600, 50, {
      prompt_tokens_details: {
        ...{ cached_tokens: 100, cache_write_tokens: 200, audio_tokens: 30 },
        ...{ cache_write_5m_tokens: 150, cache_write_1h_tokens: 50 },
      },
      completion_tokens_details: { audio_tokens: 20 },
    });
    const { items, microUsd } = await charged(usage);
    expect(items).toEqual({
      ...{ input: [270, '2000000'], cache_read: [100, '200000'] },
      ...{ cache_write_5m: [150, '2500000'], cache_write_1h: [50, '4000000'] },
      ...{ output: [30, '8000000'], audio_input: [30, '32000000'], audio_output: [20, '64000000'] },
      ...call,
    });
    expect(microUsd).toBe(540 + 20 + 375 + 200 + 240 + 960 + 1280 + 125);
  });

  it('trap 6: has context tiers, which cached input counts towards', async () => {
    const cached = { prompt_tokens_details: { cached_tokens: 900 } };
    expect((await charged(tokens(1000, 10, cached))).items).toEqual({
      ...{ input: [100, '2000000'], cache_read: [900, '200000'], output: [10, '8000000'], ...call },
    });
    expect((await charged(tokens(1001, 10, cached))).items).toEqual({
      ...{ input: [101, '4000000'], cache_read: [900, '200000'], output: [10, '12000000'], ...call },
    });
  });

  it('trap 6: has service tiers: that which the vendor says it used, at long context too', async () => {
    const flex = { service_tier: 'flex' };
    expect((await charged(tokens(10, 10), flex, flex)).items).toEqual({
      ...{ input: [10, '1000000'], output: [10, '4000000'], ...call },
    });
    expect((await charged(tokens(2000, 10), flex, flex)).items).toEqual({
      ...{ input: [2000, '1500000'], output: [10, '5000000'], ...call },
    });
    expect((await charged(tokens(10, 10), { service_tier: 'default' }, flex)).items).toEqual({
      ...{ input: [10, '2000000'], output: [10, '8000000'], ...call },
    });
    expect((await charged(tokens(10, 10), { service_tier: 'priority' })).items).toEqual({
      ...{ input: [10, '2000000'], output: [10, '16000000'], ...call },
    });
  });

  it('trap 7: of a service tier that the vendor bills by must be known before it is sent', async () => {
    const prices = { input_per_mtok: 2, output_per_mtok: 8 };
    await lazu.admin('PUT', '/api/admin/models/acme/plain', { vendor_id: 'acme' });
    await lazu.admin('PUT', '/api/admin/models/acme/plain/prices/direct', prices);
    await lazu.admin('POST', '/api/admin/channels', {
      ...{ name: 'p', provider: 'openai', base_url: `${upstream.url}/v1`, credential: 'sk-plain' },
      models: [{ model: 'acme/plain' }],
    });
    const flex = { model: 'acme/plain', service_tier: 'flex' };
    const before = upstream.seen.length;
    const refused = await lazu.post('/v1/chat/completions', { ...flex, messages: [{ role: 'user', content: 'hi' }] });
    expect([refused.status, (await refused.json()).error]).toEqual([
      503,
      expect.objectContaining({
        code: 'price_unavailable',
        message: expect.stringContaining('the service tier flex on acme/plain'),
      }),
    ]);
    expect(upstream.seen).toHaveLength(before);
    expect((await charged(tokens(10, 10), {}, { ...flex, service_tier: 'auto' })).microUsd).toBe(100);
    await lazu.admin('PUT', '/api/admin/models/acme/plain/prices/direct', {
      ...prices,
      service_tiers: { flex: { input_per_mtok: 1, output_per_mtok: 4 } },
    });
    expect((await charged(tokens(10, 10), { service_tier: 'flex' }, flex)).microUsd).toBe(50);
  });

  it('trap 7: of zero is free, and says so item by item', async () => {
    await lazu.admin('PUT', '/api/admin/models/acme/free', { vendor_id: 'acme' });
    await lazu.admin('PUT', '/api/admin/models/acme/free/prices/direct', { input_per_mtok: 0, output_per_mtok: 0 });
    await lazu.admin('POST', '/api/admin/channels', {
      ...{ name: 'f', provider: 'openai-compatible', base_url: `${upstream.url}/v1` },
      models: [{ model: 'acme/free' }],
    });
    expect(await charged(tokens(10, 5), {}, { model: 'acme/free' })).toEqual({
      ...{ items: { input: [10, '0'], output: [5, '0'] }, microUsd: 0 },
    });
  });
});
