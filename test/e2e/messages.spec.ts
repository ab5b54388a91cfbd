import Anthropic, { APIError } from '@anthropic-ai/sdk';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { anthropicUsage, errorFrame, message, messageFrames, text } from '../support/fake-anthropic.js';
import { answerJson, answerStream, FakeUpstream } from '../support/fake-upstream.js';

const MODEL = 'claude-haiku-4-5';
const hello = { model: MODEL, max_tokens: 100, messages: [{ role: 'user' as const, content: 'Say hello' }] };
const thought = { type: 'thinking', thinking: 'Let me see.', signature: 'c2lnbmF0dXJl' };

let lazu: TestLazu;
let anthropic: Anthropic;
let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  lazu = await bootLazu({ ANTHROPIC_API_KEY: 'sk-ant-upstream', ANTHROPIC_BASE_URL: upstream.url, MAX_ATTEMPTS: '1' });
  anthropic = new Anthropic({ apiKey: lazu.apiKey, baseURL: lazu.url, maxRetries: 0 });
});
afterAll(async () => {
  await lazu.close();
  await upstream.stop();
});

const recordOf = async (response: { headers: Headers }) => lazu.record(response.headers.get('x-lazu-request-id'));
const dimensionsOf = (record: any): Record<string, number> =>
  Object.fromEntries(record.usage.dimensions.map(({ name, quantity }: any) => [name, quantity]));
const post = (body: unknown, headers: Record<string, string> = {}) => lazu.post('/v1/messages', body, headers);

