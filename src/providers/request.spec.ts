import fc from 'fast-check';
import { LazuError } from '../errors.js';
import type { JsonObject } from '../protocols/protocol.js';
import { isNeutral } from './neutral.js';
import { defineProvider, type Outgoing, type Provider } from './provider.js';
import { buildRequest } from './request.js';

const provider = (quirks: Partial<Provider> = {}): Provider =>
  defineProvider({ name: 'p', title: 'P', baseUrl: 'https://api.example.com/v1/', ...quirks });

const outgoing = (change: Partial<Outgoing> = {}): Outgoing => ({
  protocol: 'openai-chat',
  endpoint: 'chat',
  model: 'm',
  stream: false,
  channel: { id: 'chan_1', baseUrl: undefined, credential: 'secret', options: {} },
  ...change,
});

const build = (quirks: Partial<Provider>, body: JsonObject, to: Partial<Outgoing> = {}, askUsage = true) => {
  const raw = Buffer.from(JSON.stringify(body));
  const built = buildRequest(provider(quirks), outgoing({ stream: body.stream === true, ...to }), body, raw, {
    askUsage,
    headers: { traceparent: '00-1-2-01' },
  });
  return { ...built, raw, sent: JSON.parse(Buffer.from(built.request.body ?? []).toString()) as JsonObject };
};

const messages = [{ role: 'user', content: 'hi' }];

