import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI, {
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
  UnprocessableEntityError,
} from 'openai';
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { answerJson, answerStream, chatAnswer, chatFrames, FakeUpstream, usage } from '../support/fake-upstream.js';

const SANDBOX = 'lazu/sandbox';
const REQUEST_ID = /^req_lazu_[0-9A-HJKMNP-TV-Z]{26}$/;
const messages = [{ role: 'user' as const, content: 'Say hello' }];
const refused = (message: string, status: number, headers: Record<string, string> = {}) =>
  answerJson({ error: { message, type: 'x', param: null, code: null } }, status, headers);

let lazu: TestLazu;
let openai: OpenAI;
let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  lazu = await bootLazu({
    OPENAI_API_KEY: 'sk-upstream',
    OPENAI_BASE_URL: `${upstream.url}/v1`,
    LEAVE_GRACE_MS: '200',
  });
  openai = lazu.openai;
});
afterAll(async () => {
  await lazu.close();
  await upstream.stop();
});

describe('the official SDK against the sandbox', () => {
  it('gets a completion, with the id of the request', async () => {
    const { data, response, request_id } = await openai.chat.completions
      .create({ model: SANDBOX, messages })
      .withResponse();
    expect(data.choices[0]!.message.content).toContain('You said: "Say hello"');
    expect(data.choices[0]!.finish_reason).toBe('stop');
    expect(data.usage!.total_tokens).toBe(data.usage!.prompt_tokens + data.usage!.completion_tokens);
    expect(response.headers.get('x-lazu-request-id')).toMatch(REQUEST_ID);
    // The SDK reads `x-request-id`, which OpenAI sends: https://github.com/openai/openai-node#request-ids
    expect(request_id).toBe(response.headers.get('x-lazu-request-id'));
    expect((data as { _request_id?: string })._request_id).toBe(request_id);
  });

  it('streams the very same words', async () => {
    const whole = await openai.chat.completions.create({ model: SANDBOX, messages });
    const stream = await openai.chat.completions.create({
      model: SANDBOX,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let chunks = 0;
    let last: OpenAI.ChatCompletionChunk | undefined;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      chunks++;
      last = chunk;
    }
    expect(text).toBe(whole.choices[0]!.message.content);
    expect(chunks).toBeGreaterThan(4);
    expect([last!.choices, last!.usage]).toEqual([[], whole.usage]);
  });

  it('serves the stream helper: events, and the whole answer in the end', async () => {
    const deltas: string[] = [];
    const stream = openai.chat.completions.stream({
      model: SANDBOX,
      messages,
      reasoning_effort: 'low',
      stream_options: { include_usage: true },
    });
    stream.on('content.delta', ({ delta }) => deltas.push(delta));
    const [final, total] = [await stream.finalChatCompletion(), await stream.totalUsage()];
    expect(final.choices[0]!.message.content).toBe(deltas.join(''));
    expect(final.choices[0]!.finish_reason).toBe('stop');
    expect(total.completion_tokens).toBe(final.usage!.completion_tokens);
    expect(final.usage!.completion_tokens_details!.reasoning_tokens).toBeGreaterThan(0);
  });

  it('gives n answers in one stream', async () => {
    const stream = openai.chat.completions.stream({ model: SANDBOX, messages, n: 3 });
    const { choices } = await stream.finalChatCompletion();
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(new Set(choices.map(({ message }) => message.content)).size).toBe(3);
  });

  const Weather = z.object({ city: z.string(), unit: z.enum(['c', 'f']) });

  it.each([false, true])('runs tools over turns (stream: %s)', async stream => {
    const asked: z.infer<typeof Weather>[] = [];
    const weather = zodFunction({
      name: 'weather',
      description: 'The weather of a city',
      parameters: Weather,
      function: input => {
        asked.push(input);
        return { sky: 'blue' };
      },
    });
    const start = { model: SANDBOX, messages: [{ role: 'user' as const, content: 'What is the weather?' }] };
    const runner = stream
      ? openai.chat.completions.runTools({ ...start, stream: true, tools: [weather] })
      : openai.chat.completions.runTools({ ...start, tools: [weather] });
    expect(await runner.finalContent()).toContain('The tools answered: {"sky":"blue"}');
    expect(asked).toHaveLength(1);
    expect(Weather.safeParse(asked[0]).success).toBe(true);
    const roles = runner.messages.map(message => message.role);
    expect(roles).toEqual(['user', 'assistant', 'tool', 'assistant']);
  });

  it('calls several tools at once, each with an id and a place of its own', async () => {
    const tools = ['sun', 'moon'].map(name => zodFunction({ name, parameters: Weather }));
    const asked = [{ role: 'user' as const, content: 'Ask the sun and the moon.' }];
    const whole = await openai.chat.completions.create({ model: SANDBOX, messages: asked, tools });
    const streamed = await openai.chat.completions
      .stream({ model: SANDBOX, messages: asked, tools })
      .finalChatCompletion();
    for (const { message, finish_reason } of [whole.choices[0]!, streamed.choices[0]!]) {
      expect(finish_reason).toBe('tool_calls');
      expect(message.tool_calls!.map(call => 'function' in call && call.function.name)).toEqual(['sun', 'moon']);
      expect(new Set(message.tool_calls!.map(call => call.id)).size).toBe(2);
    }
  });

  const Recipe = z.object({
    title: z.string(),
    minutes: z.number().int(),
    steps: z.array(z.object({ text: z.string(), hot: z.boolean() })),
  });

  it('parses structured output, whole and streamed', async () => {
    const response_format = zodResponseFormat(Recipe, 'recipe');
    const whole = await openai.chat.completions.parse({ model: SANDBOX, messages, response_format });
    expect(Recipe.safeParse(whole.choices[0]!.message.parsed).success).toBe(true);
    const stream = openai.chat.completions.stream({ model: SANDBOX, messages, response_format });
    const streamed = await stream.finalChatCompletion();
    expect(streamed.choices[0]!.message.parsed).toEqual(whole.choices[0]!.message.parsed);
  });

  it('lists and retrieves models, and pages through them', async () => {
    const names: string[] = [];
    for await (const model of openai.models.list()) names.push(model.id);
    expect(names).toEqual(expect.arrayContaining([SANDBOX, 'gpt-4o-mini']));
    expect(await openai.models.retrieve(SANDBOX)).toMatchObject({ id: SANDBOX, object: 'model' });
    expect(await openai.models.retrieve('gpt-4o')).toMatchObject({ id: 'gpt-4o', owned_by: 'openai' });
    await expect(openai.models.retrieve('no-such-model')).rejects.toBeInstanceOf(NotFoundError);
  });
});

describe('leaving', () => {
  it('aborts a stream, and the upstream with it', async () => {
    upstream.answers(answerStream(chatFrames(Array.from({ length: 200 }, () => 'word ')), { everyMs: 20 }));
    const stream = await openai.chat.completions.create({ model: 'gpt-4o', messages, stream: true });
    let chunks = 0;
    for await (const _chunk of stream) if (++chunks === 3) stream.controller.abort();
    await sleep(600);
    expect(upstream.last.abortedAt).toBeDefined();
  });

  it('aborts a call before its answer', async () => {
    upstream.answers(async (request, response) => {
      await sleep(300);
      await answerJson(chatAnswer('late'))(request, response);
    });
    const leave = new AbortController();
    setTimeout(() => leave.abort(), 50);
    const call = openai.chat.completions.create({ model: 'gpt-4o', messages }, { signal: leave.signal });
    await expect(call).rejects.toBeInstanceOf(APIUserAbortError);
  });

  it('gives up after the client timeout', async () => {
    upstream.answers(async (request, response) => {
      await sleep(400);
      await answerJson(chatAnswer('late'))(request, response);
    });
    const call = openai.chat.completions.create({ model: 'gpt-4o', messages }, { timeout: 60 });
    // APIConnectionTimeoutError, which extends it, except under jest: there an abort's DOMException is of another realm.
    await expect(call).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
  });
});

describe('retries by the SDK', () => {
  const patient = () => openai.withOptions({ maxRetries: 2 });

  it.each([
    ['429 with Retry-After', refused('slow down', 429, { 'retry-after': '1' }), 1000],
    ['503', refused('overloaded', 503), 0],
    ['500', refused('broken', 500), 0],
  ])('comes back after %s', async (_name, failure, leastMs) => {
    // Lazu itself makes a second attempt after some failures: enough of them for both.
    let failures = 0;
    upstream.answers((request, response) =>
      ++failures <= 2 ? failure(request, response) : answerJson(chatAnswer('at last'))(request, response),
    );
    const startedAt = performance.now();
    const answer = await patient().chat.completions.create({ model: 'gpt-4o', messages });
    expect(answer.choices[0]!.message.content).toBe('at last');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(leastMs);
  });

  it('does not repeat what cannot succeed', async () => {
    upstream.answers(refused('bad tools', 400));
    const call = patient().chat.completions.create({ model: 'gpt-4o', messages });
    await expect(call).rejects.toBeInstanceOf(BadRequestError);
    expect(upstream.seen).toHaveLength(1);
  });
});

describe('errors, in the classes of the SDK', () => {
  const create = (body: object = {}, client = openai) =>
    client.chat.completions.create({ model: 'gpt-4o', messages, ...body }).then(
      () => undefined,
      (error: unknown) => error,
    );
  const expectError = (error: unknown, kind: unknown, status: number, code: string, param: string | null) => {
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({ status, code, param, type: expect.any(String) });
    expect((error as { requestID: string }).requestID).toMatch(REQUEST_ID);
    expect((error as Error).message).toMatch(/.{10}/);
  };

  it.each([
    ['an unknown key', 'sk-lazu-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['no key of ours', 'sk-proj-1234'],
  ])('%s is an AuthenticationError', async (_name, apiKey) => {
    const stranger = openai.withOptions({ apiKey });
    expectError(await create({}, stranger), AuthenticationError, 401, 'invalid_api_key', null);
  });

  it('an unknown model is a NotFoundError', async () => {
    expectError(await create({ model: 'gpt-99' }), NotFoundError, 404, 'model_not_found', 'model');
  });

  it.each([
    [{ messages: undefined }, 'missing_required_parameter', 'messages'],
    [{ stream: 'yes' }, 'invalid_request', 'stream'],
    [{ conversation: 'conv_1' }, 'unsupported_parameter', 'conversation'],
  ])('%j is a BadRequestError', async (body, code, param) => {
    expectError(await create(body), BadRequestError, 400, code, param);
  });

  it('a number out of bounds is an UnprocessableEntityError', async () => {
    expectError(await create({ temperature: 9 }), UnprocessableEntityError, 422, 'invalid_value', 'temperature');
  });

  it('the limit of an upstream, and of a key, is a RateLimitError', async () => {
    upstream.answers(refused('slow', 429, { 'retry-after': '9' }));
    const limited = await create();
    expectError(limited, RateLimitError, 429, 'upstream_rate_limited', null);
    expect((limited as RateLimitError).headers.get('retry-after')).toBe('9');

    const { id } = (await lazu.admin('GET', '/api/admin/accounts')).data[0];
    const { key } = await lazu.admin('POST', `/api/admin/accounts/${id}/keys`, { name: 'slow', rpm: 1 });
    const slow = openai.withOptions({ apiKey: key });
    expect(await create({ model: SANDBOX }, slow)).toBeUndefined();
    const second = await create({ model: SANDBOX }, slow);
    expectError(second, RateLimitError, 429, 'request_rate_limit_exceeded', null);
    expect(Number((second as RateLimitError).headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it.each([
    ['500', refused('x', 500), 502, 'upstream_error'],
    ['overload', refused('x', 529), 503, 'upstream_unavailable'],
    ['a gateway timeout', refused('x', 504), 504, 'upstream_timeout'],
    ['a wrong key of the operator', refused('x', 401), 502, 'upstream_error'],
    ['half an answer', answerJson('{"choices":['), 502, 'upstream_error'],
  ])('%s upstream is an InternalServerError', async (_name, script, status, code) => {
    upstream.answers(script);
    expectError(await create(), InternalServerError, status, code, null);
  });

  it('an error in the middle of a stream is thrown behind the words before it', async () => {
    upstream.answers(
      answerStream([...chatFrames(['Hel', 'lo'], { done: false }).slice(0, 3)], { everyMs: 5, then: 'cut' }),
    );
    let text = '';
    const read = async () => {
      const stream = await openai.chat.completions.create({ model: 'gpt-4o', messages, stream: true });
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    };
    await expect(read()).rejects.toMatchObject({ code: 'upstream_error', type: 'api_error' });
    expect(text).toBe('Hello');
  });

  it('the sandbox fails when it is told to', async () => {
    const told = (sandbox: string) => create({ model: SANDBOX, metadata: { sandbox, sandbox_delay_ms: '1' } });
    expectError(await told('429'), RateLimitError, 429, 'upstream_rate_limited', null);
    expectError(await told('500'), InternalServerError, 502, 'upstream_error', null);
    expectError(await told('malformed'), InternalServerError, 502, 'upstream_error', null);
  });
});

describe('the wire', () => {
  it('is metered the same, whole and streamed', async () => {
    const counted = usage(11, 7, { prompt_tokens_details: { cached_tokens: 4 } });
    upstream.answers(
      answerJson(chatAnswer('Hi', { usage: counted })),
      answerStream(chatFrames(['Hi'], { usage: counted })),
    );
    const whole = await openai.chat.completions.create({ model: 'gpt-4o', messages }).withResponse();
    const stream = openai.chat.completions.stream({ model: 'gpt-4o', messages });
    await stream.done();
    const record = await lazu.record(whole.response.headers.get('x-lazu-request-id'));
    expect(record.usage.dimensions).toEqual([
      { name: 'input', quantity: 7 },
      { name: 'cache_read', quantity: 4 },
      { name: 'output', quantity: 7 },
    ]);
  });
});
