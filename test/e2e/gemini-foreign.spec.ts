import {
  FunctionCallingConfigMode,
  GoogleGenAI,
  type GenerateContentResponse,
  MediaResolution,
  ThinkingLevel,
} from '@google/genai';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { anthropicUsage, errorFrame, message, messageFrames, text } from '../support/fake-anthropic.js';
import {
  answerJson,
  answerStream,
  chatAnswer,
  chatChunk,
  chatFrames,
  FakeUpstream,
  usage,
} from '../support/fake-upstream.js';

const CLAUDE = 'claude-sonnet-4-5';
const GPT = 'gpt-4o-mini';
const thought = { type: 'thinking', thinking: 'Let me see.', signature: 'c2lnbmF0dXJl' };
const toolUse = (id: string, city: string) => ({ type: 'tool_use', id, name: 'weather', input: { city } });
const tools = [
  {
    functionDeclarations: [
      {
        name: 'weather',
        description: 'The weather',
        parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } } },
      },
    ],
  },
];

let lazu: TestLazu;
let google: GoogleGenAI;
let anthropic: FakeUpstream;
let openai: FakeUpstream;

beforeAll(async () => {
  [anthropic, openai] = await Promise.all([FakeUpstream.start(), FakeUpstream.start()]);
  lazu = await bootLazu({
    ...{ ANTHROPIC_API_KEY: 'sk-ant-upstream', ANTHROPIC_BASE_URL: anthropic.url, MAX_ATTEMPTS: '1' },
    ...{ OPENAI_API_KEY: 'sk-upstream', OPENAI_BASE_URL: `${openai.url}/v1` },
  });
  google = new GoogleGenAI({ apiKey: lazu.apiKey, httpOptions: { baseUrl: lazu.url } });
});
afterAll(async () => {
  await lazu.close();
  await anthropic.stop();
  await openai.stop();
});

const recordOf = (response: { headers: Headers }) => lazu.record(response.headers.get('x-lazu-request-id'));
const dimensionsOf = (record: any): Record<string, number> =>
  Object.fromEntries(record.usage.dimensions.map(({ name, quantity }: any) => [name, quantity]));
const chunksOf = async (stream: AsyncIterable<GenerateContentResponse>): Promise<GenerateContentResponse[]> => {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
};
const post = (model: string, method: string, body: object) => lazu.post(`/v1beta/models/${model}:${method}`, body);
const hello = { contents: [{ role: 'user', parts: [{ text: 'Say hello' }] }] };
const partsOf = (answer: any): any[] => answer.candidates[0].content.parts;

