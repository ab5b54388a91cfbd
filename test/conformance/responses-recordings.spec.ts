import OpenAI from 'openai';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { describeWith, materials } from '../support/materials.js';
import { PRICES } from './support/channels.js';
import { readWithSdk } from './support/judge.js';
import { ReplayServer } from './support/replay-server.js';
import { responsesExchanges } from './support/responses-exchange.js';
import { comparableChat, readWithResponses } from './support/responses-judge.js';

const folder = materials('recordings', 'replaying recorded answers of Responses to callers of OpenAI chat');

/** Recorded with these words, which are about the operator's key and model names, whatever the status. */
const OPERATORS = /Incorrect API key|model_not_found|insufficient_quota/;

/** The provider that stands for the recorded one; other hosts of the protocol are clones of the first. */
const SERVED_BY: Readonly<Record<string, string>> = { openai: 'openai', 'azure-openai': 'azure-openai', xai: 'xai' };

describeWith(folder, 'recorded answers of Responses, for callers of OpenAI chat', recordings => {
  const exchanges = responsesExchanges(recordings);
  let lazu: TestLazu;
  let upstream: ReplayServer;
  let judge: OpenAI;

  beforeAll(async () => {
    upstream = await ReplayServer.start();
    lazu = await bootLazu();
    for (const provider of Object.values(SERVED_BY)) {
      const path = `/api/admin/models/${provider}`;
      await lazu.admin('PUT', path, { vendor_id: 'recorded', supported_endpoint_types: ['chat'] });
      await lazu.admin('PUT', `${path}/prices/direct`, PRICES);
      await lazu.admin('POST', '/api/admin/channels', {
        name: provider,
        provider,
        lane: 'direct',
        base_url: upstream.url,
        credential: 'the-operators-key',
        options: { protocol: 'openai-responses' },
        models: [{ model: provider }],
      });
    }
    judge = new OpenAI({ apiKey: 'none', baseURL: upstream.url, maxRetries: 0 });
  }, 120_000);
  afterAll(async () => {
    await lazu.close();
    await upstream.stop();
  });

  it('are many', () => expect(exchanges.length).toBeGreaterThan(300));

  it.each(exchanges.map(exchange => [exchange.name, exchange] as const))('%s', async (_name, exchange) => {
    upstream.play(exchange);
    const body = { ...exchange.request, model: SERVED_BY[exchange.provider] ?? 'openai' };
    let requestId: string | null = null;
    const seen = await readWithSdk(lazu.openai, body, response => {
      requestId = response.headers.get('x-lazu-request-id');
    });
    expect(upstream.asked.map(({ path }) => path.split('?')[0])).toEqual([expect.stringMatching(/\/responses$/)]);
    const said = exchange.bytes.toString();
    if (exchange.status >= 400 || /"type": ?"(error|response\.failed)"/.test(said)) {
      const expected = OPERATORS.test(said) ? { status: 502, code: 'upstream_error' } : { status: exchange.status };
      expect(seen.error).toMatchObject(expected);
      return;
    }
    const { dimensions, ...raw } = await readWithResponses(judge, exchange.streamed);
    expect(comparableChat(seen)).toEqual(raw);
    const total = ['input', 'cache_read', 'cache_write_5m', 'output'].reduce(
      (sum, name) => sum + (dimensions[name] ?? 0),
      0,
    );
    expect(seen.usage).toMatchObject({ total_tokens: total, completion_tokens: dimensions['output'] ?? 0 });
    const record = await lazu.record(requestId);
    const metered = (record.usage.dimensions as { name: string; quantity: number }[]).filter(
      ({ name }) => name !== 'requests',
    );
    expect([record.status, record.usage_source]).toEqual(['completed', 'provider']);
    expect(Object.fromEntries(metered.map(({ name, quantity }) => [name, quantity]))).toEqual(dimensions);
  });
});
