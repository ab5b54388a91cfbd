import { setTimeout as sleep } from 'node:timers/promises';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { FakeUpstream } from '../support/fake-upstream.js';
import { fakeGoogleSignIn, SERVICE_ACCOUNT } from '../support/google-sign-in.js';
import { type Heard, SDKS } from '../support/sdks.js';
import { type Refusal, refuses, type Saying, speaks, speaksHalf, wireAt } from '../support/wires.js';

interface Vendor {
  readonly vendor: string;
  readonly model: string;
  /** Shows its thoughts, and wants them back. */
  readonly thinks: boolean;
  /** Has no way of holding to a schema. */
  readonly lacksSchemas?: true;
}

/** The names that issue trackers are full of, and one for each further way in which vendors are reached. */
const VENDORS: readonly Vendor[] = [
  { vendor: 'OpenAI', model: 'gpt-4o', thinks: false },
  { vendor: 'OpenAI, Responses only', model: 'o3-pro', thinks: true },
  { vendor: 'Anthropic', model: 'claude-sonnet-4-5', thinks: true },
  { vendor: 'Google', model: 'gemini-2.5-pro', thinks: true },
  { vendor: 'xAI', model: 'grok-4', thinks: true },
  { vendor: 'Moonshot', model: 'kimi-k2', thinks: false },
  { vendor: 'DeepSeek', model: 'deepseek-chat', thinks: true, lacksSchemas: true },
  { vendor: 'Cohere', model: 'command-a-plus', thinks: true },
  { vendor: 'Bedrock, Converse', model: 'on-bedrock', thinks: true },
  { vendor: 'Vertex AI, Gemini', model: 'gemini-on-vertex', thinks: true },
  { vendor: 'Vertex AI, Claude', model: 'claude-on-vertex', thinks: true },
];

const SAYINGS: readonly Saying[] = [
  {
    thought: 'Two cities.',
    secret: 'c2VjcmV0MQ',
    text: 'Let me look.',
    calls: [
      { id: 'call_1', name: 'weather', input: { city: 'Rome' } },
      { id: 'call_2', name: 'weather', input: { city: 'Oslo' } },
    ],
  },
  { thought: 'One more.', secret: 'c2VjcmV0Mg', calls: [{ id: 'call_3', name: 'weather', input: { city: 'Bern' } }] },
  { text: 'Sun, snow and fog.' },
];
const SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const PICTURE = 'iVBORw0KGgoAAAANSUhEUg==';

type Kinds = Readonly<Record<string, string>>;
const kinds = (openai: string, anthropic = openai): Kinds => ({
  ...{ openai, '@anthropic-ai/sdk': anthropic },
  '@google/genai': 'ApiError',
});

/** In the classes that programs catch. */
const ERRORS: readonly (readonly [why: Refusal, status: number, kinds: Kinds, code: string])[] = [
  ['limited', 429, kinds('RateLimitError'), 'upstream_rate_limited'],
  ['busy', 503, kinds('InternalServerError', 'ServiceUnavailableError'), 'upstream_unavailable'],
  ['too long', 400, kinds('BadRequestError'), 'context_length_exceeded'],
  ['forbidden', 400, kinds('BadRequestError'), 'content_policy_violation'],
  ['wrong key', 502, kinds('InternalServerError'), 'upstream_error'],
];

let lazu: TestLazu;
let upstream: FakeUpstream;
let signOut: () => void;
/** The id of the last answer, whichever SDK asked: not all of them tell. */
let lastRequestId: string | null = null;
const ownFetch = globalThis.fetch;

async function serve(model: string, channel: object): Promise<void> {
  const path = `/api/admin/models/${model}`;
  await lazu.admin('PUT', path, { vendor_id: 'acme', supported_endpoint_types: ['chat'] });
  await lazu.admin('PUT', `${path}/prices/direct`, { input_per_mtok: 1, output_per_mtok: 2 });
  await lazu.admin('POST', '/api/admin/channels', { name: model, lane: 'direct', base_url: upstream.url, ...channel });
}

