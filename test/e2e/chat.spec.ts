import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI from 'openai';
import { bootLazu, type TestLazu } from '../support/boot.js';
import {
  answerJson,
  answerStream,
  chatAnswer,
  chatFrames,
  FakeUpstream,
  neverAnswers,
  usage,
} from '../support/fake-upstream.js';

const messages = [{ role: 'user' as const, content: 'Say hello' }];
let lazu: TestLazu;
let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  lazu = await bootLazu({
    OPENAI_API_KEY: 'sk-operators-secret',
    OPENAI_BASE_URL: `${upstream.url}/v1`,
    FIRST_BYTE_TIMEOUT_MS: '700',
    IDLE_TIMEOUT_MS: '700',
    LEAVE_GRACE_MS: '300',
    KEEPALIVE_MS: '400',
  });
});
afterAll(async () => {
  await lazu.close();
  await upstream.stop();
});

describe('a whole answer', () => {
  it('passes the bytes through, both ways, and is metered', async () => {
    upstream.answers(
      answerJson(chatAnswer('Hello!', { some_new_field: { a: 1 } }), 200, { 'openai-processing-ms': '12' }),
    );
    const body = '{ "model": "gpt-4o-mini",  "messages": [{"role":"user","content":"hi"}], "field_of_tomorrow": 1.0 }';
    const response = await lazu.post('/v1/chat/completions', body, {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'x-secret-of-the-caller': 'no',
      cookie: 'a=b',
    });
    expect(response.status).toBe(200);
    expect(upstream.last.raw.toString()).toBe(body);
    expect(upstream.last.path).toBe('/v1/chat/completions');
    expect(upstream.last.headers).toMatchObject({ authorization: 'Bearer sk-operators-secret' });
    expect(upstream.last.headers.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-/);
    expect(upstream.last.headers).not.toHaveProperty('x-secret-of-the-caller');
    expect(upstream.last.headers).not.toHaveProperty('cookie');
    expect(await response.json()).toEqual(chatAnswer('Hello!', { some_new_field: { a: 1 } }));
    expect(response.headers.get('openai-processing-ms')).toBe('12');
    const requestId = response.headers.get('x-lazu-request-id');
    expect(requestId).toMatch(/^req_lazu_[0-9A-HJKMNP-TV-Z]{26}$/);

    const record = await lazu.record(requestId);
    expect(record).toMatchObject({
      request_id: requestId,
      model: 'gpt-4o-mini',
      resolved_model: 'gpt-4o-2024-08-06',
      status: 'completed',
      usage_source: 'provider',
      usage: {
        dimensions: [
          { name: 'input', quantity: 10 },
          { name: 'output', quantity: 5 },
        ],
      },
      // 10 × 0.15 + 5 × 0.60 USD per million tokens = 4.5 microUSD, half up
      billing: { charge_micro_usd: 5 },
      routing: { lane: 'direct', attempts: [{ outcome: 'ok', upstream_status: 200 }] },
    });
    expect(record.provider_usage.raw_fields).toEqual(usage(10, 5));
  });

  it('never forwards store as true', async () => {
    upstream.answers(answerJson(chatAnswer('ok')));
    await lazu.post('/v1/chat/completions', { model: 'gpt-4o', messages, store: true });
    expect(upstream.last.body.store).not.toBe(true);
  });

  it('trap 26: keeps the status and code of refusals', async () => {
    const error = {
      error: { message: 'tools[0] is wrong', type: 'invalid_request_error', code: null, param: 'tools' },
    };
    upstream.answers(answerJson(error, 400));
    const refused = lazu.openai.chat.completions.create({ model: 'gpt-4o', messages });
    await expect(refused).rejects.toMatchObject({
      status: 400,
      error: { code: 'invalid_request', param: 'tools', message: 'tools[0] is wrong', type: 'invalid_request_error' },
    });
    await expect(refused).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    upstream.answers(
      answerJson({ error: { message: 'slow down', code: 'rate_limit_exceeded' } }, 429, { 'retry-after': '7' }),
    );
    const limited = await lazu.post('/v1/chat/completions', { model: 'gpt-4o', messages });
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
    expect((await limited.json()).error).toMatchObject({ code: 'upstream_rate_limited', param: null });
    upstream.answers(answerJson({ error: { message: 'Incorrect API key provided: sk-operators-secret' } }, 401));
    const text = await (await lazu.post('/v1/chat/completions', { model: 'gpt-4o', messages })).text();
    expect(text).toContain('upstream_error');
    expect(text).not.toContain('sk-operators-secret');
  });

  it.each([
    ['garbled', answerJson('{"choices": [tru'), 502, 'upstream_error'],
    ['silent', neverAnswers, 504, 'upstream_timeout'],
    ['broken', answerJson({ error: { message: 'x' } }, 500), 502, 'upstream_error'],
    ['overloaded', answerJson('', 529), 503, 'upstream_unavailable'],
    ['an error in a 200', answerJson({ error: { message: 'x', code: 503 } }), 503, 'upstream_unavailable'],
  ])('answers %s upstreams with their own code, and charges nothing', async (_name, script, status, code) => {
    upstream.answers(script);
    const response = await lazu.post('/v1/chat/completions', { model: 'gpt-4o', messages });
    expect([response.status, (await response.json()).error.code]).toEqual([status, code]);
    const record = await lazu.record(response.headers.get('x-lazu-request-id'));
    expect(record).toMatchObject({ status: 'failed', usage_source: 'none', billing: { charge_micro_usd: 0 } });
  });

  it('reads on when the caller leaves, and charges what it cost', async () => {
    let requestId: string | undefined;
    upstream.answers(async (request, response) => {
      requestId = 'seen';
      await sleep(200);
      await answerJson(chatAnswer('late'))(request, response);
    });
    const leave = new AbortController();
    const call = lazu.openai.chat.completions.create({ model: 'gpt-4o-mini', messages }, { signal: leave.signal });
    setTimeout(() => leave.abort(), 100);
    await expect(call).rejects.toThrow();
    await sleep(400);
    expect(requestId).toBe('seen');
    expect(upstream.last.abortedAt).toBeUndefined();
  });
});

