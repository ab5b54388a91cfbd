import { jest } from '@jest/globals';
import OpenAI, { APIError, BadRequestError } from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { GuardedFetch } from '../../src/egress/guarded-fetch.js';
import { bootLazu, type TestLazu } from '../support/boot.js';
import {
  content,
  contentFrames,
  functionCall,
  geminiError,
  geminiErrorFrame,
  geminiUsage,
  said,
} from '../support/fake-gemini.js';
import { answerJson, answerStream, FakeUpstream } from '../support/fake-upstream.js';

const MODEL = 'gemini-3-flash-preview';
const hello = [{ role: 'user' as const, content: 'Say hello' }];
const weather = {
  type: 'function' as const,
  function: {
    name: 'weather',
    description: 'The weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
};
const thought = said('Let me see.', { thought: true });
const signed = { thoughtSignature: 'c2lnbmF0dXJl' };

let lazu: TestLazu;
let openai: OpenAI;
let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  lazu = await bootLazu({ GEMINI_API_KEY: 'AIza-upstream', GOOGLE_GEMINI_BASE_URL: upstream.url, MAX_ATTEMPTS: '1' });
  openai = lazu.openai;
});
afterAll(async () => {
  await lazu.close();
  await upstream.stop();
});

const recordOf = async (response: Response) => lazu.record(response.headers.get('x-lazu-request-id'));
const dimensionsOf = (record: any): Record<string, number> =>
  Object.fromEntries(record.usage.dimensions.map(({ name, quantity }: any) => [name, quantity]));

