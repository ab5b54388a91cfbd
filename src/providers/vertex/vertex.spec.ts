import { generateKeyPairSync } from 'node:crypto';
import { jest } from '@jest/globals';
import type { UpstreamRequest } from '../../egress/reply.js';
import { environmentChannels } from '../environment.js';
import type { Outgoing } from '../provider.js';
import { buildRequest } from '../request.js';
import { vertex } from './index.js';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const account = (email: string, more: object = {}) =>
  JSON.stringify({
    type: 'service_account',
    client_email: email,
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    ...more,
  });
const credential = (email = 'lazu@p.iam.gserviceaccount.com') => ({
  service_account: account(email),
  project: 'my-project',
  location: 'global',
});

const outgoing = (more: Partial<Outgoing> = {}, channel: Partial<Outgoing['channel']> = {}): Outgoing => ({
  protocol: 'gemini',
  endpoint: 'chat',
  model: 'gemini-3.8-flash',
  stream: false,
  channel: { id: 'c', baseUrl: undefined, credential: credential(), options: {}, ...channel },
  ...more,
});

function built(to: Outgoing, body: Record<string, unknown> = { contents: [] }) {
  const modelIn = to.protocol === 'gemini' ? 'path' : 'body';
  const raw = Buffer.from(JSON.stringify(body));
  const { request } = buildRequest(vertex, to, body, raw, { askUsage: false, headers: {}, modelIn });
  return { url: request.url.href, headers: request.headers, body: JSON.parse(String(request.body)) as unknown };
}

describe('what it is asked, and where', () => {
  const GOOGLE = 'projects/my-project/locations';
  it.each([
    ['global', 'https://aiplatform.googleapis.com'],
    ['us-central1', 'https://us-central1-aiplatform.googleapis.com'],
    ['eu', 'https://aiplatform.eu.rep.googleapis.com'],
  ])('at %s: %s', (location, host) => {
    const to = outgoing({}, { credential: { ...credential(), location } });
    expect(built(to).url).toBe(
      `${host}/v1beta1/${GOOGLE}/${location}/publishers/google/models/gemini-3.8-flash:generateContent`,
    );
  });

  it('streams Gemini as SSE, and at a base URL of its own', () => {
    const to = outgoing({ stream: true }, { baseUrl: 'http://127.0.0.1:9/' });
    expect(built(to).url).toBe(
      `http://127.0.0.1:9/v1beta1/${GOOGLE}/global/publishers/google/models/gemini-3.8-flash:streamGenerateContent?alt=sse`,
    );
  });

  it.each([
    [false, 'rawPredict'],
    [true, 'streamRawPredict'],
  ])('asks Claude by Anthropic Messages, streamed: %s', (stream, method) => {
    const to = outgoing({ protocol: 'anthropic-messages', model: 'claude-sonnet-4-5@20250929', stream });
    const body = { model: 'claude-sonnet-4-5', max_tokens: 9, messages: [], stream };
    expect(built(to, body)).toMatchObject({
      url: `https://aiplatform.googleapis.com/v1/${GOOGLE}/global/publishers/anthropic/models/claude-sonnet-4-5%4020250929:${method}`,
      body: { anthropic_version: 'vertex-2023-10-16', max_tokens: 9, messages: [], stream },
    });
    expect(built(to, body).body).not.toHaveProperty('model');
  });

  it('counts tokens in either protocol', () => {
    const endpoint = 'count-tokens';
    const claude = outgoing({ protocol: 'anthropic-messages', model: 'claude-opus-5', endpoint });
    expect(built(claude, { messages: [] })).toMatchObject({
      url: expect.stringMatching(/publishers\/anthropic\/models\/count-tokens:rawPredict$/) as string,
      body: { model: 'claude-opus-5' },
    });
    const wrapped = { generateContentRequest: { model: 'models/x', contents: ['a'] } };
    expect(built(outgoing({ endpoint }), wrapped)).toMatchObject({
      url: expect.stringMatching(/gemini-3.8-flash:countTokens$/) as string,
      body: { contents: ['a'] },
    });
  });

  it('knows what its models speak and can do', () => {
    expect(vertex.protocolsFor?.('claude-opus-5', outgoing().channel)).toEqual(['anthropic-messages']);
    expect(vertex.protocolsFor?.('gemini-2.5-pro', outgoing().channel)).toEqual(['gemini']);
    expect(vertex.modelTraits('claude-sonnet-4-5@20250929')).toMatchObject({ reasoning: 'budget', sampling: 'one' });
    expect(vertex.modelTraits('gemini-2.5-pro').lacks).toEqual(['serviceTier']);
    expect(vertex.modelTraits('gemini-3.5-flash').lacks).toContain('logprobs');
  });
});