describe('buildRequest', () => {
  it('forwards the very bytes when nothing must change', () => {
    const { request, raw, dropped } = build({}, { model: 'm', messages, unknown: { a: [1] }, store: false });
    expect(request.body).toBe(raw);
    expect(dropped).toEqual([]);
  });

  it('writes method, URL, authorisation, passed headers and its own name', () => {
    const { request } = build({}, { model: 'm', messages });
    expect(request.method).toBe('POST');
    expect(request.url.href).toBe('https://api.example.com/v1/chat/completions');
    expect(request.headers).toEqual({
      accept: 'application/json',
      authorization: 'Bearer secret',
      'content-type': 'application/json',
      traceparent: '00-1-2-01',
      'user-agent': expect.stringMatching(/^lazu\/\d+\.\d+\.\d+/) as string,
    });
  });

  it("takes the channel's base URL, and sends no authorisation without a credential", () => {
    const channel = { id: 'c', baseUrl: 'http://10.0.0.1:8000/v1', credential: undefined, options: {} };
    const { request } = build({ baseUrl: undefined }, { model: 'm', messages }, { channel });
    expect(request.url.href).toBe('http://10.0.0.1:8000/v1/chat/completions');
    expect(request.headers.authorization).toBeUndefined();
  });

  it('says so when neither provider nor channel has a base URL', () => {
    expect(() => build({ baseUrl: undefined }, { model: 'm', messages })).toThrow(/chan_1 needs a base_url/);
  });

  it('splices the request for usage into the bytes of a stream', () => {
    const body = { model: 'm', messages, stream: true };
    const raw = Buffer.from(`  ${JSON.stringify(body, null, 2)}`);
    const { request } = buildRequest(provider(), outgoing({ stream: true }), body, raw, {
      askUsage: true,
      headers: {},
    });
    const text = Buffer.from(request.body ?? []).toString();
    expect(text.replace('"stream_options":{"include_usage":true},', '')).toBe(raw.toString());
    expect(JSON.parse(text)).toEqual({ ...body, stream_options: { include_usage: true } });
    expect(request.headers.accept).toBe('text/event-stream');
  });

  it.each([null, {}, { include_usage: false }, { include_obfuscation: false }])(
    'completes stream_options %j that do not ask for usage',
    stream_options => {
      const { sent } = build({}, { model: 'm', messages, stream: true, stream_options });
      expect(sent.stream_options).toEqual({ ...stream_options, include_usage: true });
    },
  );

  it.each([
    ['the upstream refused it before', {}, false],
    ['the provider reports it unasked', { streamUsage: 'always' as const }, true],
    ['the provider never reports it', { streamUsage: 'none' as const }, true],
  ])('does not ask for usage when %s', (_, quirks, askUsage) => {
    const { request, raw } = build(quirks, { model: 'm', messages, stream: true }, {}, askUsage);
    expect(request.body).toBe(raw);
  });

  it('sends the name that the channel knows the model by', () => {
    expect(build({}, { model: 'alias', messages }).sent).toEqual({ model: 'm', messages });
  });

  it('never forwards store as true', () => {
    const { sent, dropped } = build({}, { model: 'm', messages, store: true });
    expect(sent.store).toBe(false);
    expect(dropped).toEqual(['store']);
  });

  it('refuses what the answer would miss, naming it', () => {
    let thrown: unknown;
    try {
      build({ refuses: ['logprobs'] }, { model: 'm', messages, logprobs: true });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(LazuError);
    expect(thrown).toMatchObject({ code: 'unsupported_parameter', status: 400, param: 'logprobs', retryable: true });
  });

  it('leaves out, in silence, a refused or dropped field that says nothing', () => {
    const quirks = { refuses: ['logprobs'], drops: ['presence_penalty', 'logit_bias'] };
    const { sent, dropped } = build(quirks, {
      model: 'm',
      messages,
      logprobs: false,
      presence_penalty: 0,
      logit_bias: null,
    });
    expect(sent).toEqual({ model: 'm', messages });
    expect(dropped).toEqual([]);
  });

  it('drops hints and clamps numbers, and names both', () => {
    const quirks = { drops: ['seed'], clamps: { temperature: [0, 1.5] as const } };
    const { sent, dropped } = build(quirks, { model: 'm', messages, seed: 7, temperature: 2 });
    expect(sent).toEqual({ model: 'm', messages, temperature: 1.5 });
    expect(dropped).toEqual(['seed', 'temperature']);
  });

  it('renames, the standard name winning over the vendor’s', () => {
    const { sent, dropped } = build(
      { renames: { max_completion_tokens: 'max_tokens' } },
      { model: 'm', messages, max_tokens: 1, max_completion_tokens: 2 },
    );
    expect(sent).toEqual({ model: 'm', messages, max_tokens: 2 });
    expect(dropped).toEqual([]);
  });

  it('asks for one answer at a time where the vendor gives no more', () => {
    expect(build({}, { model: 'm', messages, n: 3 }).sent.n).toBe(1);
    expect(build({ maxN: 4 }, { model: 'm', messages, n: 3 }).sent.n).toBe(3);
  });

  it('keeps the bytes when adapt finds nothing to do, and names what adapt drops', () => {
    const adapt: Provider['adapt'] = (body, { model }, drop) => {
      if (model === 'fussy' && 'stop' in body) {
        delete body.stop;
        drop('stop');
      }
      return body;
    };
    const untouched = build({ adapt }, { model: 'm', messages, stop: 'x' });
    expect(untouched.request.body).toBe(untouched.raw);
    const { sent, dropped } = build({ adapt }, { model: 'fussy', messages, stop: 'x' }, { model: 'fussy' });
    expect(sent).toEqual({ model: 'fussy', messages });
    expect(dropped).toEqual(['stop']);
  });

  it('does to any body exactly what the lists say, never touches its input, and does the same on a retry', () => {
    const fields = ['model', 'a', 'b', 'c', 'seed', 'temperature', 'n', 'store', 'stream_options', 'max_tokens'];
    const field = fc.oneof(fc.constantFrom(...fields), fc.string());
    const bodies = fc.dictionary(field, fc.jsonValue(), { maxKeys: 12 }) as fc.Arbitrary<JsonObject>;
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'seed'), { maxLength: 2 });
    fc.assert(
      fc.property(bodies, names, fc.boolean(), fc.boolean(), (draft, drops, stream, askUsage) => {
        const raw = Buffer.from(JSON.stringify(draft));
        const body = JSON.parse(raw.toString()) as JsonObject;
        const before = structuredClone(body);
        const quirky = provider({ drops, clamps: { temperature: [0, 1] }, renames: { c: 'renamed' } });
        const run = () => buildRequest(quirky, outgoing({ stream }), body, raw, { askUsage, headers: {} });
        const first = run();
        const sent = JSON.parse(Buffer.from(first.request.body ?? []).toString()) as JsonObject;

        const expected = expectation(before, drops, stream && askUsage);
        expect(sent).toEqual(expected.body);
        expect([...first.dropped].sort()).toEqual(expected.dropped.sort());
        expect(body).toEqual(before);
        expect(raw.toString()).toBe(JSON.stringify(draft));
        expect(run()).toEqual(first);
      }),
      { numRuns: 500 },
    );
  });
});

/** The same rules said a second time, in the plainest way. */
function expectation(body: JsonObject, drops: readonly string[], asks: boolean) {
  const entries = new Map(Object.entries(body));
  const dropped: string[] = [];
  for (const name of drops) {
    if (entries.has(name) && !isNeutral(name, entries.get(name))) dropped.push(name);
    entries.delete(name);
  }
  const temperature = entries.get('temperature');
  if (typeof temperature === 'number' && (temperature < 0 || temperature > 1)) {
    entries.set('temperature', temperature < 0 ? 0 : 1);
    dropped.push('temperature');
  }
  if (entries.has('c')) {
    const value = entries.get('c');
    entries.delete('c');
    if (value !== null) entries.set('renamed', value);
  }
  if (entries.get('store') === true) {
    entries.set('store', false);
    dropped.push('store');
  }
  const n = entries.get('n');
  if (typeof n === 'number' && n > 1) entries.set('n', 1);
  entries.set('model', 'm');
  if (asks) entries.set('stream_options', { ...(entries.get('stream_options') as object), include_usage: true });
  return { body: Object.fromEntries(entries), dropped };
}