describe('Anthropic’s own models, for callers in Anthropic’s dialect', () => {
  it('get the caller’s bytes and answer with theirs', async () => {
    const said = JSON.stringify(message([text('Hé!')], { still: { to: 'come' } }), null, 1);
    upstream.answers(answerJson(said));
    const body = `{ "model":"claude-haiku-4-5-20251001", "max_tokens" : 100,
      "messages":[{"role":"user","content":[{"type":"text","text":"H\\u00e9 \\ud83d\\ude00 é","cache_control":{"type":"ephemeral"}}]}],
      "context_management":{"edits":[{"type":"clear_thinking_20251015"}]}, "unheard_of": {"a":1.0}}`;
    const response = await post(body);
    expect(upstream.last.raw.toString()).toBe(body);
    expect(upstream.last.path).toBe('/v1/messages');
    expect(await response.text()).toBe(said);
    expect(response.headers.has('x-lazu-dropped-params')).toBe(false);
  });

  it('get the vendor’s name of the model, our key and version, and the betas that are permitted', async () => {
    upstream.answers(answerJson(message([text('Hi')])));
    const betas = ['interleaved-thinking-2025-05-14', 'files-api-2025-04-14', 'context-management-2025-06-27'];
    await anthropic.beta.messages.create({ ...hello, betas, metadata: { user_id: 'ann' } });
    expect(upstream.last.body).toEqual({
      ...hello,
      model: 'claude-haiku-4-5-20251001',
      metadata: { user_id: 'ann' },
    });
    expect(upstream.last.headers).toMatchObject({
      'x-api-key': 'sk-ant-upstream',
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'interleaved-thinking-2025-05-14,context-management-2025-06-27',
    });
    expect(upstream.last.path).toBe('/v1/messages');
    expect(JSON.stringify(upstream.last.headers)).not.toContain(lazu.apiKey);
    await anthropic.beta.messages.create({ ...hello, betas: ['skills-2025-10-02'] });
    expect(upstream.last.headers).not.toHaveProperty('anthropic-beta');
  });

  it('traps 4, 5, 8: are metered the same streamed as whole, cache writes apart', async () => {
    const usage = anthropicUsage(10, 25, {
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 50,
      cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 30 },
    });
    const said = message([thought, text('Hello there!')], { usage });
    upstream.answers(answerJson(said), answerStream(messageFrames(said)));
    const whole = await anthropic.messages.create(hello).withResponse();
    expect((whole.data as any)._request_id).toBe(whole.response.headers.get('x-lazu-request-id'));
    const stream = anthropic.messages.stream(hello);
    const streamed = await stream.finalMessage();
    expect(streamed.content).toEqual(whole.data.content);
    const records = [await recordOf(whole.response), await recordOf(stream.response!)];
    for (const record of records) {
      expect(record).toMatchObject({ status: 'completed', usage_source: 'provider', resolved_model: said.model });
      expect(dimensionsOf(record)).toEqual({
        ...{ input: 10, cache_read: 100, cache_write_5m: 20, cache_write_1h: 30, output: 25 },
      });
    }
    expect(records[0].billing).toEqual(records[1].billing);
  });

  it('stream their own frames, the last one after the record', async () => {
    const frames = messageFrames(message([thought, text('Hello!')]));
    upstream.answers(answerStream(frames, { everyMs: 2 }));
    const response = await post({ ...hello, model: 'claude-haiku-4-5-20251001', stream: true });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(await response.text()).toBe(frames.join(''));
    expect(await recordOf(response)).toMatchObject({ stream: true, status: 'completed' });
  });

  it('trap 1: a caller who leaves pays for the input that was reported and what they got', async () => {
    const frames = messageFrames(message([text('One two three four five six seven eight.')]), { end: false });
    upstream.answers(answerStream(frames, { then: 'hang' }));
    const { data: stream, response } = await anthropic.messages.create({ ...hello, stream: true }).withResponse();
    for await (const event of stream) if (event.type === 'content_block_stop') break;
    let record: any;
    do record = await recordOf(response);
    while (record.status !== 'left');
    expect(record).toMatchObject({ usage_source: 'estimated' });
    expect(dimensionsOf(record).input).toBe(10);
    expect(dimensionsOf(record).output).toBeGreaterThan(5);
  }, 20_000);

  it('trap 25: an error in the middle is the last event, costs nothing, and no end follows', async () => {
    const begun = messageFrames(message([text('Half an answer')]), { end: false });
    for (const frames of [[...begun, errorFrame('overloaded_error', 'Overloaded')], begun]) {
      upstream.answers(answerStream(frames));
      const response = await post({ ...hello, stream: true });
      const body = await response.text();
      expect(body).toContain('Half an');
      expect(body).not.toContain('message_stop');
      const last = body.trim().split('\n\n').at(-1)!;
      expect(last).toMatch(/^event: error\ndata: /);
      expect(await recordOf(response)).toMatchObject({ status: 'failed', billing: { charge_micro_usd: 0 } });
    }
    upstream.answers(answerStream([...begun, errorFrame('overloaded_error', 'Overloaded')]));
    const failure: unknown = await anthropic.messages
      .stream(hello)
      .finalMessage()
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(APIError);
    expect((failure as APIError).error).toMatchObject({
      error: { type: 'overloaded_error', code: 'upstream_unavailable' },
    });
  });

  it('trap 30: an attempt that fails before its first content leaves no second `message_start`', async () => {
    const said = messageFrames(message([text('Hello!')]));
    upstream.answers(answerStream([said[0]!, said[1]!, errorFrame('overloaded_error', 'Overloaded')]));
    const patient = await post({ ...hello, stream: true });
    expect([patient.status, (await patient.json()).error.type]).toEqual([503, 'overloaded_error']);
  });

  it('count tokens by the vendor’s own endpoint, for nothing', async () => {
    upstream.answers(answerJson({ input_tokens: 2095 }));
    const { data, response } = await anthropic.messages
      .countTokens({ model: MODEL, messages: hello.messages })
      .withResponse();
    expect(data).toEqual({ input_tokens: 2095 });
    expect(upstream.last.path).toBe('/v1/messages/count_tokens');
    expect(upstream.last.body).toEqual({ model: 'claude-haiku-4-5-20251001', messages: hello.messages });
    expect(response.headers.has('x-lazu-estimated')).toBe(false);
    const record = await recordOf(response);
    expect(record).toMatchObject({
      status: 'completed',
      billing: { charge_micro_usd: 0 },
      routing: { attempts: [{}] },
    });
    expect(record.usage.dimensions).toEqual([]);
  });

  it('estimate where the host has no such endpoint', async () => {
    upstream.answers(answerJson({ type: 'error', error: { type: 'not_found_error', message: 'no' } }, 404));
    const { data, response } = await anthropic.messages
      .countTokens({ model: MODEL, messages: hello.messages })
      .withResponse();
    expect(data).toEqual({ input_tokens: 2 });
    expect(response.headers.get('x-lazu-estimated')).toBe('true');
  });
});

