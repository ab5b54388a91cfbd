import OpenAI, { APIError, BadRequestError, RateLimitError } from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { calls, frameOf, response, responseFrames, responsesUsage, says, thinks } from '../support/fake-responses.js';
import { answerJson, answerStream, FakeUpstream } from '../support/fake-upstream.js';

/** A model that OpenAI serves by Responses only. */
const MODEL = 'o3-pro';
const hello = [{ role: 'user' as const, content: 'Say hello' }];
const weather = {
  type: 'function' as const,
  function: {
    name: 'weather',
    description: 'The weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
};
const refused = (status: number, error: object, headers = {}) => answerJson({ error }, status, headers);

let lazu: TestLazu;
let openai: OpenAI;
let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  lazu = await bootLazu({ OPENAI_API_KEY: 'sk-upstream', OPENAI_BASE_URL: `${upstream.url}/v1`, MAX_ATTEMPTS: '1' });
  openai = lazu.openai;
});
afterAll(async () => {
  await lazu.close();
  await upstream.stop();
});

const recordOf = async (answer: Response) => lazu.record(answer.headers.get('x-lazu-request-id'));

describe('the official OpenAI SDK, by chat, against a model that only has Responses', () => {
  it('is listed, and asked in its own language', async () => {
    upstream.answers(answerJson(response([says('Hello!')])));
    const answer = await openai.chat.completions.create({
      model: MODEL,
      messages: [{ role: 'system', content: 'Be brief.' }, ...hello],
      max_completion_tokens: 500,
      reasoning_effort: 'high',
      user: 'ann',
    });
    expect((await openai.models.list()).data.map(({ id }) => id)).toEqual(expect.arrayContaining([MODEL, 'gpt-5-pro']));
    expect(upstream.last.path).toBe('/v1/responses');
    expect(upstream.last.headers).toMatchObject({ authorization: 'Bearer sk-upstream' });
    expect(upstream.last.body).toEqual({
      model: MODEL,
      input: [
        { type: 'message', role: 'system', content: 'Be brief.' },
        { type: 'message', role: 'user', content: 'Say hello' },
      ],
      max_output_tokens: 500,
      reasoning: { effort: 'high', summary: 'auto' },
      user: 'ann',
      include: ['reasoning.encrypted_content'],
      store: false,
    });
    expect(answer).toMatchObject({ object: 'chat.completion', model: MODEL });
    expect(answer.choices).toHaveLength(1);
    expect(answer.choices[0]).toMatchObject({ message: { content: 'Hello!' }, finish_reason: 'stop' });
  });

  it('leaves chat alone where the model has chat', async () => {
    upstream.answers(answerJson({ id: 'x', object: 'chat.completion', model: 'gpt-4o', choices: [] }));
    await openai.chat.completions.create({ model: 'gpt-4o', messages: hello });
    expect([upstream.last.path, upstream.last.body]).toEqual([
      '/v1/chat/completions',
      { model: 'gpt-4o', messages: hello },
    ]);
  });

  it('trap 5, 35: streams the same as it answers whole, and is metered the same', async () => {
    const usage = responsesUsage(160, 25, 100, 20);
    const said = response([thinks('rs_1', 'Let me see.', 'I see.'), says('Hello there!')], { usage });
    upstream.answers(answerJson(said), answerStream(responseFrames(said)));
    const whole = await openai.chat.completions.create({ model: MODEL, messages: hello }).withResponse();
    const stream = openai.chat.completions.stream({
      model: MODEL,
      messages: hello,
      stream_options: { include_usage: true },
    });
    let reasoning = '';
    for await (const chunk of stream) reasoning += (chunk.choices[0]?.delta as any)?.reasoning_content ?? '';
    const streamed = await stream.finalChatCompletion();
    const { message: one } = whole.data.choices[0]!;
    const { message: other } = streamed.choices[0]!;
    expect([other.content, streamed.choices[0]!.finish_reason]).toEqual([one.content, 'stop']);
    expect([reasoning, (one as any).reasoning_content]).toEqual(Array(2).fill('Let me see.\n\nI see.'));
    expect((other as any).lazu_sealed).toBe((one as any).lazu_sealed);
    expect(streamed.usage).toEqual(whole.data.usage);
    expect(streamed.usage).toMatchObject({
      prompt_tokens: 160,
      completion_tokens: 25,
      prompt_tokens_details: { cached_tokens: 100 },
      completion_tokens_details: { reasoning_tokens: 20 },
    });
    const record = await recordOf(whole.response);
    expect(record).toMatchObject({ status: 'completed', usage_source: 'provider', resolved_model: said.model });
    expect(record.billing.charge_micro_usd).toBeGreaterThan(0);
    expect(record.provider_usage.raw_fields).toEqual(usage);
    expect(record.usage.dimensions).toEqual(
      expect.arrayContaining([
        { name: 'input', quantity: 60 },
        { name: 'cache_read', quantity: 100 },
        { name: 'output', quantity: 25 },
      ]),
    );
  });

  it.each([true, false])('trap 30, 33: parallel tools over three turns, streamed: %s', async streamed => {
    const first = [thinks('rs_1', 'Two.'), says('I look.', { phase: 'commentary' })];
    const asks = response([...first, calls('call_1', 'weather', { city: 'Rome' }), calls('call_2', 'weather', {})]);
    const again = response([thinks('rs_2'), calls('call_3', 'weather', { city: 'Bern' })]);
    const script = (said: any) => (streamed ? answerStream(responseFrames(said)) : answerJson(said));
    const scripts = [script(asks), script(again), script(response([says('All fine.')]))];
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Rome and Oslo?' }];
    const bodies: any[] = [];
    const next = async () => {
      upstream.answers(scripts.shift()!);
      const request = { model: MODEL, messages, tools: [weather], parallel_tool_calls: true };
      const answer = streamed
        ? await openai.chat.completions.stream(request).finalChatCompletion()
        : await openai.chat.completions.create(request);
      bodies.push(upstream.last.body);
      messages.push(answer.choices[0]!.message);
      return answer.choices[0]!;
    };
    const one = await next();
    expect(one.finish_reason).toBe('tool_calls');
    expect(one.message.content).toBe('I look.');
    expect(one.message.tool_calls).toMatchObject([
      { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } },
      { id: 'call_2', type: 'function', function: { name: 'weather', arguments: '{}' } },
    ]);
    messages.push({ role: 'tool', tool_call_id: 'call_1', content: 'Sun' });
    messages.push({ role: 'tool', tool_call_id: 'call_2', content: 'Snow' });
    await next();
    messages.push({ role: 'tool', tool_call_id: 'call_3', content: 'Fog' });
    expect((await next()).message.content).toBe('All fine.');
    const called = (id: string, args: string) => ({
      ...{ type: 'function_call', call_id: id, name: 'weather', arguments: args },
    });
    const result = (id: string, output: string) => ({ type: 'function_call_output', call_id: id, output });
    // The encrypted thoughts come home untouched, at their place.
    expect(bodies[2].input.slice(1)).toEqual([
      thinks('rs_1', 'Two.'),
      { type: 'message', role: 'assistant', content: 'I look.', phase: 'commentary' },
      called('call_1', '{"city":"Rome"}'),
      called('call_2', '{}'),
      result('call_1', 'Sun'),
      result('call_2', 'Snow'),
      thinks('rs_2'),
      called('call_3', '{"city":"Bern"}'),
      result('call_3', 'Fog'),
    ]);
    expect(bodies[2].tools).toEqual([{ type: 'function', ...weather.function, strict: false }]);
  });

  it('takes images, files and a schema', async () => {
    upstream.answers(answerJson(response([says('{"city":"Rome"}')])));
    const answer = await openai.chat.completions.parse({
      model: MODEL,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
            { type: 'image_url', image_url: { url: 'https://example.com/a.jpg' } },
            { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
          ],
        },
      ],
      response_format: zodResponseFormat(z.object({ city: z.string() }), 'answer'),
    });
    expect(answer.choices[0]!.message.parsed).toEqual({ city: 'Rome' });
    expect(upstream.last.body.input[0].content).toEqual([
      { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'auto' },
      { type: 'input_image', image_url: 'https://example.com/a.jpg', detail: 'auto' },
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' },
    ]);
    expect(upstream.last.body.text.format).toMatchObject({
      ...{ type: 'json_schema', name: 'answer', strict: true },
      schema: { properties: { city: { type: 'string' } } },
    });
  });

  it.each([true, false])('gives several answers where asked for, streamed: %s', async stream => {
    const said = response([says('Hi!')]);
    upstream.answers(stream ? answerStream(responseFrames(said)) : answerJson(said));
    const request = { model: MODEL, messages: hello, n: 2 };
    const answer = stream
      ? await openai.chat.completions
          .stream({ ...request, stream_options: { include_usage: true } })
          .finalChatCompletion()
      : await openai.chat.completions.create(request);
    expect(answer.choices.map(choice => choice.message.content)).toEqual(['Hi!', 'Hi!']);
    expect(answer.usage).toMatchObject({ prompt_tokens: 20, completion_tokens: 10 });
    expect(upstream.last.body).not.toHaveProperty('n');
  });

  it('says why an answer is short', async () => {
    const incomplete = (reason: string) =>
      answerStream(responseFrames(response([says('Half')], { status: 'incomplete', incomplete_details: { reason } })));
    const finish = async () =>
      (await openai.chat.completions.stream({ model: MODEL, messages: hello }).finalChatCompletion()).choices[0]!
        .finish_reason;
    upstream.answers(incomplete('content_filter'));
    expect(await finish()).toBe('content_filter');
    upstream.answers(incomplete('max_output_tokens'));
    expect(await finish()).toBe('length');
    const refusal = { ...says(''), content: [{ type: 'refusal', refusal: 'Not this.' }] };
    upstream.answers(answerJson(response([refusal])));
    const { choices } = await openai.chat.completions.create({ model: MODEL, messages: hello });
    expect(choices[0]).toMatchObject({
      message: { content: null, refusal: 'Not this.' },
      finish_reason: 'content_filter',
    });
  });

  it('names the hints that go missing, and refuses what would be missed', async () => {
    upstream.answers(answerJson(response([says('Hi!')])));
    const request = { model: MODEL, messages: hello };
    const { response: answer } = await openai.chat.completions
      .create({ ...request, seed: 4, temperature: 0.5, presence_penalty: 1, reasoning_effort: 'minimal' })
      .withResponse();
    const dropped = answer.headers.get('x-lazu-dropped-params')!.split(', ').sort();
    expect(dropped).toEqual(['presence_penalty', 'reasoning_effort', 'seed', 'temperature']);
    expect(upstream.last.body.reasoning.effort).toBe('low');
    upstream.answers(answerJson(response([])));
    for (const field of [{ stop: 'END' }, { logit_bias: { 5: 1 } }]) {
      const failure = await openai.chat.completions.create({ ...request, ...field }).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(BadRequestError);
      expect(failure).toMatchObject({ code: 'unsupported_parameter', param: Object.keys(field)[0] });
    }
    expect(upstream.seen).toHaveLength(0);
  });

  it('is asked by Responses for what chat refuses: tools for a model that thinks', async () => {
    const request = { model: 'gpt-5.6-terra', messages: hello, tools: [weather], service_tier: 'flex' as const };
    upstream.answers(answerJson(response([calls('call_1', 'weather', { city: 'Rome' })])));
    const answer = await openai.chat.completions.create({ ...request, verbosity: 'low', reasoning_effort: 'low' });
    expect(answer.choices[0]!.finish_reason).toBe('tool_calls');
    expect([upstream.last.path, upstream.last.body]).toEqual([
      '/v1/responses',
      expect.objectContaining({
        ...{ model: 'gpt-5.6-terra', service_tier: 'flex', text: { verbosity: 'low' } },
        reasoning: { effort: 'low', summary: 'auto' },
      }),
    ]);
    upstream.answers(answerJson({ id: 'x', object: 'chat.completion', model: 'gpt-5.6-terra', choices: [] }));
    await openai.chat.completions.create({ ...request, reasoning_effort: 'none' });
    expect(upstream.last.path).toBe('/v1/chat/completions');
  });

  it('goes on without a summary where the organisation may not have one, and does not ask again', async () => {
    const message = 'Your organization must be verified to generate reasoning summaries.';
    const unverified = refused(400, { message, param: 'reasoning.summary', code: 'unsupported_value' });
    const ask = () => openai.chat.completions.create({ model: 'gpt-5.2-pro', messages: hello });
    upstream.answers(unverified, answerJson(response([says('Hi!')])));
    expect((await ask()).choices[0]!.message.content).toBe('Hi!');
    await ask();
    expect(upstream.seen.map(({ body }) => body.reasoning)).toEqual([{ summary: 'auto' }, undefined, undefined]);
  });

  it("goes on without another account's thoughts, names them, and opens its own the next time", async () => {
    upstream.answers(answerJson(response([thinks('rs_1'), says('Hm.')])));
    const first = await openai.chat.completions.create({ model: MODEL, messages: hello });
    const messages = [...hello, first.choices[0]!.message, ...hello];
    const unreadable = refused(400, { message: 'x', code: 'invalid_encrypted_content' });
    upstream.answers(unreadable, answerJson(response([says('Hi!')])));
    const { response: answer } = await openai.chat.completions.create({ model: MODEL, messages }).withResponse();
    await openai.chat.completions.create({ model: MODEL, messages });
    expect(upstream.seen.map(({ body }) => body.input.length)).toEqual([4, 3, 4]);
    expect(answer.headers.get('x-lazu-dropped-params')).toBe('messages.1.lazu_sealed');
  });

  it('is spoken to in what the operator says', async () => {
    await lazu.admin('PUT', '/api/admin/models/my-model', { vendor_id: 'mine', supported_endpoint_types: ['chat'] });
    await lazu.admin('PUT', '/api/admin/models/my-model/prices/direct', { input_per_mtok: 1, output_per_mtok: 1 });
    await lazu.admin('POST', '/api/admin/channels', {
      name: 'by Responses',
      provider: 'openai',
      lane: 'direct',
      base_url: upstream.url,
      credential: 'sk-other',
      options: { protocol: 'openai-responses' },
      models: [{ model: 'my-model', upstream_model: 'gpt-4.1' }],
    });
    upstream.answers(answerJson(response([says('Hi!')])));
    await openai.chat.completions.create({ model: 'my-model', messages: hello, temperature: 0.5 });
    expect([upstream.last.path, upstream.last.body]).toEqual([
      '/responses',
      expect.objectContaining({ model: 'gpt-4.1', temperature: 0.5, store: false }),
    ]);
  });
});

