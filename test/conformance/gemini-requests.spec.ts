import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { content, contentFrames, functionCall, said } from '../support/fake-gemini.js';
import { answerJson, answerStream, FakeUpstream } from '../support/fake-upstream.js';
import { fakeGoogleSignIn, ACCESS_TOKEN, SERVICE_ACCOUNT } from '../support/google-sign-in.js';
import { describeWith, materials } from '../support/materials.js';
import { DiscoverySchemas } from './support/discovery-schemas.js';
import { representative } from './support/representative.js';

const specs = materials('specs', "validating requests to Gemini by Google's discovery document");
const recordings = materials('recordings', 'validating recorded requests to Gemini');

const MODELS = ['gemini-2.5-flash', 'gemini-3-flash-preview', 'gemini-4-argon'];

describeWith(specs, "what goes to Gemini, judged by Google's discovery document", folder => {
  const schemas = new DiscoverySchemas(folder);
  const faults = (body: unknown) => schemas.faults('GenerateContentRequest', body);
  let lazu: TestLazu;
  let upstream: FakeUpstream;
  let signOut: () => void;

  beforeAll(async () => {
    signOut = fakeGoogleSignIn();
    upstream = await FakeUpstream.start();
    lazu = await bootLazu({ GEMINI_API_KEY: 'the-operators-key', GOOGLE_GEMINI_BASE_URL: upstream.url });
    await lazu.admin('PUT', '/api/admin/models/on-vertex', {
      vendor_id: 'recorded',
      supported_endpoint_types: ['chat'],
    });
    await lazu.admin('PUT', '/api/admin/models/on-vertex/prices/direct', { input_per_mtok: 1, output_per_mtok: 2 });
    await lazu.admin('POST', '/api/admin/channels', {
      ...{ name: 'vertex', provider: 'vertex', lane: 'direct', base_url: upstream.url },
      credential: { service_account: SERVICE_ACCOUNT, project: 'my-project', location: 'us-central1' },
      models: [{ model: 'on-vertex', upstream_model: 'gemini-3.1-pro-preview' }],
    });
  }, 60_000);
  afterAll(async () => {
    signOut();
    await lazu.close();
    await upstream.stop();
  });

  const send = async (body: Record<string, any>) => {
    const whole = content([said('Hi')]);
    upstream.answers(body['stream'] === true ? answerStream(contentFrames(whole)) : answerJson(whole));
    const response = await lazu.post('/v1/chat/completions', body);
    return { status: response.status, body: await response.text() };
  };

  describe.each([...MODELS, 'on-vertex'])('%s', model => {
    it.each(Object.entries(representative))('takes %s', async (_name, body) => {
      const answer = await send({ model, ...body });
      if (upstream.seen.length === 0) {
        // What the vendor lacks does not go out; it must not be because of a mistake of ours.
        expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([400, 'unsupported_parameter']);
        return;
      }
      expect([answer.status, upstream.seen.flatMap(seen => faults(seen.body))]).toEqual([200, []]);
      const { authorization, 'x-goog-api-key': key } = upstream.last.headers;
      const signedIn = model === 'on-vertex' ? [`Bearer ${ACCESS_TOKEN}`, undefined] : [undefined, 'the-operators-key'];
      expect([authorization, key]).toEqual(signedIn);
    });

    it('takes an answer that comes home', async () => {
      const asked = [{ role: 'user', content: 'Weather?' }];
      const tools = [{ type: 'function', function: { name: 'weather' } }];
      const call = functionCall('call_1', 'Rome', { thoughtSignature: 'c2ln' });
      upstream.answers(answerJson(content([said('Hm.', { thought: true }), said('I look.'), call])));
      const first = await lazu.post('/v1/chat/completions', { model, messages: asked, tools });
      const { message } = (await first.json()).choices[0];
      const result = { role: 'tool', tool_call_id: 'call_1', content: 'Sun' };
      await send({ model, messages: [...asked, message, result], tools });
      expect(faults(upstream.last.body)).toEqual([]);
      expect(JSON.stringify(upstream.last.body)).toContain('c2ln');
    });
  });

  it('is a judge that sees faults', () => {
    expect(faults({ contents: [], model: 'models/x' })).toEqual([]);
    expect(faults({ contents: [{ role: 'user', parts: [{ text: 1 }] }] })).toHaveLength(1);
    expect(faults({ generationConfig: { max_tokens: 1 } })).toHaveLength(1);
    expect(faults({ generationConfig: { thinkingConfig: { thinkingLevel: 'XHIGH' }, seed: 2 ** 40 } })).toHaveLength(2);
  });

  it('takes what recorded clients sent', () => {
    const sent = recordings === undefined ? [] : recordedRequests(recordings);
    expect(sent.flatMap(({ name, body }) => faults(body).map(fault => `${name}: ${fault}`))).toEqual([]);
  });
});

/** Google takes names as its schema spells them too, and its enums in small letters: https://protobuf.dev/programming-guides/json/ */
function asDescribed(field: string, value: unknown): unknown {
  if ((field === 'mode' || field === 'thinkingLevel') && typeof value === 'string') return value.toUpperCase();
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const camel = (name: string) =>
    /^(?:inline_data|mime_type|file_data|file_uri|google_search|code_execution)$/.test(name)
      ? name.replace(/_(.)/, (_, letter: string) => letter.toUpperCase())
      : name;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [camel(name), one]));
}

function recordedRequests(folder: string): { name: string; body: unknown }[] {
  return readdirSync(join(folder, 'gemini')).flatMap(name => {
    const { exchanges } = JSON.parse(readFileSync(join(folder, 'gemini', name), 'utf8')) as { exchanges: any[] };
    return exchanges
      .filter(
        ({ request, response }) => /:(?:streamG|g)enerateContent/.test(request?.url ?? '') && response.status < 400,
      )
      .map(({ request }) => ({ name, body: JSON.parse(JSON.stringify(request.body), asDescribed) as unknown }));
  });
}
