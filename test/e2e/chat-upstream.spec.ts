import { type FunctionDeclaration, GoogleGenAI, Type } from '@google/genai';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { answerJson, answerStream, chatAnswer, chatChunk, FakeUpstream, usage } from '../support/fake-upstream.js';

const weather: FunctionDeclaration = {
  name: 'weather',
  description: 'The weather',
  parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING } } },
};
const call = (index: number, id: string, piece: object) => ({
  index,
  ...(id && { id, type: 'function' }),
  function: piece,
});
const frames = (...chunks: object[]) => [
  ...chunks.map(chunk => `data: ${JSON.stringify(chunk)}\n\n`),
  'data: [DONE]\n\n',
];

let lazu: TestLazu;
let upstream: FakeUpstream;
let genai: GoogleGenAI;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  const names = ['DEEPSEEK', 'MISTRAL', 'PERPLEXITY'];
  const environment = names.flatMap(name => [
    [`${name}_API_KEY`, 'sk-upstream'],
    [`${name}_BASE_URL`, upstream.url],
  ]);
  lazu = await bootLazu({ ...Object.fromEntries(environment), MAX_ATTEMPTS: '1' });
  genai = new GoogleGenAI({ apiKey: lazu.apiKey, httpOptions: { baseUrl: lazu.url } });
});
afterAll(async () => {
  await lazu.close();
  await upstream.stop();
});

const recordOf = (response: { sdkHttpResponse?: { headers?: Record<string, string> } }) =>
  lazu.record(response.sdkHttpResponse?.headers?.['x-lazu-request-id'] ?? null);

describe('a caller of Gemini against a provider that speaks OpenAI chat', () => {
  it('is asked as chat, with the provider’s own names, and usage in its own reading', async () => {
    const details = { prompt_cache_hit_tokens: 4, prompt_cache_miss_tokens: 6 };
    upstream.answers(answerJson(chatAnswer('Hello!', { usage: usage(10, 5, details) })));
    const answer = await genai.models.generateContent({
      model: 'deepseek-v4-pro',
      contents: 'Say hello',
      config: { systemInstruction: 'Be brief.', maxOutputTokens: 99, stopSequences: ['x'], seed: 7 },
    });
    expect(upstream.last.path).toBe('/chat/completions');
    expect(upstream.last.body).toEqual({
      model: 'deepseek-v4-pro',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Say hello' },
      ],
      max_tokens: 99,
      stop: ['x'],
    });
    expect(answer.text).toBe('Hello!');
    expect(answer.usageMetadata).toMatchObject({
      promptTokenCount: 10,
      cachedContentTokenCount: 4,
      candidatesTokenCount: 5,
    });
    expect(answer.sdkHttpResponse?.headers?.['x-lazu-dropped-params']).toContain('seed');
    expect((await recordOf(answer)).usage.dimensions).toEqual(
      expect.arrayContaining([
        { name: 'input', quantity: 6 },
        { name: 'cache_read', quantity: 4 },
        { name: 'output', quantity: 5 },
      ]),
    );
  });

  it('streams reasoning, text and parallel calls that interleave, and asks for usage', async () => {
    upstream.answers(
      answerStream(
        frames(
          chatChunk({ role: 'assistant', content: '', reasoning_content: 'Hm.' }),
          chatChunk({ content: 'Two.' }),
          chatChunk({ tool_calls: [call(0, 'a', { name: 'weather', arguments: '{"city":' })] }),
          chatChunk({ tool_calls: [call(1, 'b', { name: 'weather', arguments: '{"city":"B"' })] }),
          chatChunk({ tool_calls: [call(0, '', { arguments: '"A"}' })] }),
          chatChunk({ tool_calls: [call(1, '', { arguments: '}' })] }),
          chatChunk({}, {}, 'tool_calls'),
          { ...chatChunk({}), choices: [], usage: usage(10, 5) },
        ),
      ),
    );
    const stream = await genai.models.generateContentStream({
      model: 'deepseek-v4-pro',
      contents: 'Weather in A and B?',
      config: { tools: [{ functionDeclarations: [weather] }], thinkingConfig: { includeThoughts: true } },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const parts = chunks.flatMap(chunk => chunk.candidates?.[0]?.content?.parts ?? []);
    expect(
      parts
        .filter(part => part.thought)
        .map(part => part.text)
        .join(''),
    ).toBe('Hm.');
    expect(
      parts
        .filter(part => !part.thought)
        .map(part => part.text ?? '')
        .join(''),
    ).toBe('Two.');
    expect(parts.flatMap(part => part.functionCall ?? []).map(({ name, args }) => [name, args])).toEqual([
      ['weather', { city: 'A' }],
      ['weather', { city: 'B' }],
    ]);
    expect(chunks.at(-1)?.usageMetadata).toMatchObject({ promptTokenCount: 10, candidatesTokenCount: 5 });
    expect(upstream.last.body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
    expect(upstream.last.body.tools[0].function).toMatchObject({ name: 'weather', description: 'The weather' });
  });

  it('is told what a provider refuses in its own words', async () => {
    const asked = genai.models.generateContent({
      model: 'sonar',
      contents: 'Hi',
      config: { responseLogprobs: true, logprobs: 2 },
    });
    await expect(asked).rejects.toMatchObject({ status: 400 });
    await expect(asked).rejects.toThrow(/responseLogprobs|logprobs/);
  });

  it('reads thinking parts', async () => {
    const content = [
      { type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] },
      { type: 'text', text: 'Yes.' },
    ];
    upstream.answers(
      answerJson(
        chatAnswer('', { choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }] }),
      ),
    );
    const answer = await genai.models.generateContent({
      model: 'mistral-large-latest',
      contents: 'Hi',
      config: { thinkingConfig: { includeThoughts: true } },
    });
    expect(answer.text).toBe('Yes.');
    expect(answer.candidates?.[0]?.content?.parts?.find(part => part.thought)?.text).toBe('Hm.');
  });

  it('tells and charges reasoning that a provider counts beside the completion', async () => {
    upstream.answers(answerJson(chatAnswer('Hi', { usage: usage(10, 5, { reasoning_tokens: 20 }) })));
    const answer = await genai.models.generateContent({ model: 'sonar', contents: 'Hi' });
    const { candidatesTokenCount = 0, thoughtsTokenCount = 0, totalTokenCount } = answer.usageMetadata ?? {};
    expect([candidatesTokenCount + thoughtsTokenCount, totalTokenCount]).toEqual([25, 35]);
    expect((await recordOf(answer)).usage.dimensions).toContainEqual({ name: 'output', quantity: 25 });
  });

  it('an answer that is cut is an error, not an end', async () => {
    upstream.answers(answerStream([`data: ${JSON.stringify(chatChunk({ content: 'Half' }))}\n\n`]));
    const stream = await genai.models.generateContentStream({ model: 'deepseek-v4-pro', contents: 'Hi' });
    const read = async () => {
      for await (const _chunk of stream);
    };
    await expect(read()).rejects.toThrow();
  });
});