describe('errors of Responses', () => {
  const ask = () => openai.chat.completions.create({ model: MODEL, messages: hello });

  it.each([
    [400, 'context_length_exceeded', 'Your input exceeds the context window', 400, 'context_length_exceeded'],
    [400, 'invalid_prompt', 'Flagged as potentially violating our usage policy', 400, 'content_policy_violation'],
    [400, 'invalid_value', 'input[0]: no', 400, 'invalid_request'],
    [400, 'model_not_found', 'The model does not exist', 502, 'upstream_error'],
    [401, 'invalid_api_key', 'Incorrect API key provided: sk-up***', 502, 'upstream_error'],
    [429, 'insufficient_quota', 'You exceeded your current quota', 502, 'upstream_error'],
    [429, 'rate_limit_exceeded', 'Rate limit reached', 429, 'upstream_rate_limited'],
    [503, 'server_is_overloaded', 'Overloaded', 503, 'upstream_unavailable'],
    [500, 'server_error', 'Sorry', 502, 'upstream_error'],
  ])('%i %s: %s', async (status, code, message, expected, ours) => {
    upstream.answers(refused(status, { message, type: 'x', code, param: 'input' }, { 'retry-after': '7' }));
    const failure = (await ask().catch((error: unknown) => error)) as APIError;
    expect([failure.status, failure.code, failure.param]).toEqual([expected, ours, null]);
    expect(failure.message.includes(message)).toBe(expected === 400);
    if (failure.status === 429) expect(failure).toBeInstanceOf(RateLimitError);
  });

  it('in an answer of status 200', async () => {
    const failed = { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'Slow' }, usage: null };
    upstream.answers(answerJson(response([], failed)));
    expect(await ask().catch((error: unknown) => error)).toMatchObject({ status: 429, code: 'upstream_rate_limited' });
  });

  const begun = responseFrames(response([says('Half an answer')])).slice(0, 5);
  it.each([
    ['an error event', frameOf({ type: 'error', code: 'server_is_overloaded', message: 'x' } as any), 'unavailable'],
    ['one with an object', frameOf({ type: 'error', error: { code: 'rate_limit_exceeded' } } as any), 'rate_limited'],
    [
      'a response that failed',
      frameOf({ type: 'response.failed', response: { status: 'failed', error: { code: 'server_error' } } } as any),
      'upstream_error',
    ],
    ['nothing more', '', 'upstream_error'],
  ])(
    'trap 25: %s in the middle of a stream is the last frame, costs nothing, and no end mark follows',
    async (...it) => {
      upstream.answers(answerStream([...begun, it[1]]));
      const answer = await lazu.post('/v1/chat/completions', { model: MODEL, messages: hello, stream: true });
      const body = await answer.text();
      expect(body).toContain('Half an');
      expect(body).not.toContain('[DONE]');
      expect(JSON.parse(body.trim().split('\n\n').at(-1)!.slice('data: '.length)).error.code).toContain(it[2]);
      expect(await recordOf(answer as Response)).toMatchObject({ status: 'failed', billing: { charge_micro_usd: 0 } });
    },
  );
});