describe('errors in Anthropic’s envelope', () => {
  const ask = (more: object = {}, client = anthropic) =>
    client.messages.create({ ...hello, ...more }).catch((error: unknown) => error);

  it.each([
    [
      400,
      'invalid_request_error',
      'prompt is too long: 9 > 8',
      400,
      'context_length_exceeded',
      'invalid_request_error',
    ],
    [401, 'authentication_error', 'invalid x-api-key', 502, 'upstream_error', 'api_error'],
    [429, 'rate_limit_error', 'Too many', 429, 'upstream_rate_limited', 'rate_limit_error'],
    [529, 'overloaded_error', 'Overloaded', 503, 'upstream_unavailable', 'overloaded_error'],
    [500, 'api_error', 'Oops', 502, 'upstream_error', 'api_error'],
  ])('the vendor’s %i %s: %s', async (status, type, said, expected, code, named) => {
    upstream.answers(answerJson({ type: 'error', error: { type, message: said } }, status, { 'retry-after': '7' }));
    const failure = (await ask()) as APIError;
    expect(failure).toBeInstanceOf(APIError);
    expect([failure.status, failure.type]).toEqual([expected, named]);
    const request_id: unknown = expect.stringMatching(/^req_lazu_/);
    const fields = { type: named, code, param: null, request_id, message: expect.any(String) as unknown };
    expect(failure.error).toEqual({ type: 'error', error: fields, request_id });
    expect(failure.requestID).toMatch(/^req_lazu_/);
    if (status === 429) {
      expect(failure).toBeInstanceOf(Anthropic.RateLimitError);
      expect(failure.headers!.get('retry-after')).toBe('7');
    }
  });

  it('the gateway’s own', async () => {
    const stranger = new Anthropic({ apiKey: 'sk-lazu-unknown', baseURL: lazu.url, maxRetries: 0 });
    const cases: [unknown, number, string, string][] = [
      [await ask({}, stranger), 401, 'authentication_error', 'invalid_api_key'],
      [await ask({ model: 'nobody/knows' }), 404, 'not_found_error', 'model_not_found'],
      [await ask({ temperature: 2 }), 422, 'invalid_request_error', 'invalid_value'],
      [await ask({ max_tokens: undefined }), 400, 'invalid_request_error', 'missing_required_parameter'],
      [await ask({ container: 'container_1' }), 400, 'invalid_request_error', 'unsupported_parameter'],
    ];
    for (const [failure, status, type, code] of cases)
      expect(failure).toMatchObject({ status, error: { type: 'error', error: { type, code } } });
    expect(cases[0]![0]).toBeInstanceOf(Anthropic.AuthenticationError);
    const broken = await lazu.post('/v1/messages', '{');
    expect([broken.status, (await broken.json()).error.code]).toEqual([400, 'bad_request_body']);
    const method = await lazu.get('/v1/messages');
    expect([method.status, (await method.json()).type]).toEqual([405, 'error']);
  });

  it('takes both headers that Anthropic’s clients authenticate with', async () => {
    upstream.answers(answerJson(message([text('Hi')])));
    const bearer = new Anthropic({ apiKey: null, authToken: lazu.apiKey, baseURL: lazu.url, maxRetries: 0 });
    for (const client of [anthropic, bearer]) expect((await client.messages.create(hello)).role).toBe('assistant');
  });
});
