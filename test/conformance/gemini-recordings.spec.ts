import { GoogleGenAI } from '@google/genai';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { fakeGoogleSignIn, SERVICE_ACCOUNT } from '../support/google-sign-in.js';
import { describeWith, materials } from '../support/materials.js';
import { geminiExchanges } from './support/gemini-exchange.js';
import { expectSameMeaning, readWithGemini } from './support/gemini-judge.js';
import { readWithSdk } from './support/judge.js';
import { ReplayServer } from './support/replay-server.js';

const folder = materials('recordings', "replaying Google's recorded traffic to callers of OpenAI chat");

const HOSTS = {
  gemini: { model: 'gemini-2.5-flash', path: '/v1beta/models/gemini-2.5-flash:' },
  vertex: {
    model: 'on-vertex',
    path: '/v1beta1/projects/my-project/locations/global/publishers/google/models/gemini-2.5-flash:',
  },
};

/** What a recorded refusal is to a caller, by its words. */
const errorFor = (status: number, body: string) => {
  if (status === 429) return { status: 429, code: 'upstream_rate_limited' };
  if (status === 400 && body.includes('exceeds the maximum')) return { status: 400, code: 'context_length_exceeded' };
  if (status === 400 && !body.includes('API_KEY_INVALID')) return { status: 400, code: 'invalid_request' };
  return { status: 502, code: 'upstream_error' };
};

describeWith(folder, "Google's recorded answers, for callers of OpenAI chat", recordings => {
  let lazu: TestLazu;
  let upstream: ReplayServer;
  let google: GoogleGenAI;
  let signOut: () => void;

  beforeAll(async () => {
    signOut = fakeGoogleSignIn();
    upstream = await ReplayServer.start();
    lazu = await bootLazu({ GEMINI_API_KEY: 'the-operators-key', GOOGLE_GEMINI_BASE_URL: upstream.url });
    google = new GoogleGenAI({ apiKey: 'none', httpOptions: { baseUrl: upstream.url } });
    await lazu.admin('PUT', '/api/admin/models/on-vertex', {
      vendor_id: 'recorded',
      supported_endpoint_types: ['chat'],
    });
    await lazu.admin('PUT', '/api/admin/models/on-vertex/prices/direct', {
      ...{ input_per_mtok: 1, output_per_mtok: 2, per_tool_web_search: '0.01' },
    });
    await lazu.admin('POST', '/api/admin/channels', {
      ...{ name: 'vertex', provider: 'vertex', lane: 'direct', base_url: upstream.url },
      credential: { service_account: SERVICE_ACCOUNT, project: 'my-project', location: 'global' },
      models: [{ model: 'on-vertex', upstream_model: 'gemini-2.5-flash' }],
    });
  }, 120_000);
  afterAll(async () => {
    signOut();
    await lazu.close();
    await upstream.stop();
  });

  describe.each(['gemini', 'vertex'] as const)('%s', provider => {
    const { model, path } = HOSTS[provider];
    const exchanges = geminiExchanges(recordings, provider);

    it.each(exchanges.map(exchange => [exchange.name, exchange] as const))('%s', async (_name, exchange) => {
      upstream.play(exchange);
      let requestId: string | null = null;
      const seen = await readWithSdk(lazu.openai, { ...exchange.request, model }, response => {
        requestId = response.headers.get('x-lazu-request-id');
      });
      const method = exchange.streamed ? 'streamGenerateContent?alt=sse' : 'generateContent';
      expect(upstream.asked.map(asked => asked.path)).toContain(path + method);
      if (exchange.status >= 400) {
        expect(seen.error).toMatchObject(errorFor(exchange.status, exchange.bytes.toString()));
        return;
      }
      const raw = await readWithGemini(google, exchange.streamed);
      expectSameMeaning(seen, raw);
      expect(seen.model).toBe(model);
      expect(seen.usage).toMatchObject({ total_tokens: raw.totalTokens });
      const record = await lazu.record(requestId);
      expect([record.status, record.usage_source, record.usage_mismatch ?? false]).toEqual([
        'completed',
        'provider',
        false,
      ]);
      const tokens = (record.usage.dimensions as { name: string; quantity: number }[]).filter(
        ({ name }) => name !== 'requests' && !name.startsWith('tool_'),
      );
      expect(Object.fromEntries(tokens.map(({ name, quantity }) => [name, quantity]))).toEqual(raw.dimensions);
      expect(Object.values(raw.dimensions).reduce((sum, quantity) => sum + quantity, 0)).toBe(raw.totalTokens);
    });
  });
});
