import Anthropic from '@anthropic-ai/sdk';
import OpenAI, { APIError, BadRequestError, RateLimitError } from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { message, messageEvents, text as anthropicText } from '../support/fake-anthropic.js';
import {
  answerAws,
  awsChunk,
  awsException,
  converseAnswer,
  converseFrames,
  refuseAws,
  tokenUsage,
} from '../support/fake-bedrock.js';
import { answerJson, FakeUpstream } from '../support/fake-upstream.js';

const NOVA = 'nova-by-converse';
const CLAUDE = 'claude-by-converse';
const hello = [{ role: 'user' as const, content: 'Say hello' }];
const weather = {
  type: 'function' as const,
  function: {
    name: 'weather',
    description: 'The weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
};
const text = (words: string) => ({ text: words });
const call = (toolUseId: string, city: string) => ({ toolUse: { toolUseId, name: 'weather', input: { city } } });
const thought = { reasoningContent: { reasoningText: { text: 'Let me see.', signature: 'c2lnbmF0dXJl' } } };
const keys = { access_key_id: 'AKIDEXAMPLE', secret_access_key: 'the-operators-secret', region: 'us-west-2' };

let lazu: TestLazu;
let openai: OpenAI;
let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  lazu = await bootLazu({
    AWS_BEARER_TOKEN_BEDROCK: 'bedrock-api-key',
    AWS_REGION: 'eu-west-1',
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: upstream.url,
  });
  openai = lazu.openai;
  const serve = async (model: string, upstream_model: string, options: object, channels: number) => {
    await lazu.admin('PUT', `/api/admin/models/${model}`, { vendor_id: 'amazon', supported_endpoint_types: ['chat'] });
    const prices = { input_per_mtok: 1, output_per_mtok: 2, cache_read_per_mtok: 0.1, cache_write_5m_per_mtok: 1.25 };
    await lazu.admin('PUT', `/api/admin/models/${model}/prices/direct`, { ...prices, cache_write_1h_per_mtok: 2 });
    for (let count = 0; count < channels; count++) {
      await lazu.admin('POST', '/api/admin/channels', {
        ...{ name: `${model} ${count}`, provider: 'bedrock', lane: 'direct', credential: keys, options },
        ...{ base_url: upstream.url, models: [{ model, upstream_model }] },
      });
    }
  };
  await serve(NOVA, 'us.amazon.nova-2-lite-v1:0', {}, 2);
  const claude = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
  await serve(CLAUDE, claude, { protocol: 'bedrock-converse' }, 1);
});
afterAll(async () => {
  await lazu.close();
  await upstream.stop();
});

const recordOf = async (response: Response) => lazu.record(response.headers.get('x-lazu-request-id'));

