import Anthropic from '@anthropic-ai/sdk';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { describeWith, materials } from '../support/materials.js';
import { anthropicExchanges } from './support/anthropic-exchange.js';
import { comparable, readWithAnthropic } from './support/anthropic-judge.js';
import { readWithSdk } from './support/judge.js';
import { ReplayServer } from './support/replay-server.js';

const folder = materials('recordings', "replaying Anthropic's recorded traffic to callers of OpenAI chat");

describeWith(folder, "Anthropic's recorded answers, for callers of OpenAI chat", recordings => {
  const exchanges = anthropicExchanges(recordings);
  let lazu: TestLazu;
  let upstream: ReplayServer;
  let anthropic: Anthropic;

  beforeAll(async () => {
    upstream = await ReplayServer.start();
    lazu = await bootLazu({ ANTHROPIC_API_KEY: 'the-operators-key', ANTHROPIC_BASE_URL: upstream.url });
    anthropic = new Anthropic({ apiKey: 'none', baseURL: upstream.url, maxRetries: 0 });
  }, 120_000);
  afterAll(async () => {
    await lazu.close();
    await upstream.stop();
  });

  const recordOf = (requestId: string | null) => lazu.record(requestId);

  it.each(exchanges.map(exchange => [exchange.name, exchange] as const))('%s', async (_name, exchange) => {
    upstream.play(exchange);
    const body = { ...exchange.request, model: 'claude-sonnet-4-5' };
    let requestId: string | null = null;
    const seen = await readWithSdk(lazu.openai, body, response => {
      requestId = response.headers.get('x-lazu-request-id');
    });
    expect(upstream.asked.map(({ path }) => path)).toContain('/v1/messages');
    if (exchange.status >= 400) {
      const expected = exchange.status === 400 ? { status: 400 } : { status: 502, code: 'upstream_error' };
      expect(seen.error).toMatchObject(expected);
      return;
    }
    const { dimensions, ...raw } = await readWithAnthropic(anthropic, exchange.streamed);
    expect(comparable(seen)).toEqual(raw);
    expect(seen.model).toBe('claude-sonnet-4-5');
    const total = Object.values(dimensions).reduce((sum, quantity) => sum + quantity, 0);
    expect(seen.usage).toMatchObject({ total_tokens: total, completion_tokens: dimensions['output'] ?? 0 });
    const record = await recordOf(requestId);
    const tokens = (record.usage.dimensions as { name: string; quantity: number }[]).filter(
      ({ name }) => name !== 'requests' && !name.startsWith('tool_'),
    );
    expect([record.status, record.usage_source]).toEqual(['completed', 'provider']);
    expect(Object.fromEntries(tokens.map(({ name, quantity }) => [name, quantity]))).toEqual(dimensions);
  });
});