describe('a streamed answer', () => {
  const frames = chatFrames(['Hel', 'lo', '!'], { usage: usage(10, 5) });
  const withoutUsage = frames.filter(frame => !frame.includes('"choices":[]'));

  it('passes frames through unchanged, less the usage frame that nobody asked for', async () => {
    upstream.answers(answerStream(frames));
    const response = await lazu.post('/v1/chat/completions', { model: 'gpt-4o-mini', messages, stream: true });
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(await response.text()).toBe(withoutUsage.join(''));
    expect(upstream.last.body).toEqual({
      model: 'gpt-4o-mini',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const record = await lazu.record(response.headers.get('x-lazu-request-id'));
    expect(record).toMatchObject({ status: 'completed', usage_source: 'provider', billing: { charge_micro_usd: 5 } });
  });

  it('keeps the usage frame for who asked', async () => {
    upstream.answers(answerStream(frames));
    const stream = await lazu.openai.chat.completions.create({
      model: 'gpt-4o-mini',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let seen: unknown;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      seen = chunk.usage ?? seen;
    }
    expect([text, seen]).toEqual(['Hello!', usage(10, 5)]);
  });

  it('trap 25: a stream that breaks off ends in an error, never in [DONE]', async () => {
    upstream.answers(answerStream(frames.slice(0, 3), { then: 'cut' }));
    const response = await lazu.post('/v1/chat/completions', { model: 'gpt-4o', messages, stream: true });
    const text = await response.text();
    expect(text).not.toContain('[DONE]');
    const requestId = response.headers.get('x-lazu-request-id');
    const last = JSON.parse(text.trim().split('\n\n').at(-1)!.slice('data: '.length));
    expect(last).toMatchObject({
      error: { code: 'upstream_error', type: 'api_error', param: null, request_id: requestId },
    });
    expect(await lazu.record(requestId)).toMatchObject({ status: 'failed', billing: { charge_micro_usd: 0 } });
    upstream.answers(answerStream(frames.slice(0, 3), { then: 'cut' }));
    const stream = await lazu.openai.chat.completions.create({ model: 'gpt-4o', messages, stream: true });
    await expect(
      (async () => {
        for await (const _chunk of stream);
      })(),
    ).rejects.toMatchObject({ code: 'upstream_error' });
  });

  it('charges final usage that came, even where no output did', async () => {
    const onlyUsage = frames.filter(frame => frame.includes('"choices":[]'));
    upstream.answers(answerStream(onlyUsage, { then: 'cut' }));
    const response = await lazu.post('/v1/chat/completions', { model: 'gpt-4o-mini', messages, stream: true });
    expect(response.status).toBe(502);
    const record = await lazu.record(response.headers.get('x-lazu-request-id'));
    expect(record).toMatchObject({ status: 'failed', usage_source: 'provider', billing: { charge_micro_usd: 5 } });
  });

  it('trap 28: fails over before the first output, never after it', async () => {
    upstream.answers(answerJson('', 503), answerStream(frames));
    const channel = await lazu.admin('POST', '/api/admin/channels', {
      name: 'second',
      provider: 'openai-compatible',
      lane: 'direct',
      base_url: `${upstream.url}/second`,
      credential: 'k2',
      models: [{ model: 'gpt-4o-mini', upstream_model: 'their-mini' }],
      priority: 5,
      weight: 1,
      enabled: true,
    });
    try {
      const response = await lazu.post('/v1/chat/completions', { model: 'gpt-4o-mini', messages, stream: true });
      expect(await response.text()).toContain('[DONE]');
      expect(upstream.seen.map(request => [request.path, request.body.model])).toEqual([
        ['/v1/chat/completions', 'gpt-4o-mini'],
        ['/second/chat/completions', 'their-mini'],
      ]);
      const record = await lazu.record(response.headers.get('x-lazu-request-id'));
      expect(record.routing.attempts.map((attempt: any) => attempt.outcome)).toEqual(['upstream_unavailable', 'ok']);
      upstream.answers(answerStream(frames.slice(0, 2), { then: 'cut' }), answerStream(frames));
      const cut = await (
        await lazu.post('/v1/chat/completions', { model: 'gpt-4o-mini', messages, stream: true })
      ).text();
      expect([upstream.seen.length, cut.includes('[DONE]')]).toEqual([1, false]);
    } finally {
      await lazu.admin('DELETE', `/api/admin/channels/${channel.id}`);
    }
  });

  it('trap 27: says something while the upstream is silent, and an error is a frame by then', async () => {
    upstream.answers(neverAnswers);
    const response = await lazu.post('/v1/chat/completions', { model: 'gpt-4o', messages, stream: true });
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(text).toMatch(/^: keep-alive\n\n/);
    expect(text).toContain('"code":"upstream_timeout"');
    expect(text).not.toContain('[DONE]');
  });

  it('trap 1: charges a caller who leaves for what was delivered, and aborts the upstream within the grace', async () => {
    upstream.answers(answerStream(chatFrames(Array.from({ length: 500 }, () => 'word ')), { everyMs: 20 }));
    const stream = await lazu.openai.chat.completions
      .create({ model: 'gpt-4o', messages, stream: true })
      .withResponse();
    let chunks = 0;
    for await (const _chunk of stream.data) if (++chunks === 10) break;
    const leftAt = performance.now();
    while (upstream.last.abortedAt === undefined && performance.now() - leftAt < 10_000) await sleep(20);
    // 2 s of grace, and what a busy machine takes; providers that bill on would be read for 30 s.
    expect(upstream.last.abortedAt! - leftAt).toBeLessThan(10_000);
    const record = await lazu.record(stream.response.headers.get('x-lazu-request-id'));
    expect(record).toMatchObject({ status: 'left', usage_source: 'estimated' });
    const output = record.usage.dimensions.find((dimension: any) => dimension.name === 'output').quantity;
    expect(output).toBeGreaterThanOrEqual(8);
    expect(output).toBeLessThan(200);
    expect(record.billing.charge_micro_usd).toBeGreaterThan(0);
  });

  it('takes the final usage that comes in the grace', async () => {
    upstream.answers(answerStream(frames, { everyMs: 40 }));
    const stream = await lazu.openai.chat.completions
      .create({ model: 'gpt-4o-mini', messages, stream: true })
      .withResponse();
    for await (const _chunk of stream.data) break;
    await sleep(500);
    const record = await lazu.record(stream.response.headers.get('x-lazu-request-id'));
    expect(record).toMatchObject({ status: 'left', usage_source: 'drained', billing: { charge_micro_usd: 5 } });
  });

  it('asks no more for usage where the upstream refuses to be asked', async () => {
    const refusal = answerJson(
      { error: { message: 'Unknown parameter: stream_options', param: 'stream_options' } },
      400,
    );
    upstream.answers((request, response) =>
      request.body.stream_options ? refusal(request, response) : answerStream(withoutUsage)(request, response),
    );
    for (const expected of [2, 1]) {
      upstream.seen.length = 0;
      const response = await lazu.post('/v1/chat/completions', { model: 'gpt-4.1', messages, stream: true });
      expect(await response.text()).toContain('[DONE]');
      expect(upstream.seen).toHaveLength(expected);
      const record = await lazu.record(response.headers.get('x-lazu-request-id'));
      expect(record).toMatchObject({ status: 'completed', usage_source: 'estimated' });
    }
  });
});

describe('bad input', () => {
  it.each([
    ['{"model":', 400, 'bad_request_body', null],
    ['[]', 400, 'invalid_request', null],
    [{ messages }, 400, 'missing_required_parameter', 'model'],
    [{ model: 'gpt-4o' }, 400, 'missing_required_parameter', 'messages'],
    [{ model: 'gpt-4o', messages, temperature: 9 }, 422, 'invalid_value', 'temperature'],
    [{ model: 'gpt-4o', messages, n: 'two' }, 400, 'invalid_request', 'n'],
    [{ model: 'no-such-model', messages }, 404, 'model_not_found', 'model'],
    [
      { model: 'gpt-4o', messages, previous_response_id: 'resp_1' },
      400,
      'unsupported_parameter',
      'previous_response_id',
    ],
  ])('%j is refused with %i %s', async (body, status, code, param) => {
    upstream.answers(answerJson(chatAnswer('never')));
    const response = await lazu.post('/v1/chat/completions', body);
    const { error } = await response.json();
    expect([response.status, error.code, error.param]).toEqual([status, code, param]);
    expect(error.request_id).toBe(response.headers.get('x-lazu-request-id'));
    expect(error.message.length).toBeGreaterThan(10);
    expect(upstream.seen).toHaveLength(0);
  });

  it('refuses other methods, other types and bodies that are too large', async () => {
    const get = await lazu.get('/v1/chat/completions');
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
    const text = await lazu.post('/v1/chat/completions', 'hello', { 'content-type': 'text/plain' });
    expect([text.status, (await text.json()).error.code]).toEqual([415, 'unsupported_media_type']);
    const large = await lazu.post('/v1/chat/completions', 'x'.repeat(33 * 1024 * 1024)).catch((error: Error) => error);
    if (large instanceof Response) expect(large.status).toBe(413);
  });
});
