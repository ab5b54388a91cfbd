import type { ProtocolName } from '../../protocols/protocol.js';
import { environmentChannels } from '../environment.js';
import type { Outgoing } from '../provider.js';
import { buildRequest } from '../request.js';
import { bedrock } from './index.js';

const keys = { access_key_id: 'AKIDEXAMPLE', secret_access_key: 'secret', region: 'eu-west-1' };
const CLAUDE = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const NOVA = 'us.amazon.nova-2-lite-v1:0';

const outgoing = (protocol: ProtocolName, model: string, more: Partial<Outgoing> = {}): Outgoing => ({
  ...{ protocol, endpoint: 'chat', model, stream: false },
  channel: { id: 'c', baseUrl: undefined, credential: keys, options: {} },
  ...more,
});
const channel = (credential: Outgoing['channel']['credential'], more: object = {}) => ({
  ...{ id: 'c', baseUrl: undefined, credential, options: {} },
  ...more,
});
const built = (to: Outgoing, body: Record<string, unknown>, headers: Record<string, string> = {}) => {
  const raw = Buffer.from(JSON.stringify(body));
  const modelIn = to.protocol === 'bedrock-converse' ? ('path' as const) : ('body' as const);
  return buildRequest(bedrock, to, body, raw, { askUsage: true, headers, modelIn }).request;
};
const read = ({ body }: { body: Uint8Array | undefined }) => JSON.parse(Buffer.from(body!).toString());

describe('what is asked of Bedrock', () => {
  it.each([
    ['bedrock-converse', false, '/model/us.amazon.nova-2-lite-v1%3A0/converse'],
    ['bedrock-converse', true, '/model/us.amazon.nova-2-lite-v1%3A0/converse-stream'],
    ['anthropic-messages', false, '/model/us.amazon.nova-2-lite-v1%3A0/invoke'],
    ['anthropic-messages', true, '/model/us.amazon.nova-2-lite-v1%3A0/invoke-with-response-stream'],
  ] as const)('%s, streamed: %s', (protocol, stream, path) => {
    const { url, headers } = built(outgoing(protocol, NOVA, { stream }), { messages: [] });
    expect(url.href).toBe(`https://bedrock-runtime.eu-west-1.amazonaws.com${path}`);
    expect(headers.accept).toBe(stream ? 'application/vnd.amazon.eventstream' : 'application/json');
  });

  it("is Anthropic's body with the version in it, and model and stream outside", async () => {
    const to = outgoing('anthropic-messages', CLAUDE, { stream: true, channel: channel('bedrock-key') });
    const request = built(
      to,
      { model: 'claude', stream: true, max_tokens: 1, messages: [] },
      { 'anthropic-beta': 'a, b' },
    );
    const signed = await bedrock.sign!(request, to);
    expect(read(signed)).toEqual({
      anthropic_version: 'bedrock-2023-05-31',
      anthropic_beta: ['a', 'b'],
      max_tokens: 1,
      messages: [],
    });
    expect(signed.headers.authorization).toBe('Bearer bedrock-key');
    expect(signed.headers).not.toHaveProperty('anthropic-beta');
  });

  it("leaves Converse's body as it is, and signs it", async () => {
    const to = outgoing('bedrock-converse', NOVA);
    const signed = await bedrock.sign!(built(to, { messages: [] }), to);
    expect(read(signed)).toEqual({ messages: [] });
    expect(signed.headers.authorization).toMatch(/Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/bedrock\/aws4_request/);
    expect(JSON.stringify(signed.headers)).not.toContain('"secret"');
  });
});

