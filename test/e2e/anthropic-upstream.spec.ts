import OpenAI, { APIError, BadRequestError, RateLimitError } from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { anthropicUsage, errorFrame, message, messageFrames, text } from '../support/fake-anthropic.js';
import { answerJson, answerStream, FakeUpstream } from '../support/fake-upstream.js';

const MODEL = 'claude-sonnet-4-5';
const hello = [{ role: 'user' as const, content: 'Say hello' }];
const weather = {
  type: 'function' as const,
  function: {
    name: 'weather',
    description: 'The weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
};
const call = (id: string, city: string) => ({ type: 'tool_use', id, name: 'weather', input: { city } });
const thought = { type: 'thinking', thinking: 'Let me see.', signature: 'c2lnbmF0dXJl' };
const refused = (status: number, type: string, said: string, headers = {}) =>
  answerJson({ type: 'error', error: { type, message: said } }, status, headers);

let lazu: TestLazu;
let openai: OpenAI;
let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  lazu = await bootLazu({ ANTHROPIC_API_KEY: 'sk-ant-upstream', ANTHROPIC_BASE_URL: upstream.url, MAX_ATTEMPTS: '1' });
  openai = lazu.openai;
});
afterAll(async () => {
  await lazu.close();
  await upstream.stop();
});

const recordOf = async (response: Response) => lazu.record(response.headers.get('x-lazu-request-id'));