describe('the official OpenAI SDK against models of Bedrock, by Converse', () => {
  it('are asked as Bedrock wants to be asked, with a signature', async () => {
    upstream.answers(answerJson(converseAnswer([text('Hello!')])));
    const answer = await openai.chat.completions.create({
      model: NOVA,
      messages: [{ role: 'system', content: 'Be brief.' }, ...hello],
      max_tokens: 20,
    });
    const { path, headers, body } = upstream.last;
    expect(path).toBe('/model/us.amazon.nova-2-lite-v1%3A0/converse');
    expect(headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/us-west-2\/bedrock\/aws4_request, SignedHeaders=[^,]*host[^,]*, /,
    );
    expect(JSON.stringify(headers)).not.toContain('the-operators-secret');
    expect(body).toEqual({
      system: [text('Be brief.')],
      messages: [{ role: 'user', content: [text('Say hello')] }],
      inferenceConfig: { maxTokens: 20 },
    });
    expect(answer).toMatchObject({ object: 'chat.completion', model: NOVA });
    expect(answer.choices[0]).toMatchObject({ message: { content: 'Hello!' }, finish_reason: 'stop' });
    expect(answer.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 });
  });

  it('stream the same as they answer whole, and are metered the same', async () => {
    const cached = { cacheReadInputTokens: 100, cacheWriteInputTokens: 50, totalTokens: 185 };
    const cacheDetails = [
      { ttl: '1h', inputTokens: 30 },
      { ttl: '5m', inputTokens: 20 },
    ];
    const usage = tokenUsage(10, 25, { ...cached, cacheDetails });
    const said = converseAnswer([thought, text('Hello there!')], { usage });
    upstream.answers(answerJson(said), answerAws(converseFrames(said)));
    const whole = await openai.chat.completions.create({ model: CLAUDE, messages: hello }).withResponse();
    const asked = { model: CLAUDE, messages: hello, stream_options: { include_usage: true } };
    const stream = openai.chat.completions.stream(asked);
    let reasoning = '';
    for await (const chunk of stream) reasoning += (chunk.choices[0]?.delta as any)?.reasoning_content ?? '';
    const streamed = await stream.finalChatCompletion();
    expect(upstream.last.path).toBe('/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream');
    const { message: one } = whole.data.choices[0]!;
    const { message: other } = streamed.choices[0]!;
    expect([other.content, streamed.choices[0]!.finish_reason]).toEqual([one.content, 'stop']);
    expect([reasoning, (one as any).reasoning_content]).toEqual(['Let me see.', 'Let me see.']);
    expect((other as any).lazu_sealed).toBe((one as any).lazu_sealed);
    expect(streamed.usage).toEqual(whole.data.usage);
    expect(streamed.usage).toMatchObject({
      ...{ prompt_tokens: 160, completion_tokens: 25 },
      prompt_tokens_details: { cached_tokens: 100, cache_write_tokens: 50, cache_write_1h_tokens: 30 },
    });
    const record = await recordOf(whole.response);
    expect(record).toMatchObject({ status: 'completed', usage_source: 'provider', usage_mismatch: false });
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
    const stopReason = 'tool_use';
    const calls = [call('tooluse_1', 'Rome'), call('tooluse_2', 'Oslo')];
    const asks = converseAnswer([thought, text('I look.'), ...calls], { stopReason });
    const again = converseAnswer([call('tooluse_3', 'Bern')], { stopReason });
    const script = (said: typeof asks) => (streamed ? answerAws(converseFrames(said)) : answerJson(said));
    const scripts = [script(asks), script(again), script(converseAnswer([text('All fine.')]))];
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Rome and Oslo?' }];
    const bodies: any[] = [];
    const next = async () => {
      upstream.answers(scripts.shift()!);
      const request = { model: CLAUDE, messages, tools: [weather], reasoning_effort: 'low' as const };
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
      { id: 'tooluse_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } },
      { id: 'tooluse_2', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
    ]);
    messages.push({ role: 'tool', tool_call_id: 'tooluse_1', content: 'Sun' });
    messages.push({ role: 'tool', tool_call_id: 'tooluse_2', content: 'Snow' });
    await next();
    messages.push({ role: 'tool', tool_call_id: 'tooluse_3', content: 'Fog' });
    expect((await next()).message.content).toBe('All fine.');
    // trap 31: the signed thought comes home untouched, at its place.
    expect(bodies[1].messages.slice(1)).toEqual([
      { role: 'assistant', content: asks.output.message.content },
      {
        role: 'user',
        content: [
          { toolResult: { toolUseId: 'tooluse_1', content: [text('Sun')] } },
          { toolResult: { toolUseId: 'tooluse_2', content: [text('Snow')] } },
        ],
      },
    ]);
    const thinking = { type: 'enabled', budget_tokens: 2048 };
    expect(bodies[1].additionalModelRequestFields).toEqual({ thinking });
    expect(bodies[2].messages).toHaveLength(5);
  });

  it('take images, files and a schema', async () => {
    upstream.answers(answerJson(converseAnswer([text('{"city":"Rome"}')])));
    const answer = await openai.chat.completions.parse({
      model: CLAUDE,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Which city?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
            { type: 'file', file: { filename: 'a_1.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
          ],
        },
      ],
      response_format: zodResponseFormat(z.object({ city: z.string() }), 'answer'),
    });
    expect(answer.choices[0]!.message.parsed).toEqual({ city: 'Rome' });
    expect(upstream.last.body.messages[0].content).toEqual([
      text('Which city?'),
      { image: { format: 'png', source: { bytes: 'iVBORw0KGgo=' } } },
      { document: { format: 'pdf', name: 'a 1', source: { bytes: 'JVBERi0=' } } },
    ]);
    const { schema } = upstream.last.body.outputConfig.textFormat.structure.jsonSchema;
    expect(JSON.parse(schema)).toMatchObject({ properties: { city: { type: 'string' } }, additionalProperties: false });
  });

  it.each([true, false])('give several answers where asked for, streamed: %s', async stream => {
    const said = converseAnswer([text('Hi!')]);
    upstream.answers(stream ? answerAws(converseFrames(said)) : answerJson(said));
    const request = { model: NOVA, messages: hello, n: 2 };
    const answer = stream
      ? await openai.chat.completions
          .stream({ ...request, stream_options: { include_usage: true } })
          .finalChatCompletion()
      : await openai.chat.completions.create(request);
    expect(answer.choices.map(choice => choice.message.content)).toEqual(['Hi!', 'Hi!']);
    expect(answer.usage).toMatchObject({ prompt_tokens: 20, completion_tokens: 10 });
    expect(upstream.seen).toHaveLength(2);
  });
});