describe('a channel that is saved', () => {
  const checked = (given: Outgoing['channel']['credential']) =>
    vertex.checkChannel?.({ id: 'c', baseUrl: undefined, credential: given, options: {} });

  it('needs a project, a location, and a service account or nothing', () => {
    expect(checked(credential())).toBeUndefined();
    expect(checked({ project: 'my-project', location: 'us-east5' })).toBeUndefined();
    expect(checked('AIza')).toMatch(/^credential: /);
    expect(checked({ ...credential(), project: '../x' })).toMatch(/^credential.project: /);
    expect(checked({ ...credential(), location: 'evil.example/' })).toMatch(/^credential.location: /);
  });

  it('names no file of ours, and no kind of credential that runs programs', () => {
    expect(checked({ ...credential(), credentials_file: '/etc/passwd' })).toMatch(/^credential.credentials_file: /);
    const external = account('a', { type: 'external_account' });
    expect(checked({ ...credential(), service_account: external })).toMatch(/^credential.service_account: /);
    expect(checked({ ...credential(), service_account: '{' })).toMatch(/^credential.service_account: /);
  });

  it('is made of three variables', () => {
    const environment = { GOOGLE_CLOUD_PROJECT: 'p', GOOGLE_CLOUD_LOCATION: 'global' };
    expect(environmentChannels(environment)).toEqual([]);
    expect(environmentChannels({ ...environment, GOOGLE_APPLICATION_CREDENTIALS: '/k.json' })).toMatchObject([
      { id: 'env:vertex', priority: 10, credential: { project: 'p', location: 'global', credentials_file: '/k.json' } },
    ]);
  });
});

describe('its access token', () => {
  const request: UpstreamRequest = { method: 'POST', url: new URL('https://x'), headers: { a: 'b' }, body: undefined };
  const signed = async (email: string) => vertex.sign?.(request, outgoing({}, { credential: credential(email) }));
  const failed = (signing: Promise<unknown>): Promise<Error> =>
    signing.then(
      () => new Error('it did not fail'),
      (thrown: Error) => thrown,
    );
  const answers = (status: number, body: object) =>
    jest
      .spyOn(globalThis, 'fetch')
      .mockImplementation(() =>
        Promise.resolve(
          new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } }),
        ),
      );
  afterEach(() => jest.restoreAllMocks());

  it('is fetched once, and once more when it ends', async () => {
    const fetched = answers(200, { access_token: 'ya29.first', expires_in: 3600, token_type: 'Bearer' });
    const [one, other] = await Promise.all([signed('a@p'), signed('a@p')]);
    await signed('a@p');
    expect([one?.headers, other?.headers]).toEqual(Array(2).fill({ a: 'b', authorization: 'Bearer ya29.first' }));
    expect(fetched).toHaveBeenCalledTimes(1);
    expect(fetched.mock.calls[0]?.[0]).toEqual(new URL('https://oauth2.googleapis.com/token'));
    jest.useFakeTimers({
      now: Date.now() + 3_600_000,
      doNotFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'nextTick'],
    });
    await signed('a@p');
    jest.useRealTimers();
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  it("is the operator's problem when it is refused, and the credential is in no error", async () => {
    answers(400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' });
    const error = await failed(signed('b@p'));
    expect(error).toMatchObject({ code: 'upstream_error', retryable: true });
    const told = [error.message, String(error.cause), JSON.stringify(error.cause)].join();
    expect(told).not.toMatch(/JWT|assertion|b@p|PRIVATE/);
  });

  it('is not waited for without end', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    jest.spyOn(globalThis, 'fetch').mockImplementation(() => new Promise(() => undefined));
    const error = failed(signed('c@p'));
    await jest.advanceTimersByTimeAsync(10_000);
    jest.useRealTimers();
    expect(await error).toMatchObject({ code: expect.stringMatching(/^upstream_/) as string, retryable: true });
  });
});