beforeAll(async () => {
  signOut = fakeGoogleSignIn();
  const signedIn = globalThis.fetch;
  globalThis.fetch = async (...request) => {
    const response = await signedIn(...request);
    lastRequestId = response.headers.get('x-lazu-request-id') ?? lastRequestId;
    return response;
  };
  upstream = await FakeUpstream.start();
  const { url } = upstream;
  lazu = await bootLazu({
    ...{ MAX_ATTEMPTS: '1', LEAVE_GRACE_MS: '20' },
    ...{ OPENAI_API_KEY: 'the-operators-key', OPENAI_BASE_URL: `${url}/v1` },
    ...{ ANTHROPIC_API_KEY: 'the-operators-key', ANTHROPIC_BASE_URL: url },
    ...{ GEMINI_API_KEY: 'the-operators-key', GOOGLE_GEMINI_BASE_URL: url },
    ...{ XAI_API_KEY: 'the-operators-key', XAI_BASE_URL: `${url}/v1` },
    ...{ MOONSHOT_API_KEY: 'the-operators-key', MOONSHOT_BASE_URL: `${url}/v1` },
    ...{ DEEPSEEK_API_KEY: 'the-operators-key', DEEPSEEK_BASE_URL: url },
    ...{ CO_API_KEY: 'the-operators-key', CO_API_URL: url },
  });
  await serve('on-bedrock', {
    ...{ provider: 'bedrock', options: { protocol: 'bedrock-converse' } },
    credential: { access_key_id: 'AKIDEXAMPLE', secret_access_key: 'the-operators-key', region: 'us-west-2' },
    models: [{ model: 'on-bedrock', upstream_model: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0' }],
  });
  const credential = { service_account: SERVICE_ACCOUNT, project: 'my-project', location: 'eu' };
  for (const [model, upstream_model] of [
    ['gemini-on-vertex', 'gemini-2.5-pro'],
    ['claude-on-vertex', 'claude-sonnet-4-5@20250929'],
  ] as const)
    await serve(model, { provider: 'vertex', credential, models: [{ model, upstream_model }] });
}, 60_000);
afterAll(async () => {
  signOut();
  globalThis.fetch = ownFetch;
  await lazu.close();
  await upstream.stop();
});

const pairs = SDKS.flatMap(sdk => VENDORS.map(vendor => ({ sdk, ...vendor, name: sdk.name })));

describe.each(pairs)('$name against $vendor', ({ sdk, model, thinks, lacksSchemas }) => {
  /** What this vendor says of it. */
  const spoken = ({ thought, secret, ...saying }: Saying): Saying => (thinks ? { thought, secret, ...saying } : saying);
  /** Where nothing is signed, the thought is all that there is. */
  const thoughtIn = ({ thought, secret }: Saying): string => {
    if (!thinks) return '';
    const { protocol } = wireAt(upstream.last.path);
    return (protocol === 'openai-chat' || protocol === 'cohere-chat' ? secret : thought) ?? '';
  };
  const isNamed = () => wireAt(upstream.last.path).protocol !== 'gemini';
  const sentTo = (at: number): string => JSON.stringify(upstream.seen[at]!.body);

  it('text and thoughts, streamed as whole, and metered the same', async () => {
    const saying = spoken({ thought: 'Hm.', secret: 'c2VjcmV0MQ', text: 'Hello there!' });
    upstream.answers(speaks(saying));
    const records: any[] = [];
    for (const streamed of [false, true]) {
      const heard = await sdk.talk(lazu, { model, thinks }).say('Say hello', { streamed });
      const calls: Heard['calls'] = [];
      expect(heard).toEqual({ text: 'Hello there!', thought: thoughtIn(saying), calls, tokens: [10, 5] });
      records.push(await lazu.record(lastRequestId));
    }
    const [whole, streamed] = records;
    expect(whole).toMatchObject({ status: 'completed', usage_source: 'provider', usage_mismatch: false });
    expect(whole.usage.dimensions).toEqual([
      { name: 'input', quantity: 10 },
      { name: 'output', quantity: 5 },
    ]);
    expect(whole.billing.charge_micro_usd).toBeGreaterThan(0);
    expect([streamed.usage, streamed.billing]).toEqual([whole.usage, whole.billing]);
  });

  it.each([false, true])('traps 29 to 32: tools over three turns, streamed: %s', async streamed => {
    const sayings = SAYINGS.map(spoken);
    upstream.answers(...sayings.map(speaks));
    const talk = sdk.talk(lazu, { model, thinks, tools: true });
    const first = await talk.say('Rome and Oslo?', { streamed });
    expect(first).toMatchObject({ text: 'Let me look.', thought: thoughtIn(sayings[0]!), calls: sayings[0]!.calls });
    const second = await talk.give(
      [
        { id: first.calls[0]!.id, output: 'Sun in Rome' },
        { id: first.calls[1]!.id, output: 'Snow in Oslo' },
      ],
      streamed,
    );
    expect(second.calls).toEqual(sayings[1]!.calls);
    const third = await talk.give([{ id: second.calls[0]!.id, output: 'Fog in Bern' }], streamed);
    expect(third).toMatchObject({ text: 'Sun, snow and fog.', calls: [] });
    for (const at of [1, 2]) {
      const said = sentTo(at);
      expect(said.indexOf('Sun in Rome')).toBeLessThan(said.indexOf('Snow in Oslo'));
      expect(said).not.toContain('lazu_');
      if (isNamed()) for (const id of ['call_1', 'call_2']) expect(said.split(id).length - 1).toBe(2);
      if (thinks) expect(said).toContain(isNamed() ? 'c2VjcmV0MQ' : Buffer.from('c2VjcmV0MQ').toString('base64'));
    }
    expect(sentTo(2)).toContain('Fog in Bern');
    if (thinks) expect(sentTo(2)).toContain(isNamed() ? 'c2VjcmV0Mg' : Buffer.from('c2VjcmV0Mg').toString('base64'));
  });

  it('an image', async () => {
    upstream.answers(speaks({ text: 'A pixel.' }));
    const heard = await sdk.talk(lazu, { model }).say('What is it?', { streamed: true, image: PICTURE });
    expect([heard.text, sentTo(0).split(PICTURE).length - 1]).toEqual(['A pixel.', 1]);
  });

  it('a JSON schema', async () => {
    upstream.answers(speaks({ text: '{"city":"Rome"}' }));
    const asking = sdk.talk(lazu, { model, schema: SCHEMA }).say('Which city?', { streamed: false });
    if (lacksSchemas) {
      const error = await asking.catch(sdk.told);
      expect(error).toMatchObject({ status: 400, code: 'unsupported_parameter' });
      expect(upstream.seen).toEqual([]);
      return;
    }
    expect(JSON.parse((await asking).text)).toEqual({ city: 'Rome' });
    expect(sentTo(0).replaceAll('\\', '')).toContain('"required":["city"]');
  });

  it('trap 1: who leaves pays for what they got, and the vendor is left', async () => {
    upstream.answers(speaksHalf('One two three four five', 'hang'));
    await sdk
      .talk(lazu, { model })
      .say('Count', { streamed: true, leaves: true })
      .catch(() => undefined);
    const id = lastRequestId;
    let record = await lazu.record(id);
    for (; record.status !== 'left'; record = await lazu.record(id)) await sleep(10);
    expect(record).toMatchObject({ usage_source: 'estimated' });
    expect(record.billing.charge_micro_usd).toBeGreaterThan(0);
    while (upstream.last.abortedAt === undefined) await sleep(10);
  }, 20_000);

  it.each(ERRORS)('%s is an error of its own', async (why, status, kinds, code) => {
    for (const streamed of [false, true]) {
      upstream.answers(refuses(why));
      const error = sdk.told(
        await sdk
          .talk(lazu, { model })
          .say('Hi', { streamed })
          .catch((thrown: unknown) => thrown),
      );
      expect([error.status, error.kind, error.code]).toEqual([status, kinds[sdk.name], code]);
      expect(error.message).not.toContain('the-operators-key');
      expect(await lazu.record(lastRequestId)).toMatchObject({ status: 'failed', billing: { charge_micro_usd: 0 } });
    }
  });

  it('trap 25: half an answer is no answer', async () => {
    upstream.answers(speaksHalf('Half an answer', 'cut'));
    await expect(sdk.talk(lazu, { model }).say('Hi', { streamed: true })).rejects.toThrow();
    expect(await lazu.record(lastRequestId)).toMatchObject({ status: 'failed', billing: { charge_micro_usd: 0 } });
  });
});