describe('the official OpenAI SDK against a model of Anthropic', () => {
  it('is listed, and asked as Anthropic wants to be asked', async () => {
    upstream.answers(answerJson(message([text('Hello!')])));
    const answer = await openai.chat.completions.create({
      model: MODEL,
      messages: [{ role: 'system', content: 'Be brief.' }, ...hello],
      user: 'ann',
    });
    expect((await openai.models.list()).data.map(({ id }) => id)).toContain('claude-sonnet-4-5-20250929');
    expect(upstream.last.path).toBe('/v1/messages');
    expect(upstream.last.headers).toMatchObject({ 'x-api-key': 'sk-ant-upstream', 'anthropic-version': '2023-06-01' });
    expect(upstream.last.headers).not.toHaveProperty('authorization');
    expect(upstream.last.body).toEqual({
      model: 'claude-sonnet-4-5-20250929',
      max_tokens: 64_000,
      system: [text('Be brief.')],
      messages: [{ role: 'user', content: [text('Say hello')] }],
      metadata: { user_id: 'ann' },
    });
    expect(answer).toMatchObject({ object: 'chat.completion', model: MODEL });
    expect(answer.choices[0]).toMatchObject({
      message: { role: 'assistant', content: 'Hello!' },
      finish_reason: 'stop',
    });
    expect(answer.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 });
  });

  it('streams the same as it answers whole, and is metered the same', async () => {
    const usage = anthropicUsage(10, 25, {
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 50,
      cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 30 },
    });
    const said = message([thought, text('Hello there!')], { usage });
    upstream.answers(answerJson(said), answerStream(messageFrames(said)));
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
    expect([reasoning, (one as any).reasoning_content]).toEqual(['Let me see.', 'Let me see.']);
    expect((other as any).lazu_sealed).toBe((one as any).lazu_sealed);
    expect(streamed.usage).toEqual(whole.data.usage);
    expect(streamed.usage).toMatchObject({
      prompt_tokens: 160,
      completion_tokens: 25,
      prompt_tokens_details: { cached_tokens: 100, cache_write_tokens: 50, cache_write_1h_tokens: 30 },
    });
    const record = await recordOf(whole.response);
    expect(record).toMatchObject({ status: 'completed', usage_source: 'provider', resolved_model: said.model });
    expect(record.provider_usage.raw_fields).toEqual(usage);
    expect(record.usage.dimensions).toEqual(
      expect.arrayContaining([
        { name: 'input', quantity: 10 },
        { name: 'cache_read', quantity: 100 },
        { name: 'cache_write_5m', quantity: 20 },
        { name: 'cache_write_1h', quantity: 30 },
        { name: 'output', quantity: 25 },
      ]),
    );
  });

  it.each([true, false])('trap 30: parallel tools over three turns, streamed: %s', async streamed => {
    const asks = message([thought, text('I look.'), call('toolu_1', 'Rome'), call('toolu_2', 'Oslo')], {
      stop_reason: 'tool_use',
    });
    const again = message([call('toolu_3', 'Bern')], { stop_reason: 'tool_use' });
    const script = (said: typeof asks) => (streamed ? answerStream(messageFrames(said)) : answerJson(said));
    const scripts = [script(asks), script(again), script(message([text('All fine.')]))];
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Rome and Oslo?' }];
    const bodies: any[] = [];
    const next = async () => {
      upstream.answers(scripts.shift()!);
      const request = { model: MODEL, messages, tools: [weather], reasoning_effort: 'low' as const };
      const answer = streamed
        ? await openai.chat.completions.stream(request).finalChatCompletion()
        : await openai.chat.completions.create(request);
      bodies.push(upstream.last.body);
      messages.push(answer.choices[0]!.message);
      return answer.choices[0]!;
    };
    const first = await next();
    expect(first.finish_reason).toBe('tool_calls');
    expect(first.message.tool_calls).toMatchObject([
      { id: 'toolu_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } },
      { id: 'toolu_2', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
    ]);
    messages.push({ role: 'tool', tool_call_id: 'toolu_1', content: 'Sun' });
    messages.push({ role: 'tool', tool_call_id: 'toolu_2', content: 'Snow' });
    await next();
    messages.push({ role: 'tool', tool_call_id: 'toolu_3', content: 'Fog' });
    expect((await next()).message.content).toBe('All fine.');
    // trap 31: the signed thought comes home untouched, at its place.
    expect(bodies[1].messages.slice(1)).toEqual([
      { role: 'assistant', content: asks.content },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1', content: [text('Sun')] },
          { type: 'tool_result', tool_use_id: 'toolu_2', content: [text('Snow')] },
        ],
      },
    ]);
    expect(bodies[1].thinking).toEqual({ type: 'enabled', budget_tokens: 2048 });
    expect(bodies[2].messages).toHaveLength(5);
  });

  it('takes images, files and a schema', async () => {
    upstream.answers(answerJson(message([text('{"city":"Rome"}')])));
    const answer = await openai.chat.completions.parse({
      model: MODEL,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Which city?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
            { type: 'image_url', image_url: { url: 'https://example.com/a.jpg' } },
            { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
          ],
        },
      ],
      response_format: zodResponseFormat(z.object({ city: z.string() }), 'answer'),
    });
    expect(answer.choices[0]!.message.parsed).toEqual({ city: 'Rome' });
    expect(upstream.last.body.messages[0].content).toEqual([
      text('Which city?'),
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.jpg' } },
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' }, title: 'a.pdf' },
    ]);
    expect(upstream.last.body.output_config).toEqual({
      format: {
        type: 'json_schema',
        schema: expect.objectContaining({ properties: { city: { type: 'string' } }, additionalProperties: false }),
      },
    });
  });

  it.each([true, false])('gives several answers where asked for, streamed: %s', async stream => {
    const said = message([text('Hi!')]);
    upstream.answers(stream ? answerStream(messageFrames(said)) : answerJson(said));
    const request = { model: MODEL, messages: hello, n: 2 };
    const answer = stream
      ? await openai.chat.completions
          .stream({ ...request, stream_options: { include_usage: true } })
          .finalChatCompletion()
      : await openai.chat.completions.create(request);
    expect(answer.choices.map(choice => choice.message.content)).toEqual(['Hi!', 'Hi!']);
    expect(answer.usage).toMatchObject({ prompt_tokens: 20, completion_tokens: 10 });
    expect(upstream.seen).toHaveLength(2);
    expect(upstream.last.body).not.toHaveProperty('n');
  });

  it('names the hints that go missing, and refuses what would be missed', async () => {
    upstream.answers(answerJson(message([text('Hi!')])));
    const request = { model: MODEL, messages: hello };
    const { response } = await openai.chat.completions
      .create({ ...request, seed: 4, temperature: 1.5, top_p: 0.9, verbosity: 'low' })
      .withResponse();
    const dropped = response.headers.get('x-lazu-dropped-params')!.split(', ').sort();
    expect(dropped).toEqual(['seed', 'temperature', 'top_p', 'verbosity']);
    expect(upstream.last.body).toMatchObject({ temperature: 1 });
    upstream.answers(answerJson(message([])));
    const refusals = [
      { logprobs: true },
      { response_format: { type: 'json_object' as const } },
      { logit_bias: { 5: 1 } },
    ];
    for (const field of refusals) {
      const failure = await openai.chat.completions.create({ ...request, ...field }).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(BadRequestError);
      expect(failure).toMatchObject({ code: 'unsupported_parameter', param: Object.keys(field)[0] });
    }
    expect(upstream.seen).toHaveLength(0);
  });
});