describe('Google’s SDK against a model of Anthropic', () => {
  it('asks as Anthropic wants to be asked, and is answered as Gemini answers', async () => {
    anthropic.answers(answerJson(message([text('Hello!')])));
    const answer = await google.models.generateContent({
      model: CLAUDE,
      contents: [
        'What is this?',
        { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } },
        { inlineData: { mimeType: 'application/pdf', data: 'JVBERi0=' } },
      ],
      config: {
        systemInstruction: 'Be brief.',
        maxOutputTokens: 100,
        temperature: 0.5,
        topK: 40,
        mediaResolution: MediaResolution.MEDIA_RESOLUTION_LOW,
        stopSequences: ['END'],
      },
    });
    expect(anthropic.last.headers).toMatchObject({ 'x-api-key': 'sk-ant-upstream' });
    expect(anthropic.last.headers).not.toHaveProperty('x-goog-api-key');
    expect(anthropic.last.body).toEqual({
      model: 'claude-sonnet-4-5-20250929',
      max_tokens: 100,
      system: [text('Be brief.')],
      messages: [
        {
          role: 'user',
          content: [
            text('What is this?'),
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
            { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' } },
          ],
        },
      ],
      temperature: 0.5,
      stop_sequences: ['END'],
      top_k: 40,
    });
    expect(answer.text).toBe('Hello!');
    expect(answer).toMatchObject({
      modelVersion: CLAUDE,
      responseId: 'msg_fake',
      candidates: [{ finishReason: 'STOP', index: 0, content: { role: 'model' } }],
      usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 },
    });
    const headers = answer.sdkHttpResponse!.headers!;
    expect(headers['x-lazu-dropped-params']).toBe('generationConfig.mediaResolution');
  });

  it('traps 4, 5: streams the same as it answers whole, and is metered the same', async () => {
    const spent = anthropicUsage(10, 25, { cache_read_input_tokens: 100, cache_creation_input_tokens: 50 });
    const whole = message([thought, text('Hello there!')], { usage: spent });
    anthropic.answers(answerJson(whole), answerStream(messageFrames(whole)), answerStream(messageFrames(whole)));
    const first = await post(CLAUDE, 'generateContent', hello);
    const second = await post(CLAUDE, 'streamGenerateContent?alt=sse', hello);
    const array = await post(CLAUDE, 'streamGenerateContent', hello);
    const answer = await first.json();
    const frames = (await second.text()).split('\n\n').filter(Boolean);
    const chunks = frames.map(frame => JSON.parse(frame.replace('data: ', '')));
    expect(await array.json()).toEqual(chunks);
    expect(
      chunks
        .flatMap(partsOf)
        .map(part => part.text)
        .join(''),
    ).toBe('Hello there!');
    expect(partsOf(answer).map(part => part.text)).toEqual(['Hello there!', '']);
    expect(chunks.at(-1).usageMetadata).toEqual(answer.usageMetadata);
    expect(answer.usageMetadata).toMatchObject({
      promptTokenCount: 160,
      cachedContentTokenCount: 100,
      totalTokenCount: 185,
    });
    const records = [await recordOf(first), await recordOf(second)];
    for (const record of records)
      expect(dimensionsOf(record)).toEqual({ input: 10, cache_read: 100, cache_write_5m: 50, output: 25 });
    expect(records[0].billing.charge_micro_usd).toBe(records[1].billing.charge_micro_usd);
  });

  it('trap 31: thinks through three turns of tools, its signed thoughts coming home by the SDK’s own history', async () => {
    const turn = message([thought, text('I look.'), toolUse('toolu_1', 'Bern'), toolUse('toolu_2', 'Rome')], {
      stop_reason: 'tool_use',
    });
    anthropic.answers(
      answerStream(messageFrames(turn)),
      answerStream(messageFrames(message([thought, text('Sunny.')]))),
      answerJson(message([text('You are welcome.')])),
    );
    const thinkingConfig = { thinkingBudget: 2_048, includeThoughts: true };
    const chat = google.chats.create({ model: CLAUDE, config: { tools, thinkingConfig, maxOutputTokens: 10_000 } });
    const chunks = await chunksOf(await chat.sendMessageStream({ message: 'Weather?' }));
    expect(anthropic.last.body.thinking).toMatchObject({ type: 'enabled' });
    expect(
      chunks
        .flatMap(partsOf)
        .filter(part => part.thought)
        .map(part => part.text)
        .join(''),
    ).toBe('Let me see.');
    const calls = chunks.flatMap(chunk => chunk.functionCalls ?? []);
    expect(calls).toEqual([
      { id: 'toolu_1', name: 'weather', args: { city: 'Bern' } },
      { id: 'toolu_2', name: 'weather', args: { city: 'Rome' } },
    ]);
    const results = calls.map(({ id, name }) => ({ functionResponse: { id, name, response: { output: 'sun' } } }));
    await chunksOf(await chat.sendMessageStream({ message: results }));
    const result = (id: string) => ({ type: 'tool_result', tool_use_id: id, content: [text('sun')] });
    expect(anthropic.last.body.messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: [thought, text('I look.'), toolUse('toolu_1', 'Bern'), toolUse('toolu_2', 'Rome')],
      },
      { role: 'user', content: [result('toolu_1'), result('toolu_2')] },
    ]);
    expect((await chat.sendMessage({ message: 'Thanks' })).text).toBe('You are welcome.');
    expect(anthropic.last.body.messages[3].content[0]).toEqual(thought);
  });

  it('holds to a JSON schema', async () => {
    anthropic.answers(answerJson(message([text('{"age":7}')])));
    const responseSchema = { type: 'OBJECT', properties: { age: { type: 'INTEGER' } }, required: ['age'] };
    const response = await post(CLAUDE, 'generateContent', {
      ...hello,
      generationConfig: { responseMimeType: 'application/json', responseSchema },
    });
    expect(response.status).toBe(200);
    expect(anthropic.last.body.output_config.format).toEqual({
      type: 'json_schema',
      schema: {
        type: 'object',
        properties: { age: { type: 'integer' } },
        required: ['age'],
        additionalProperties: false,
      },
    });
  });

  it('refuses by name what Anthropic has not, and what Google keeps', async () => {
    for (const [body, param] of [
      [{ ...hello, tools: [{ googleSearch: {} }] }, undefined],
      [{ ...hello, tools: [{ codeExecution: {} }] }, 'tools.0.codeExecution'],
      [{ ...hello, generationConfig: { responseLogprobs: true } }, 'generationConfig.responseLogprobs'],
      [{ ...hello, cachedContent: 'cachedContents/1' }, 'cachedContent'],
    ] as const) {
      anthropic.answers(answerJson(message([text('Hi')])));
      const response = await post(CLAUDE, 'generateContent', body);
      const { error } = await response.json();
      expect(response.status).toBeGreaterThanOrEqual(400);
      if (param !== undefined)
        expect(error.details[0].metadata).toMatchObject({ code: 'unsupported_parameter', param });
      expect(anthropic.seen).toEqual([]);
    }
  });

  it('ends a broken stream with an error that the SDK throws, what came before it first', async () => {
    const frames = messageFrames(message([text('Hello there!')]), { end: false });
    anthropic.answers(
      answerStream([...frames, errorFrame('overloaded_error', 'Busy')]),
      answerStream(frames, { then: 'cut' }),
    );
    for (const code of ['upstream_unavailable', 'upstream_error']) {
      const seen: string[] = [];
      const stream = await google.models.generateContentStream({ model: CLAUDE, contents: 'x' });
      const reading = (async () => {
        for await (const chunk of stream) seen.push(chunk.text ?? '');
      })();
      await expect(reading).rejects.toThrow(code);
      expect(seen.join('')).toBe('Hello there!');
    }
  });

  it('estimates tokens, and says so', async () => {
    const response = await post(CLAUDE, 'countTokens', hello);
    expect(response.headers.get('x-lazu-estimated')).toBe('true');
    const { totalTokens } = await response.json();
    expect(totalTokens).toBeGreaterThan(0);
    expect(await recordOf(response)).toMatchObject({ billing: { charge_micro_usd: 0 } });
  });
});