describe("Claude on Bedrock, by Anthropic's own protocol", () => {
  const model = 'claude-sonnet-4-5';
  const path = '/model/global.anthropic.claude-sonnet-4-5-20250929-v1%3A0';

  it('is asked with a Bedrock API key, its model in the path', async () => {
    upstream.answers(answerJson(message([anthropicText('Hello!')])));
    const { data, response } = await openai.chat.completions
      .create({ model, messages: hello, user: 'ann' })
      .withResponse();
    expect(upstream.last.path).toBe(`${path}/invoke`);
    expect(upstream.last.headers).toMatchObject({ authorization: 'Bearer bedrock-api-key' });
    expect(upstream.last.body).toEqual({
      anthropic_version: 'bedrock-2023-05-31',
      max_tokens: 64_000,
      messages: [{ role: 'user', content: [anthropicText('Say hello')] }],
      metadata: { user_id: 'ann' },
    });
    expect(data.choices[0]!.message.content).toBe('Hello!');
    expect(await recordOf(response)).toMatchObject({ usage_source: 'provider', status: 'completed' });
  });

  it('streams what AWS wraps', async () => {
    const said = message([anthropicText('Hello there!')]);
    upstream.answers(answerAws(messageEvents(said).map(awsChunk)));
    const streamed = await openai.chat.completions
      .stream({ model, messages: hello, stream_options: { include_usage: true } })
      .finalChatCompletion();
    expect(upstream.last.path).toBe(`${path}/invoke-with-response-stream`);
    expect(upstream.last.body).not.toHaveProperty('stream');
    expect(streamed.choices[0]).toMatchObject({ message: { content: 'Hello there!' }, finish_reason: 'stop' });
    expect(streamed.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 5 });
  });

  it("says Bedrock's refusals, not Anthropic's", async () => {
    upstream.answers(refuseAws(400, 'ValidationException', 'prompt is too long: 9 tokens > 8 maximum'));
    await expect(openai.chat.completions.create({ model, messages: hello })).rejects.toMatchObject({
      status: 400,
      code: 'context_length_exceeded',
    });
  });

  it('trap 25: an exception in the middle of its stream is the last frame', async () => {
    const begun = messageEvents(message([anthropicText('Half an answer')]), { end: false }).map(awsChunk);
    upstream.answers(answerAws([...begun, awsException('throttlingException', 'Too many tokens')]));
    const body = await (await lazu.post('/v1/chat/completions', { model, messages: hello, stream: true })).text();
    expect(body).toContain('Half an');
    expect(body).not.toContain('[DONE]');
    expect(JSON.parse(body.trim().split('\n\n').at(-1)!.slice('data: '.length)).error.code).toBe(
      'upstream_rate_limited',
    );
  });
});

describe("Anthropic's SDK against Claude on Bedrock: its own bytes pass", () => {
  const model = 'claude-sonnet-4-6';
  const said = message([anthropicText('Hello there!')]);
  const asked = { model, max_tokens: 20, messages: hello };
  const client = () => new Anthropic({ apiKey: lazu.apiKey, baseURL: lazu.url, maxRetries: 0 });

  it('whole, with the features that it may ask for in the body', async () => {
    upstream.answers(answerJson(said));
    const betas = ['interleaved-thinking-2025-05-14'];
    const answer = await client().beta.messages.create({ ...asked, betas });
    expect(answer.content).toMatchObject([anthropicText('Hello there!')]);
    expect(upstream.last.path).toBe('/model/global.anthropic.claude-sonnet-4-6/invoke');
    expect(upstream.last.headers).not.toHaveProperty('anthropic-beta');
    const { model: _, ...body } = asked;
    const version = { anthropic_version: 'bedrock-2023-05-31', anthropic_beta: betas };
    expect(upstream.last.body).toEqual({ ...body, ...version });
  });

  it('streamed, and an exception is an error of its own dialect', async () => {
    upstream.answers(answerAws(messageEvents(said).map(awsChunk)));
    const message = await client().messages.stream(asked).finalMessage();
    expect(message).toMatchObject({ content: [anthropicText('Hello there!')], usage: { output_tokens: 5 } });
    const begun = messageEvents(said, { end: false }).map(awsChunk);
    upstream.answers(answerAws([...begun, awsException('serviceUnavailableException', 'Busy')]));
    const failure = await client()
      .messages.stream(asked)
      .finalMessage()
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Anthropic.APIError);
    expect(JSON.stringify((failure as { error?: unknown }).error)).toContain('overloaded');
  });

  it('counts by estimate, as Bedrock is not asked', async () => {
    upstream.answers(answerJson({}));
    const { response, data } = await client().messages.countTokens({ model, messages: hello }).withResponse();
    expect([response.headers.get('x-lazu-estimated'), data.input_tokens > 0]).toEqual(['true', true]);
    expect(upstream.seen).toHaveLength(0);
  });
});