describe('the official OpenAI SDK against a model of Google', () => {
  it('is listed, and asked as Gemini wants to be asked', async () => {
    upstream.answers(answerJson(content([said('Hello!')])));
    const answer = await openai.chat.completions.create({
      model: MODEL,
      messages: [{ role: 'system', content: 'Be brief.' }, ...hello],
      max_tokens: 100,
      temperature: 0.5,
    });
    expect((await openai.models.list()).data.map(({ id }) => id)).toContain(MODEL);
    expect(upstream.last.path).toBe(`/v1beta/models/${MODEL}:generateContent`);
    expect(upstream.last.headers).toMatchObject({ 'x-goog-api-key': 'AIza-upstream' });
    expect(upstream.last.headers).not.toHaveProperty('authorization');
    expect(upstream.last.body).toEqual({
      systemInstruction: { parts: [said('Be brief.')] },
      contents: [{ role: 'user', parts: [said('Say hello')] }],
      generationConfig: { maxOutputTokens: 100, temperature: 0.5 },
    });
    expect(answer).toMatchObject({ object: 'chat.completion', model: MODEL });
    expect(answer.choices[0]).toMatchObject({
      message: { role: 'assistant', content: 'Hello!' },
      finish_reason: 'stop',
    });
    expect(answer.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 });
  });

  it('trap 4, 5: streams the same as it answers whole, and cached tokens cost the same, once', async () => {
    const usageMetadata = geminiUsage(9_622, 35, {
      cachedContentTokenCount: 9_609,
      thoughtsTokenCount: 136,
      totalTokenCount: 9_793,
    });
    const whole = content([thought, said('Hello there!', signed)], { usageMetadata });
    upstream.answers(answerJson(whole), answerStream(contentFrames(whole)));
    const atOnce = await openai.chat.completions.create({ model: MODEL, messages: hello }).withResponse();
    const request = { model: MODEL, messages: hello, stream: true as const, stream_options: { include_usage: true } };
    const { data: chunks, response } = await openai.chat.completions.create(request).withResponse();
    const streamed = { content: '', reasoning: '', sealed: '', usage: undefined as unknown };
    for await (const chunk of chunks) {
      const delta = (chunk.choices[0]?.delta ?? {}) as any;
      streamed.content += delta.content ?? '';
      streamed.reasoning += delta.reasoning_content ?? '';
      streamed.sealed += delta.lazu_sealed ?? '';
      streamed.usage = chunk.usage ?? streamed.usage;
    }
    expect(upstream.last.path).toBe(`/v1beta/models/${MODEL}:streamGenerateContent?alt=sse`);
    const message = atOnce.data.choices[0]!.message as any;
    expect([message.content, message.reasoning_content]).toEqual(['Hello there!', 'Let me see.']);
    expect(streamed).toEqual({
      content: message.content,
      reasoning: message.reasoning_content,
      sealed: message.lazu_sealed,
      usage: atOnce.data.usage,
    });
    expect(atOnce.data.usage).toMatchObject({
      prompt_tokens: 9_622,
      completion_tokens: 171,
      prompt_tokens_details: { cached_tokens: 9_609 },
      completion_tokens_details: { reasoning_tokens: 136 },
    });
    const records = await Promise.all([recordOf(atOnce.response), recordOf(response)]);
    for (const record of records) {
      expect(record).toMatchObject({
        status: 'completed',
        usage_source: 'provider',
        resolved_model: whole.modelVersion,
      });
      expect(dimensionsOf(record)).toEqual({ input: 13, cache_read: 9_609, output: 171 });
      // 13 × $0.50, 9,609 × $0.05 and 171 × $3 per million, not 9,622 × $0.50 on top of it.
      expect(record.billing.charge_micro_usd).toBe(1_000);
    }
  });

  it.each([true, false])('trap 32: tools over three turns, signatures on their calls, streamed: %s', async streamed => {
    const asks = content([
      thought,
      said('I look.'),
      functionCall('call_1', 'Rome', signed),
      functionCall('call_2', 'Oslo'),
    ]);
    const again = content([functionCall('call_3', 'Bern', { thoughtSignature: 'c2Vjb25k' })]);
    const script = (whole: typeof asks) => (streamed ? answerStream(contentFrames(whole)) : answerJson(whole));
    const scripts = [script(asks), script(again), script(content([said('All fine.')]))];
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
      { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } },
      { id: 'call_2', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
    ]);
    messages.push({ role: 'tool', tool_call_id: 'call_2', content: 'Snow' });
    messages.push({ role: 'tool', tool_call_id: 'call_1', content: 'Sun' });
    await next();
    messages.push({ role: 'tool', tool_call_id: 'call_3', content: 'Fog' });
    expect((await next()).message.content).toBe('All fine.');
    const answered = (id: string, output: string) => ({
      functionResponse: { id, name: 'weather', response: { output } },
    });
    expect(bodies[2].contents).toEqual([
      { role: 'user', parts: [said('Rome and Oslo?')] },
      {
        role: 'model',
        parts: [said('I look.'), functionCall('call_1', 'Rome', signed), functionCall('call_2', 'Oslo')],
      },
      { role: 'user', parts: [answered('call_1', 'Sun'), answered('call_2', 'Snow')] },
      { role: 'model', parts: [functionCall('call_3', 'Bern', { thoughtSignature: 'c2Vjb25k' })] },
      { role: 'user', parts: [answered('call_3', 'Fog')] },
    ]);
    expect(bodies[0].tools).toEqual([
      {
        functionDeclarations: [
          { name: 'weather', description: 'The weather', parametersJsonSchema: weather.function.parameters },
        ],
      },
    ]);
    expect(bodies[0].generationConfig).toEqual({
      thinkingConfig: { thinkingLevel: 'LOW', includeThoughts: true },
    });
  });

  it('trap 32: a call of another vendor is signed with the dummy that Google documents', async () => {
    upstream.answers(answerJson(content([said('Fine.')])));
    const call = {
      id: 'toolu_1',
      type: 'function' as const,
      function: { name: 'weather', arguments: '{"city":"Rome"}' },
    };
    await openai.chat.completions.create({
      model: MODEL,
      tools: [weather],
      messages: [
        ...hello,
        { role: 'assistant', tool_calls: [call] },
        { role: 'tool', tool_call_id: 'toolu_1', content: 'Sun' },
      ],
    });
    expect(upstream.last.body.contents[1].parts).toEqual([
      functionCall('toolu_1', 'Rome', { thoughtSignature: 'skip_thought_signature_validator' }),
    ]);
  });

  it('takes an image, a file and a schema, and older models think in tokens', async () => {
    upstream.answers(answerJson(content([said('{"city":"Rome"}')])));
    const answer = await openai.chat.completions.parse({
      model: 'gemini-2.5-flash',
      reasoning_effort: 'medium',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Which city?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
            { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
          ],
        },
      ],
      response_format: zodResponseFormat(z.object({ city: z.string() }), 'answer'),
    });
    expect(answer.choices[0]!.message.parsed).toEqual({ city: 'Rome' });
    expect(upstream.last.body.contents[0].parts.slice(1)).toEqual([
      { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } },
      { inlineData: { mimeType: 'application/pdf', data: 'JVBERi0=' } },
    ]);
    expect(upstream.last.body.generationConfig).toEqual({
      responseMimeType: 'application/json',
      responseJsonSchema: {
        type: 'object',
        properties: { city: { type: 'string' } },
        required: ['city'],
        additionalProperties: false,
      },
      thinkingConfig: { thinkingBudget: 8_192, includeThoughts: true },
    });
  });

  it('gets an image by URL as bytes, fetched by Lazu', async () => {
    upstream.answers(answerJson(content([said('A pixel.')])));
    const guarded = lazu.app.get(GuardedFetch, { strict: false });
    const fetched = jest
      .spyOn(guarded, 'fetchPart')
      .mockResolvedValue({ mediaType: 'image/jpeg', bytes: Buffer.from('pixel') });
    const image_url = { url: 'https://example.com/a.jpg' };
    const messages = [{ role: 'user' as const, content: [{ type: 'image_url' as const, image_url }] }];
    await openai.chat.completions.create({ model: MODEL, messages });
    expect(fetched.mock.calls[0]![0]).toMatchObject({ ...image_url, param: 'messages.0.content.0', accept: 'image' });
    fetched.mockRestore();
    expect(upstream.last.body.contents[0].parts).toEqual([
      { inlineData: { mimeType: 'image/jpeg', data: Buffer.from('pixel').toString('base64') } },
    ]);
  });

  it('names the hints that go missing, and refuses what would be missed', async () => {
    upstream.answers(answerJson(content([said('Hi!')])));
    const request = { model: 'gemini-4-argon', messages: hello };
    const { response } = await openai.chat.completions
      .create({ ...request, temperature: 1.5, presence_penalty: 1, user: 'ann', reasoning_effort: 'none' })
      .withResponse();
    const dropped = response.headers.get('x-lazu-dropped-params')!.split(', ').sort();
    expect(dropped).toEqual(['presence_penalty', 'reasoning_effort', 'temperature', 'user']);
    expect(upstream.last.body.generationConfig).toEqual({ thinkingConfig: { thinkingLevel: 'LOW' } });
    upstream.answers(answerJson(content([])));
    const schema = { type: 'object', properties: { a: { type: 'string', pattern: '^a' } } };
    const refusals: [object, string][] = [
      [{ logprobs: true }, 'logprobs'],
      [{ logit_bias: { 5: 1 } }, 'logit_bias'],
      [
        { response_format: { type: 'json_schema', json_schema: { name: 'a', strict: true, schema } } },
        'response_format.json_schema.schema',
      ],
    ];
    for (const [field, param] of refusals) {
      const failure = await openai.chat.completions.create({ ...request, ...field }).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(BadRequestError);
      expect(failure).toMatchObject({ code: 'unsupported_parameter', param });
    }
    expect(upstream.seen).toHaveLength(0);
  });
});