describe('Google’s SDK against a model of OpenAI', () => {
  it('streams text, and calls come whole', async () => {
    const call = (index: number, id?: string, more = '') => ({
      tool_calls: [
        { index, ...(id && { id, type: 'function' }), function: { ...(id && { name: 'weather' }), arguments: more } },
      ],
    });
    const deltas = [
      { role: 'assistant', content: 'I look.' },
      call(0, 'c1'),
      call(0, undefined, '{"city":'),
      call(0, undefined, '"Bern"}'),
      call(1, 'c2', '{}'),
    ];
    const chunks = [
      ...deltas.map(delta => chatChunk(delta)),
      chatChunk({}, {}, 'tool_calls'),
      { ...chatChunk({}), choices: [], usage: usage(10, 5) },
    ];
    openai.answers(answerStream([...chunks.map(chunk => `data: ${JSON.stringify(chunk)}\n\n`), 'data: [DONE]\n\n']));
    const config = { tools, toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY } } };
    const seen = await chunksOf(
      await google.models.generateContentStream({ model: GPT, contents: 'Weather?', config }),
    );
    expect(openai.last.body).toMatchObject({
      tool_choice: 'required',
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(seen.flatMap(partsOf).map(part => part.functionCall ?? part.text)).toEqual([
      'I look.',
      { id: 'c1', name: 'weather', args: { city: 'Bern' } },
      { id: 'c2', name: 'weather', args: {} },
      '',
    ]);
    expect(seen.at(-1)!.usageMetadata!.totalTokenCount).toBe(15);
  });

  it('carries images, effort and choice of tools over, and a result without ids', async () => {
    openai.answers(answerJson(chatAnswer('Sunny.')));
    await post('gpt-5-mini', 'generateContent', {
      contents: [
        { role: 'user', parts: [{ inline_data: { mime_type: 'image/png', data: 'AAAA' } }, { text: 'Where?' }] },
        { role: 'model', parts: [{ functionCall: { name: 'weather', args: { city: 'Bern' } } }] },
        { role: 'user', parts: [{ functionResponse: { name: 'weather', response: { output: 'sun' } } }] },
      ],
      tools,
      generationConfig: { thinkingConfig: { thinkingLevel: ThinkingLevel.LOW } },
    });
    expect(openai.last.path).toBe('/v1/responses'); // as this model is best spoken to
    const { input, reasoning } = openai.last.body;
    expect(reasoning.effort).toBe('low');
    expect(JSON.stringify(input[0])).toContain('data:image/png;base64,AAAA');
    expect(input[1]).toMatchObject({ type: 'function_call', name: 'weather', arguments: '{"city":"Bern"}' });
    expect(input[2]).toMatchObject({ type: 'function_call_output', call_id: input[1].call_id, output: 'sun' });
  });

  it('answers with several candidates, whole and streamed, and charges for all', async () => {
    openai.answers(answerJson(chatAnswer('Hello!')));
    const body = { ...hello, generationConfig: { candidateCount: 2 } };
    const whole = await post(GPT, 'generateContent', body);
    const answer = await whole.json();
    expect(answer.candidates.map((one: any) => [one.index, one.content.parts[0].text])).toEqual([
      [0, 'Hello!'],
      [1, 'Hello!'],
    ]);
    const calls = openai.seen.length;
    openai.answers(answerStream(chatFrames(['Hel', 'lo!'], { usage: usage(10, 5) })));
    const streamed = await post(GPT, 'streamGenerateContent', body);
    const chunks = await streamed.json();
    for (const index of [0, 1]) {
      const own = chunks.flatMap((chunk: any) => chunk.candidates ?? []).filter((one: any) => one.index === index);
      expect(
        own
          .flatMap((one: any) => one.content.parts)
          .map((part: any) => part.text)
          .join(''),
      ).toBe('Hello!');
      expect(own.at(-1).finishReason).toBe('STOP');
    }
    expect(chunks.at(-1).usageMetadata.totalTokenCount).toBe(answer.usageMetadata.totalTokenCount);
    const records = [await recordOf(whole), await recordOf(streamed)];
    expect(dimensionsOf(records[0])).toEqual(dimensionsOf(records[1]));
    expect([calls, openai.seen.length]).toEqual([2, 2]);
  });
});

describe('money', () => {
  it('is held for a request in Google’s dialect as for any other, and quotas end it in Google’s words', async () => {
    const { id } = (await lazu.admin('GET', '/api/admin/accounts')).data[0];
    const { key } = await lazu.admin('POST', `/api/admin/accounts/${id}/keys`, {
      name: 'poor',
      quota_micro_usd: 1_000,
    });
    const body = { ...hello, generationConfig: { maxOutputTokens: 50_000 } };
    const response = await lazu.post(`/v1beta/models/${GPT}:generateContent`, body, { authorization: `Bearer ${key}` });
    expect(response.status).toBe(403);
    expect((await response.json()).error).toMatchObject({
      status: 'PERMISSION_DENIED',
      details: [{ metadata: { code: 'insufficient_quota', param: 'key_quota' } }],
    });
  });
});