describe('channels', () => {
  it.each([
    [channel('key'), undefined],
    [channel(keys), undefined],
    [channel('key', { options: { region: 'ap-southeast-2' } }), undefined],
    [channel({ access_key_id: 'a', region: 'us-east-1' }), 'credential.secret_access_key: missing'],
    [channel({ ...keys, region: 'https://evil' }), 'credential.region: must be a region'],
    [channel('key', { options: { region: 5 } }), 'options.region: must be a region'],
  ])('%j: %s', (one, complaint) => {
    const said = bedrock.checkChannel?.(one);
    if (complaint === undefined) expect(said).toBeUndefined();
    else expect(said).toContain(complaint);
  });

  it.each([
    [channel('key', { options: { region: 'us-west-2' } }), 'https://bedrock-runtime.us-west-2.amazonaws.com'],
    [channel('key'), 'https://bedrock-runtime.us-east-1.amazonaws.com'],
    [channel(keys), 'https://bedrock-runtime.eu-west-1.amazonaws.com'],
  ])('%j is at %s', (one, url) => expect(bedrock.baseUrlFor?.(one)).toBe(url));

  it('are made by keys with their region, or by an API key', () => {
    const aws = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 's', AWS_REGION: 'us-west-2' };
    expect(environmentChannels({ ...aws, AWS_REGION: '' })).toEqual([]);
    const [signed] = environmentChannels({ ...aws, AWS_SESSION_TOKEN: 't' });
    expect(signed).toMatchObject({
      id: 'env:bedrock',
      baseUrl: 'https://bedrock-runtime.us-west-2.amazonaws.com',
      credential: { access_key_id: 'a', secret_access_key: 's', session_token: 't', region: 'us-west-2' },
      priority: 10,
    });
    expect(signed?.serves).toHaveProperty(['models', 'llama-4-scout']);
    const [keyed, ...rest] = environmentChannels({ ...aws, AWS_BEARER_TOKEN_BEDROCK: 'k', AWS_REGION: 'eu-west-1' });
    expect([keyed?.credential, keyed?.baseUrl, rest]).toEqual([
      'k',
      'https://bedrock-runtime.eu-west-1.amazonaws.com',
      [],
    ]);
    expect(keyed?.serves).toHaveProperty(['models', 'claude-opus-5'], 'global.anthropic.claude-opus-5');
    expect(keyed?.serves).toHaveProperty(['models', 'nova-pro'], 'eu.amazon.nova-pro-v1:0');
    expect(keyed?.serves).not.toHaveProperty(['models', 'llama-4-scout']);
  });
});

describe('what a model of Bedrock can do, by its id', () => {
  it.each([
    ['anthropic.claude-v2:1', { reasoning: 'none', schemas: false, cacheLifetimes: [] }],
    ['anthropic.claude-3-haiku-20240307-v1:0', { reasoning: 'none', schemas: false, cacheLifetimes: [] }],
    ['us.anthropic.claude-3-7-sonnet-20250219-v1:0', { reasoning: 'budget', schemas: false, cacheLifetimes: ['5m'] }],
    ['us.anthropic.claude-opus-4-1-20250805-v1:0', { reasoning: 'budget', schemas: false, cacheLifetimes: ['5m'] }],
    [CLAUDE, { reasoning: 'budget', sampling: 'one', schemas: true, cacheLifetimes: ['5m', '1h'] }],
    ['global.anthropic.claude-opus-4-6-v1', { reasoning: 'asked', schemas: true }],
    [`arn:aws:bedrock:us-east-1:1:inference-profile/${CLAUDE}`, { reasoning: 'budget' }],
    [NOVA, { reasoning: 'asked', reasoningField: 'reasoningConfig', schemas: false, cacheLifetimes: ['5m'] }],
    ['amazon.nova-pro-v1:0', { reasoning: 'none', schemas: false, cacheLifetimes: ['5m'] }],
    ['openai.gpt-oss-120b-1:0', { reasoning: 'always', reasoningField: 'reasoning_effort', schemas: true }],
    ['us.meta.llama3-3-70b-instruct-v1:0', { reasoning: 'none', schemas: false, cacheLifetimes: [] }],
    ['arn:aws:bedrock:us-east-1:1:imported-model/abc', { reasoning: 'none', schemas: true, cacheLifetimes: [] }],
  ])('%s', (model, traits) => expect(bedrock.modelTraits(model)).toMatchObject(traits));

  it('and which protocols are spoken to it', () => {
    const both = ['anthropic-messages', 'bedrock-converse'];
    const spoken = (model: string) => bedrock.protocolsFor?.(model, channel(keys));
    expect([spoken(CLAUDE), spoken(NOVA)]).toEqual([both, ['bedrock-converse']]);
    expect(spoken(`arn:aws:bedrock:us-east-1:1:inference-profile/${CLAUDE}`)).toEqual(both);
  });
});