describe('errors of Anthropic', () => {
  const ask = () => openai.chat.completions.create({ model: MODEL, messages: hello }, { maxRetries: 0 });

  it.each([
    [
      400,
      'invalid_request_error',
      'prompt is too long: 208310 tokens > 200000 maximum',
      400,
      'context_length_exceeded',
    ],
    [400, 'invalid_request_error', 'Output blocked by content filtering policy', 400, 'content_policy_violation'],
    [400, 'invalid_request_error', 'messages.0: no', 400, 'invalid_request'],
    [400, 'invalid_request_error', 'Your credit balance is too low to access the API.', 502, 'upstream_error'],
    [401, 'authentication_error', 'invalid x-api-key', 502, 'upstream_error'],
    [404, 'not_found_error', 'model: claude-x', 502, 'upstream_error'],
    [429, 'rate_limit_error', 'Too many', 429, 'upstream_rate_limited'],
    [529, 'overloaded_error', 'Overloaded', 503, 'upstream_unavailable'],
  ])('%i %s: %s', async (status, type, said, expected, code) => {
    upstream.answers(refused(status, type, said, { 'retry-after': '7' }));
    const failure = (await ask().catch((error: unknown) => error)) as APIError;
    expect([failure.status, failure.code]).toEqual([expected, code]);
    expect(failure.message.includes(said)).toBe(expected === 400);
    if (status === 429) {
      expect(failure).toBeInstanceOf(RateLimitError);
      expect(failure.headers!.get('retry-after')).toBe('7');
    }
  });

  it('trap 25: an error in the middle of a stream is the last frame, costs nothing, and no end mark follows', async () => {
    const begun = messageFrames(message([text('Half an answer')]), { end: false });
    upstream.answers(answerStream([...begun, errorFrame('overloaded_error', 'Overloaded')]));
    const response = await lazu.post('/v1/chat/completions', { model: MODEL, messages: hello, stream: true });
    const body = await response.text();
    expect(body).toContain('Half an');
    expect(body).not.toContain('[DONE]');
    expect(JSON.parse(body.trim().split('\n\n').at(-1)!.slice('data: '.length)).error.code).toBe(
      'upstream_unavailable',
    );
    expect(await recordOf(response)).toMatchObject({ status: 'failed', billing: { charge_micro_usd: 0 } });
  });

  it('trap 25: so does a stream that breaks off', async () => {
    upstream.answers(answerStream(messageFrames(message([text('Half an answer')]), { end: false })));
    const response = await lazu.post('/v1/chat/completions', { model: MODEL, messages: hello, stream: true });
    expect(await response.text()).toContain('upstream_error');
    expect(await recordOf(response)).toMatchObject({ status: 'failed', billing: { charge_micro_usd: 0 } });
  });
});