describe('errors of Bedrock', () => {
  it.each([
    [400, 'ValidationException', 'Input is too long for requested model.', 400, 'context_length_exceeded'],
    [400, 'ValidationException', 'messages.0: no', 400, 'invalid_request'],
    [400, 'ValidationException', 'The provided model identifier is invalid.', 502, 'upstream_error'],
    [400, 'ServiceQuotaExceededException', 'Quota', 502, 'upstream_error'],
    [403, 'AccessDeniedException', 'Not for you', 502, 'upstream_error'],
    [408, 'ModelTimeoutException', 'Slow', 504, 'upstream_timeout'],
    [429, 'ThrottlingException', 'Too many requests', 429, 'upstream_rate_limited'],
    [503, 'ServiceUnavailableException', 'Busy', 503, 'upstream_unavailable'],
  ])('%i %s: %s', async (status, type, said, expected, code) => {
    upstream.answers(refuseAws(status, type, said, { 'retry-after': '7' }));
    const asked = openai.chat.completions.create({ model: CLAUDE, messages: hello });
    const failure = (await asked.catch((error: unknown) => error)) as APIError;
    expect([failure.status, failure.code]).toEqual([expected, code]);
    expect(failure.message.includes(said)).toBe(expected === 400);
    if (expected === 400) expect(failure).toBeInstanceOf(BadRequestError);
    if (status === 429) {
      expect(failure).toBeInstanceOf(RateLimitError);
      expect(failure.headers!.get('retry-after')).toBe('7');
    }
  });

  it('throttling is tried again on the next channel, signed anew', async () => {
    const answer = answerJson(converseAnswer([text('Hi!')]));
    upstream.answers(refuseAws(429, 'ThrottlingException', 'Too many requests'), answer);
    const { data } = await openai.chat.completions.create({ model: NOVA, messages: hello }).withResponse();
    expect(data.choices[0]!.message.content).toBe('Hi!');
    expect(upstream.seen).toHaveLength(2);
    expect(upstream.seen.every(({ headers }) => headers.authorization?.startsWith('AWS4-'))).toBe(true);
  });

  it('an exception before any output is a status, and another channel may do better', async () => {
    const good = answerAws(converseFrames(converseAnswer([text('Hi!')])));
    upstream.answers(answerAws([awsException('serviceUnavailableException', 'Busy')]), good);
    const streamed = await openai.chat.completions.stream({ model: NOVA, messages: hello }).finalChatCompletion();
    expect(streamed.choices[0]!.message.content).toBe('Hi!');
    upstream.answers(answerAws([awsException('validationException', 'Input is too long for requested model.')]));
    await expect(openai.chat.completions.create({ model: NOVA, messages: hello, stream: true })).rejects.toMatchObject({
      status: 400,
      code: 'context_length_exceeded',
    });
  });

  const half = converseFrames(converseAnswer([text('Half an answer')]), { end: false });
  const damaged = Buffer.from(half[1]!);
  damaged[damaged.length - 6]! ^= 0x01;

  it.each([
    ['an exception', [...half, awsException('modelStreamErrorException', 'Oops')], 'end'],
    ['a damaged frame', [...half, damaged], 'end'],
    ['half a frame', [...half, damaged.subarray(0, 20)], 'end'],
    ['no end', half, 'end'],
    ['a cut connection', half, 'cut'],
  ] as const)(
    'trap 25: %s in the middle of a stream is the last frame, costs nothing, and no end mark follows',
    async (_name, frames, then) => {
      upstream.answers(answerAws(frames, then));
      const response = await lazu.post('/v1/chat/completions', { model: CLAUDE, messages: hello, stream: true });
      const body = await response.text();
      expect(body).toContain('Half an');
      expect(body).not.toContain('[DONE]');
      expect(JSON.parse(body.trim().split('\n\n').at(-1)!.slice('data: '.length)).error.code).toBe('upstream_error');
      const record = await lazu.record(response.headers.get('x-lazu-request-id'));
      expect(record).toMatchObject({ status: 'failed', billing: { charge_micro_usd: 0 } });
    },
  );
});

describe('channels of Bedrock', () => {
  it('are checked when they are saved', async () => {
    const { region: _, ...rest } = keys;
    const body = { name: 'x', provider: 'bedrock', lane: 'direct', credential: rest, models: [] };
    await expect(lazu.admin('POST', '/api/admin/channels', body)).rejects.toThrow('credential.region');
  });
});
