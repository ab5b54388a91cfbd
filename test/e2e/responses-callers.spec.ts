import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI, type Content } from '@google/genai';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { calls, response, responseFrames, says, thinks } from '../support/fake-responses.js';
import { answerJson, answerStream, FakeUpstream } from '../support/fake-upstream.js';

/** A model that has chat too: callers of other protocols reach it by Responses, as it reasons. */
const MODEL = 'gpt-5.6-terra';
const schema = { type: 'object' as const, properties: { city: { type: 'string' } } };

let lazu: TestLazu;
let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  lazu = await bootLazu({ OPENAI_API_KEY: 'sk-upstream', OPENAI_BASE_URL: `${upstream.url}/v1`, MAX_ATTEMPTS: '1' });
});
afterAll(async () => {
  await lazu.close();
  await upstream.stop();
});

const asks = response([
  thinks('rs_1', 'Two of them.'),
  says('I look.', { phase: 'commentary' }),
  calls('call_1', 'weather', { city: 'Rome' }),
  calls('call_2', 'weather', { city: 'Oslo' }),
]);
const done = response([says('All fine.')]);
const script = (said: any, streamed: boolean) => (streamed ? answerStream(responseFrames(said)) : answerJson(said));

/** One turn of each SDK: what it heard, and what it says next, is its own affair. */
interface Caller {
  /** @returns the text, the thoughts and the names of the tools that were called */
  turn(streamed: boolean): Promise<{ text: string; thoughts: string; called: string[] }>;
  results(): void;
}

function anthropicCaller(): Caller {
  const client = new Anthropic({ apiKey: lazu.apiKey, baseURL: lazu.url, maxRetries: 0 });
  const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'Rome and Oslo?' }];
  return {
    async turn(streamed) {
      const request = { model: MODEL, max_tokens: 4_000, messages, tools: [{ name: 'weather', input_schema: schema }] };
      const answer = streamed
        ? await client.messages.stream(request).finalMessage()
        : await client.messages.create(request);
      messages.push({ role: 'assistant', content: answer.content });
      const of = (type: string) => answer.content.filter(block => block.type === type) as any[];
      return {
        text: of('text')
          .map(({ text }) => text)
          .join(''),
        thoughts: of('thinking')
          .map(({ thinking }) => thinking)
          .join(''),
        called: of('tool_use').map(({ name }) => name as string),
      };
    },
    results() {
      const last = messages.at(-1)!.content as Anthropic.ContentBlock[];
      const ids = last.flatMap(block => (block.type === 'tool_use' ? [block.id] : []));
      messages.push({
        role: 'user',
        content: ids.map(id => ({ type: 'tool_result', tool_use_id: id, content: 'Sun' })),
      });
    },
  };
}

function geminiCaller(): Caller {
  const client = new GoogleGenAI({ apiKey: lazu.apiKey, httpOptions: { baseUrl: lazu.url } });
  const contents: Content[] = [{ role: 'user', parts: [{ text: 'Rome and Oslo?' }] }];
  const config = {
    tools: [{ functionDeclarations: [{ name: 'weather', parametersJsonSchema: schema }] }],
    thinkingConfig: { includeThoughts: true },
  };
  return {
    async turn(streamed) {
      const request = { model: MODEL, contents, config };
      const parts: any[] = [];
      if (!streamed) parts.push(...(await client.models.generateContent(request)).candidates![0]!.content!.parts!);
      else
        for await (const chunk of await client.models.generateContentStream(request))
          parts.push(...(chunk.candidates?.[0]?.content?.parts ?? []));
      contents.push({ role: 'model', parts });
      const textOf = (thought: boolean) =>
        parts
          .filter(part => part.text !== undefined && (part.thought ?? false) === thought)
          .map(part => part.text as string)
          .join('');
      const called = parts.flatMap(part => (part.functionCall ? [part.functionCall.name as string] : []));
      return { text: textOf(false), thoughts: textOf(true), called };
    },
    results() {
      const made = contents.at(-1)!.parts!.flatMap(({ functionCall }) => (functionCall ? [functionCall] : []));
      const parts = made.map(({ id, name }) => ({
        functionResponse: { ...(id && { id }), name: name!, response: { output: 'Sun' } },
      }));
      contents.push({ role: 'user', parts });
    },
  };
}

describe.each([
  ['Anthropic', anthropicCaller],
  ['Google', geminiCaller],
] as const)("%s's SDK in a loop of tools with a model of OpenAI that reasons", (_name, caller) => {
  it.each([true, false])('sees what it thought, and brings its thoughts home, streamed: %s', async streamed => {
    const { turn, results } = caller();
    upstream.answers(script(asks, streamed));
    expect(await turn(streamed)).toEqual({
      text: 'I look.',
      thoughts: 'Two of them.',
      called: ['weather', 'weather'],
    });
    expect(upstream.last.path).toBe('/v1/responses');
    expect(upstream.last.body).toMatchObject({
      reasoning: { summary: 'auto' },
      include: ['reasoning.encrypted_content'],
      store: false,
    });
    results();
    upstream.answers(script(done, streamed));
    expect((await turn(streamed)).text).toBe('All fine.');
    const [, ...items] = upstream.last.body.input;
    const called = (city: string) => ({ type: 'function_call', name: 'weather', arguments: JSON.stringify({ city }) });
    expect(items).toMatchObject([
      thinks('rs_1', 'Two of them.'),
      { type: 'message', role: 'assistant', content: 'I look.', phase: 'commentary' },
      called('Rome'),
      called('Oslo'),
      { type: 'function_call_output' },
      { type: 'function_call_output' },
    ]);
    expect(items[4].call_id).toBe(items[2].call_id);
    expect(items[5].call_id).toBe(items[3].call_id);
  });
});
