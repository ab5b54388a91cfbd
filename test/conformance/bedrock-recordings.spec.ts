import Anthropic from '@anthropic-ai/sdk';
import type { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { describeWith, materials } from '../support/materials.js';
import { comparable, readWithAnthropic } from './support/anthropic-judge.js';
import { type BedrockExchange, bedrockExchanges, NOT_CHAT } from './support/bedrock-exchange.js';
import { bedrockClient, type BedrockReading, readWithAws, unwrapWithAws } from './support/bedrock-judge.js';
import { readWithSdk } from './support/judge.js';
import { ReplayServer } from './support/replay-server.js';

const folder = materials('recordings', "replaying Bedrock's recorded traffic");
/** One model by each of the two protocols. */
const MODELS = { converse: 'recorded-by-converse', invoke: 'recorded-by-invoke' } as const;

describeWith(
  folder,
  "Bedrock's recorded answers, for callers of OpenAI chat and of Anthropic's messages",
  recordings => {
    const { chats, others } = bedrockExchanges(recordings);
    let lazu: TestLazu;
    let upstream: ReplayServer;
    /** Plays what AWS's SDK has unwrapped to Anthropic's. */
    let unwrapped: ReplayServer;
    let aws: BedrockRuntimeClient;
    let anthropic: Anthropic;

    beforeAll(async () => {
      [upstream, unwrapped, lazu] = await Promise.all([ReplayServer.start(), ReplayServer.start(), bootLazu()]);
      aws = bedrockClient(upstream.url);
      anthropic = new Anthropic({ apiKey: 'none', baseURL: unwrapped.url, maxRetries: 0 });
      for (const [api, model] of Object.entries(MODELS)) {
        const path = `/api/admin/models/${model}`;
        await lazu.admin('PUT', path, { vendor_id: 'recorded', supported_endpoint_types: ['chat'] });
        await lazu.admin('PUT', `${path}/prices/direct`, { input_per_mtok: 1, output_per_mtok: 1 });
        await lazu.admin('POST', '/api/admin/channels', {
          ...{ name: api, provider: 'bedrock', lane: 'direct', base_url: upstream.url, credential: 'a-bedrock-key' },
          options: { protocol: api === 'invoke' ? 'anthropic-messages' : 'bedrock-converse' },
          models: [{ model, upstream_model: 'us.anthropic.claude-haiku-4-5-20251001-v1:0' }],
        });
      }
    }, 120_000);
    afterAll(async () => {
      await lazu.close();
      await Promise.all([upstream.stop(), unwrapped.stop()]);
      aws.destroy();
    });

    /** What the official SDKs read in the same bytes. */
    async function readOfficially({ api, name, streamed }: BedrockExchange): Promise<BedrockReading> {
      if (api === 'converse') return readWithAws(aws, streamed);
      const headers = { 'content-type': streamed ? 'text/event-stream' : 'application/json' };
      unwrapped.play({ name, status: 200, headers, bytes: await unwrapWithAws(aws, streamed) });
      return readWithAnthropic(anthropic, streamed);
    }

    it('are all here, but for what is no chat', () => {
      expect(chats.map(({ api, streamed }) => `${api} ${streamed}`)).toEqual(
        expect.arrayContaining(['converse true', 'converse false', 'invoke true', 'invoke false']),
      );
      expect(chats.length).toBeGreaterThan(120);
      expect(others.length).toBeLessThan(40);
      expect(new Set(NOT_CHAT.map(({ why }) => why)).size).toBe(NOT_CHAT.length);
    });

    it.each(chats.map(exchange => [exchange.name, exchange] as const))('%s', async (_name, exchange) => {
      upstream.play(exchange);
      const body = { ...exchange.request, model: MODELS[exchange.api] };
      let requestId: string | null = null;
      const seen = await readWithSdk(lazu.openai, body, response => {
        requestId = response.headers.get('x-lazu-request-id');
      });
      const operation = {
        converse: ['converse', 'converse-stream'],
        invoke: ['invoke', 'invoke-with-response-stream'],
      };
      const asked = operation[exchange.api][exchange.request['stream'] ? 1 : 0];
      expect(upstream.asked[0]!.path).toBe(`/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/${asked}`);
      if (exchange.status >= 400) {
        const isLong = exchange.bytes.includes('Input Tokens Exceeded');
        const expected = isLong
          ? { status: 400, code: 'context_length_exceeded' }
          : { status: 502, code: 'upstream_error' };
        expect(seen.error).toMatchObject(expected);
        return;
      }
      const { dimensions, ...raw } = await readOfficially(exchange);
      expect(comparable(seen)).toEqual(raw);
      const total = Object.values(dimensions).reduce((sum, quantity) => sum + quantity, 0);
      expect(seen.usage).toMatchObject({ total_tokens: total, completion_tokens: dimensions['output'] ?? 0 });
      const record = await lazu.record(requestId);
      const tokens = (record.usage.dimensions as { name: string; quantity: number }[]).filter(
        ({ name }) => name !== 'requests' && !name.startsWith('tool_'),
      );
      expect([record.status, record.usage_source, record.usage_mismatch]).toEqual(['completed', 'provider', false]);
      expect(Object.fromEntries(tokens.map(({ name, quantity }) => [name, quantity]))).toEqual(dimensions);
    });

    const messages = chats.filter(
      ({ api, status, sentBody }) => api === 'invoke' && status === 200 && sentBody?.['messages'],
    );

    it.each(messages.map(exchange => [exchange.name, exchange] as const))(
      "for Anthropic's SDK: %s",
      async (_name, exchange) => {
        const { name, streamed } = exchange;
        upstream.play(exchange);
        const { anthropic_version: _, anthropic_beta: __, ...own } = exchange.sentBody!;
        const through = new Anthropic({ apiKey: lazu.apiKey, baseURL: lazu.url, maxRetries: 0, timeout: 60_000 });
        const read = async (client: Anthropic) => {
          const body = { ...own, model: MODELS.invoke } as Anthropic.MessageCreateParamsNonStreaming;
          const answer = streamed ? client.messages.stream(body).finalMessage() : client.messages.create(body);
          return JSON.parse(JSON.stringify(await answer)) as unknown;
        };
        const seen = await read(through);
        expect(upstream.asked[0]!.body).toEqual({ anthropic_version: 'bedrock-2023-05-31', ...own });
        const headers = { 'content-type': streamed ? 'text/event-stream' : 'application/json' };
        unwrapped.play({ name, status: 200, headers, bytes: await unwrapWithAws(aws, streamed) });
        expect(seen).toEqual(await read(anthropic));
      },
    );
  },
);
