import { ApiError, GoogleGenAI } from '@google/genai';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { fakeGoogleSignIn, SERVICE_ACCOUNT } from '../support/google-sign-in.js';
import { describeWith, materials } from '../support/materials.js';
import { PRICES } from './support/channels.js';
import { type GeminiExchange, geminiExchanges } from './support/gemini-exchange.js';
import { dimensionsOf } from './support/gemini-judge.js';
import { ReplayServer } from './support/replay-server.js';

const folder = materials('recordings', "replaying Google's recorded traffic to callers of its own dialect");
const HOSTS = {
  gemini: { model: 'gemini-2.5-flash', path: '/v1beta/models/gemini-2.5-flash:' },
  vertex: {
    model: 'on-vertex',
    path: '/v1beta1/projects/my-project/locations/global/publishers/google/models/gemini-2.5-flash:',
  },
};
const asked = { contents: [{ role: 'user', parts: [{ text: 'What did you say then?' }] }] };

describeWith(folder, "Google's recorded traffic, for callers of its own dialect", recordings => {
  let lazu: TestLazu;
  let upstream: ReplayServer;
  /** The same SDK, reading the recording itself and what comes through Lazu. */
  let direct: GoogleGenAI;
  let through: GoogleGenAI;
  let signOut: () => void;

  beforeAll(async () => {
    signOut = fakeGoogleSignIn();
    upstream = await ReplayServer.start();
    lazu = await bootLazu({
      ...{ GEMINI_API_KEY: 'the-operators-key', GOOGLE_GEMINI_BASE_URL: upstream.url, MAX_ATTEMPTS: '1' },
    });
    direct = new GoogleGenAI({ apiKey: 'none', httpOptions: { baseUrl: upstream.url } });
    through = new GoogleGenAI({ apiKey: lazu.apiKey, httpOptions: { baseUrl: lazu.url } });
    const { model } = HOSTS.vertex;
    await lazu.admin('PUT', `/api/admin/models/${model}`, {
      vendor_id: 'recorded',
      supported_endpoint_types: ['chat'],
    });
    for (const name of [model, HOSTS.gemini.model])
      await lazu.admin('PUT', `/api/admin/models/${name}/prices/direct`, PRICES);
    await lazu.admin('POST', '/api/admin/channels', {
      ...{ name: 'vertex', provider: 'vertex', lane: 'direct', base_url: upstream.url },
      credential: { service_account: SERVICE_ACCOUNT, project: 'my-project', location: 'global' },
      models: [{ model, upstream_model: 'gemini-2.5-flash' }],
    });
  }, 120_000);
  afterAll(async () => {
    signOut();
    await lazu.close();
    await upstream.stop();
  });

  /** What the SDK makes of an answer; its request does not matter here. */
  async function read(client: GoogleGenAI, { streamed }: GeminiExchange, model: string) {
    const request = { model, contents: 'What did you say then?' };
    try {
      if (!streamed) return { said: [plain(await client.models.generateContent(request))] };
      const said: any[] = [];
      for await (const chunk of await client.models.generateContentStream(request)) said.push(plain(chunk));
      return { said };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return { said: [], error };
    }
  }

  describe.each(['gemini', 'vertex'] as const)('%s', provider => {
    const { model, path } = HOSTS[provider];
    const exchanges = geminiExchanges(recordings, provider);

    it('has recordings', () => expect(exchanges.length).toBeGreaterThan(50));

    it.each(exchanges.map(exchange => [exchange.name, exchange] as const))('%s', async (_name, exchange) => {
      upstream.play(exchange);
      const raw = await read(direct, exchange, model);
      const seen = await read(through, exchange, model);
      expect(seen.said).toEqual(raw.said);
      const refused = raw.error && /API_KEY_INVALID|NOT_FOUND/.test(raw.error.message) ? 502 : raw.error?.status;
      expect(seen.error?.status).toBe(refused);

      const method = exchange.streamed ? 'streamGenerateContent' : 'generateContent';
      const query = exchange.streamed ? '?alt=sse' : '';
      const body = exchange.own ?? asked;
      upstream.play(exchange);
      const response = await lazu.post(`/v1beta/models/${model}:${method}${query}`, body);
      const answer = Buffer.from(await response.arrayBuffer()).toString();
      const refusal = refusalOf(body);
      if (refusal !== undefined) {
        expect([JSON.parse(answer).error.details[0].metadata.code, upstream.asked]).toEqual([refusal, []]);
        return;
      }
      expect(upstream.asked).toEqual([{ path: path + method + query, body }]);
      if (raw.error) return;
      expect(answer).toBe(exchange.bytes.toString());
      const record = await lazu.record(response.headers.get('x-lazu-request-id'));
      expect([record.status, record.usage_source, record.usage_mismatch ?? false]).toEqual([
        'completed',
        'provider',
        false,
      ]);
      const tokens = (record.usage.dimensions as { name: string; quantity: number }[]).filter(
        ({ name }) => name !== 'requests' && !name.startsWith('tool_'),
      );
      const usage = Object.assign({}, ...raw.said.map(chunk => chunk.usageMetadata ?? {}));
      expect(Object.fromEntries(tokens.map(({ name, quantity }) => [name, quantity]))).toEqual(dimensionsOf(usage));
    });
  });
});

/** What was recorded with objects stored at Google, or out of bounds, is refused here. */
function refusalOf(body: object): string | undefined {
  const text = JSON.stringify(body);
  if (text.includes('"temperature":1000')) return 'invalid_value';
  return /"cachedContent"|googleapis\.com\/v1beta\/files/.test(text) ? 'unsupported_parameter' : undefined;
}

function plain(answer: object): any {
  const { sdkHttpResponse: _, ...rest } = JSON.parse(JSON.stringify(answer)) as Record<string, unknown>;
  return rest;
}