describe('what is blocked (ours, from the documentation: no recording shows one)', () => {
  const blocked = {
    promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
    usageMetadata: geminiUsage(10, 0),
    responseId: 'r',
  };

  it.each([true, false])('a prompt, streamed: %s', async stream => {
    upstream.answers(stream ? answerStream([`data: ${JSON.stringify(blocked)}\n\n`]) : answerJson(blocked));
    const request = { model: MODEL, messages: hello };
    const answer = stream
      ? await openai.chat.completions.stream(request).finalChatCompletion()
      : await openai.chat.completions.create(request);
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'content_filter' });
  });

  it('an answer in the middle', async () => {
    upstream.answers(answerStream(contentFrames(content([said('Half of it')], {}, 'SAFETY'))));
    const { data, response } = await openai.chat.completions
      .create({ model: MODEL, messages: hello, stream: true })
      .withResponse();
    const reasons: unknown[] = [];
    for await (const chunk of data) reasons.push(chunk.choices[0]?.finish_reason);
    expect(reasons.at(-1)).toBe('content_filter');
    expect(await recordOf(response)).toMatchObject({ status: 'completed', usage_source: 'provider' });
  });
});

describe('errors of Gemini', () => {
  const ask = () => openai.chat.completions.create({ model: MODEL, messages: hello }, { maxRetries: 0 });
  const retry = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '48s' }];

  it.each([
    [
      400,
      'INVALID_ARGUMENT',
      'The input token count (9) exceeds the maximum number of tokens allowed (8).',
      400,
      'context_length_exceeded',
    ],
    [400, 'INVALID_ARGUMENT', 'Please use a valid role: user, model.', 400, 'invalid_request'],
    [400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', 502, 'upstream_error'],
    [403, 'PERMISSION_DENIED', 'No.', 502, 'upstream_error'],
    [429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota.', 429, 'upstream_rate_limited'],
    [503, 'UNAVAILABLE', 'The model is overloaded.', 503, 'upstream_unavailable'],
  ])('%i %s: %s', async (status, word, message, expected, code) => {
    upstream.answers(answerJson(geminiError(status, word, message, retry), status));
    const failure = (await ask().catch((error: unknown) => error)) as APIError;
    expect([failure.status, failure.code]).toEqual([expected, code]);
    expect(failure.message.includes(message)).toBe(expected === 400);
    if (status === 429) expect(failure.headers!.get('retry-after')).toBe('48');
  });

  it.each([
    ['that is said', [geminiErrorFrame(503, 'UNAVAILABLE', 'Overloaded')], 'upstream_unavailable'],
    ['that is none: the stream breaks off', [], 'upstream_error'],
  ])('trap 25: an error %s is the last frame, costs nothing, and no end mark follows', async (_what, frames, code) => {
    const begun = contentFrames(content([said('Half an answer')]), { end: false });
    upstream.answers(answerStream([...begun, ...frames]));
    const response = await lazu.post('/v1/chat/completions', { model: MODEL, messages: hello, stream: true });
    const body = await response.text();
    expect(body).toContain('Half an');
    expect(body).not.toContain('[DONE]');
    expect(JSON.parse(body.trim().split('\n\n').at(-1)!.slice('data: '.length)).error.code).toBe(code);
    expect(await recordOf(response)).toMatchObject({ status: 'failed', billing: { charge_micro_usd: 0 } });
  });

  it('a call that the model could not write is no answer', async () => {
    upstream.answers(answerJson(content([], {}, 'MALFORMED_FUNCTION_CALL')));
    expect(await ask().catch((error: unknown) => error)).toMatchObject({ status: 502, code: 'upstream_error' });
  });
});
