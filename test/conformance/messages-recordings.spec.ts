import Anthropic, { APIError } from '@anthropic-ai/sdk';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { describeWith, materials } from '../support/materials.js';
import { type AnthropicExchange, anthropicExchanges, countExchanges } from './support/anthropic-exchange.js';
import { tokensOf } from './support/anthropic-judge.js';
import { ReplayServer } from './support/replay-server.js';

const MODEL = 'claude-haiku-4-5-20251001';
const PRICES = {
  ...{ input_per_mtok: 1, output_per_mtok: 5, cache_read_per_mtok: '0.1' },
  ...{ cache_write_5m_per_mtok: '1.25', cache_write_1h_per_mtok: 2 },
  ...{ per_tool_web_search: '0.01', per_tool_code_execution: '0.01', per_tool_other: '0.01' },
};
const folder = materials('recordings', "replaying Anthropic's recorded traffic to callers of its own dialect");

describeWith(folder, "Anthropic's recorded traffic, for callers of its own dialect", recordings => {
  let lazu: TestLazu;
  let upstream: ReplayServer;
  /** The same SDK, reading the recording itself and what comes through Lazu. */
  let direct: Anthropic;
  let through: Anthropic;

  beforeAll(async () => {
    upstream = await ReplayServer.start();
    lazu = await bootLazu({
      ...{ ANTHROPIC_API_KEY: 'the-operators-key', ANTHROPIC_BASE_URL: upstream.url, MAX_ATTEMPTS: '1' },
    });
    await lazu.admin('PUT', `/api/admin/models/${MODEL}/prices/direct`, PRICES);
    const options = { maxRetries: 0, timeout: 60_000 }; // of its own, so that the SDK takes large `max_tokens` unstreamed
    direct = new Anthropic({ apiKey: 'none', baseURL: upstream.url, ...options });
    through = new Anthropic({ apiKey: lazu.apiKey, baseURL: lazu.url, ...options });
  }, 120_000);
  afterAll(async () => {
    await lazu.close();
    await upstream.stop();
  });

  async function read(client: Anthropic, exchange: AnthropicExchange, body: any) {
    let requestId: string | null = null;
    try {
      if (!exchange.streamed) {
        const { data, response } = await client.beta.messages.create(body).withResponse();
        requestId = response.headers.get('x-lazu-request-id');
        return { requestId, message: plain(data), events: [], error: undefined };
      }
      const stream = client.beta.messages.stream(body);
      const events: unknown[] = [];
      stream.on('streamEvent', event => events.push(plain(event)));
      const message = plain(await stream.finalMessage());
      return { requestId: stream.response!.headers.get('x-lazu-request-id'), message, events, error: undefined };
    } catch (error) {
      if (!(error instanceof APIError)) throw error;
      return { requestId, message: undefined, events: [], error };
    }
  }

  const exchanges = anthropicExchanges(recordings);

  it('has recordings', () => expect(exchanges.length).toBeGreaterThan(150));

  it.each(exchanges.map(exchange => [exchange.name, exchange] as const))('%s', async (_name, exchange) => {
    upstream.play(exchange);
    const { own = { max_tokens: 100, messages: [{ role: 'user', content: 'What did you say then?' }] } } = exchange;
    const body = { ...own, model: MODEL, ...(exchange.streamed && { stream: true }) };
    const raw = await read(direct, exchange, body);
    const seen = await read(through, exchange, body);
    const [asked, sent] = upstream.asked;
    expect([sent!.path, sent!.body]).toEqual(['/v1/messages', asked!.body]);
    if (raw.error) {
      const status = raw.error.status === 400 ? 400 : 502; // keys are the operator's problem
      expect([seen.error?.status, seen.error instanceof APIError]).toEqual([status, true]);
      if (status === 400) expect(seen.error!.message).toContain(raw.error.error.error.message);
      return;
    }
    expect(seen.message).toEqual(raw.message);
    expect(seen.events).toEqual(raw.events);
    const record = await lazu.record(seen.requestId);
    const tokens = (record.usage.dimensions as { name: string; quantity: number }[]).filter(
      ({ name }) => !name.startsWith('tool_'),
    );
    expect([record.status, record.usage_source, record.error_code]).toEqual(['completed', 'provider', null]);
    expect(Object.fromEntries(tokens.map(({ name, quantity }) => [name, quantity]))).toEqual(
      tokensOf((raw.message as any).usage),
    );
  });

  it.each(countExchanges(recordings).map(one => [one.name, one] as const))('%s', async (name, { body, answer }) => {
    const headers = { 'content-type': 'application/json' };
    upstream.play({ name, status: 200, headers, bytes: Buffer.from(JSON.stringify(answer)) });
    const response = await lazu.post('/v1/messages/count_tokens', { ...body, model: MODEL });
    expect(await response.json()).toEqual(answer);
    expect(upstream.asked[0]).toEqual({ path: '/v1/messages/count_tokens', body: { ...body, model: MODEL } });
    expect((await lazu.record(response.headers.get('x-lazu-request-id'))).billing.charge_micro_usd).toBe(0);
  });
});

/** Without what the SDK adds. */
function plain(value: object): unknown {
  const { _request_id: _, ...rest } = JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
  return rest;
}
