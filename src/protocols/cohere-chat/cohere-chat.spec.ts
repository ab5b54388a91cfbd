import { LazuError } from '../../errors.js';
import type { AnswerEvent } from '../answer-event.js';
import type { Block, Conversation, Settings, Turn } from '../conversation.js';
import { SETTING_NAMES } from '../openai-chat/read-settings.js';
import type { JsonObject, ModelTraits } from '../protocol.js';
import { cohereChat } from './index.js';

const TRAITS: ModelTraits = { maxOutputTokens: 100, reasoning: 'none', sampling: 'both', efforts: [] };
const path = 'somewhere';
const text = (words: string): Block => ({ type: 'text', text: words, path });
const image = { type: 'image', source: { kind: 'bytes', mediaType: 'image/png', data: 'AAAA' }, path } as const;
const thought: Block = { type: 'reasoning', text: 'A plan.', path: 'thought' };
const call: Block = { type: 'tool-call', id: 'a', name: 'f', input: '{"a":1}', path };
const result = (...content: any[]): Block => ({ type: 'tool-result', callId: 'a', content, path });
const tool = (name: string, more: object = {}) => ({
  ...{ name, description: undefined, schema: { type: 'object', properties: {} }, strict: false },
  ...{ path: 'tools.0.parameters', ...more },
});

function written(
  turns: readonly Turn[],
  more: { settings?: Settings; tools?: Conversation['tools']; traits?: Partial<ModelTraits> } = {},
): { body: any; dropped: readonly string[] } {
  const { settings = {}, tools = [], traits } = more;
  const conversation = { turns, tools, settings, names: SETTING_NAMES, unread: [] };
  return cohereChat.writeRequest(conversation, { model: 'm', stream: false, traits: { ...TRAITS, ...traits } });
}
const hello: Turn = { role: 'user', blocks: [text('Hi')] };
const settled = (settings: Settings, tools: Conversation['tools'] = [], traits: Partial<ModelTraits> = {}) => {
  const { body, dropped } = written([hello], { settings, tools, traits });
  const { model: _model, messages: _messages, stream: _stream, ...fields } = body;
  return { ...fields, dropped };
};

describe('what is written to Cohere', () => {
  it('plans and thoughts go back with the calls they led to, results and their images behind', () => {
    const turns: Turn[] = [
      hello,
      { role: 'assistant', blocks: [thought, call] },
      { role: 'user', blocks: [text('And?'), result(text('one'), image)] },
    ];
    const tool_calls = [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }];
    const { body, dropped } = written(turns);
    expect(dropped).toEqual([]);
    expect(body.messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      { role: 'assistant', tool_plan: 'A plan.', tool_calls },
      { role: 'tool', tool_call_id: 'a', content: 'one' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Image in the result of tool call a:' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          { type: 'text', text: 'And?' },
        ],
      },
    ]);
    const thinking = written(turns, { traits: { reasoning: 'default' } }).body.messages[1];
    expect(thinking).toEqual({ role: 'assistant', content: [{ type: 'thinking', thinking: 'A plan.' }], tool_calls });
  });

  it.each<[Settings, object]>([
    [{ maxOutputTokens: 200 }, { max_tokens: 100, dropped: ['max_tokens'] }],
    [
      { temperature: 1.5, topP: 1 },
      { temperature: 1, p: 0.99, dropped: ['temperature', 'top_p'] },
    ],
    [
      { presencePenalty: -1, frequencyPenalty: 0.5 },
      { presence_penalty: 0, frequency_penalty: 0.5, dropped: ['presence_penalty'] },
    ],
    [
      { stop: ['x'], seed: 7 },
      { stop_sequences: ['x'], seed: 7, dropped: [] },
    ],
    [{ user: 'ann', parallelToolCalls: false }, { dropped: ['parallel_tool_calls', 'user'] }],
    [{ effort: 'high' }, { dropped: ['reasoning_effort'] }],
  ])('%j', (settings, expected) => {
    expect(settled(settings)).toEqual(expected);
  });

  it.each<[Settings, object]>([
    [{ effort: 'none' }, { thinking: { type: 'disabled' } }],
    [{ effort: 'low' }, { thinking: { type: 'enabled', token_budget: 1_024 } }],
    [{ effort: 'high' }, { thinking: { type: 'enabled' } }],
  ])('%j of a model that thinks', (settings, expected) => {
    expect(settled(settings, [], { reasoning: 'default' })).toEqual({ ...expected, dropped: [] });
  });

  it('one tool is forced by offering no other; strictness is one switch for all', () => {
    const tools = [tool('f'), tool('g')];
    const forced = settled({ toolChoice: { mode: 'one', name: 'g' } }, tools);
    expect([forced.tools.map((one: any) => one.function.name), forced.tool_choice]).toEqual([['g'], 'REQUIRED']);
    expect(settled({ toolChoice: { mode: 'none' } }, tools)).toMatchObject({ tool_choice: 'NONE' });
    const schema = { type: 'object', properties: { a: { type: 'string', minLength: 1 } }, required: ['a'] };
    const strict = settled({}, [tool('f', { strict: true, schema })]);
    expect(strict).toMatchObject({ strict_tools: true, dropped: ['tools.0.parameters/properties/a/minLength'] });
    expect(settled({}, [tool('f', { strict: true })]).dropped).toEqual(['tools.0.strict']);
  });

  it('schemas, but not together with tools', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] };
    const format = (one: JsonObject, strict = true) =>
      ({ outputFormat: { kind: 'schema', schema: one, strict, path: 'their.schema' } }) as const;
    expect(settled(format(schema))).toEqual({
      response_format: { type: 'json_object', json_schema: schema },
      dropped: [],
    });
    const refused = (write: () => unknown, param: string) =>
      expect(write).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param }) as Error);
    refused(() => settled(format({ ...schema, not: {} })), 'their.schema');
    refused(() => settled(format(schema), [tool('f')]), 'response_format');
    refused(() => settled({ logprobs: 0 }), 'logprobs');
    const { body } = written([hello], { settings: { outputFormat: { kind: 'json' } } });
    expect(body.messages[0]).toMatchObject({ role: 'system' });
  });

  it('text files are read into the prompt, others and audio refused by their path', () => {
    const notes = { kind: 'bytes', mediaType: 'text/plain', data: Buffer.from('Notes').toString('base64') } as const;
    const file = (source: any): Turn => ({
      role: 'user',
      blocks: [{ type: 'file', name: 'n.txt', source, path: 'its.path' }],
    });
    expect(written([file(notes)]).body.messages[0].content).toEqual([{ type: 'text', text: 'n.txt:\n\nNotes' }]);
    const refusal = expect.objectContaining({ code: 'unsupported_parameter', param: 'its.path' }) as Error;
    expect(() => written([file({ ...notes, mediaType: 'application/pdf' })])).toThrow(refusal);
  });
});

describe('what is read of Cohere', () => {
  const end = (finish_reason: string, usage?: JsonObject) => ({ type: 'message-end', delta: { finish_reason, usage } });
  const streamed = (...events: JsonObject[]): AnswerEvent[] => {
    const reader = cohereChat.answerReader();
    return [{ type: 'message-start', id: 'x' }, ...events].flatMap(event => reader.push(event));
  };
  const toolCall = (input: string[]) => [
    {
      type: 'tool-call-start',
      delta: { message: { tool_calls: { id: 'a', function: { name: 'f', arguments: '' } } } },
    },
    ...input.map(piece => ({
      type: 'tool-call-delta',
      delta: { message: { tool_calls: { function: { arguments: piece } } } },
    })),
    { type: 'tool-call-end' },
  ];

  it('a plan is reasoning, and calls say an object whatever the model wrote for nothing', () => {
    const plan = { type: 'tool-plan-delta', delta: { message: { tool_plan: 'I will.' } } };
    const start = [
      { type: 'answer-start', id: 'x', model: '' },
      { type: 'reasoning-delta', text: 'I will.' },
      { type: 'block-end' },
      { type: 'tool-call-start', id: 'a', name: 'f' },
    ];
    const ending = [{ type: 'block-end' }, { type: 'answer-end', stopReason: 'tool-calls', explanation: undefined }];
    for (const input of [[], ['null']])
      expect(streamed(plan, ...toolCall(input), end('TOOL_CALL'))).toEqual([
        ...start,
        { type: 'tool-input-delta', json: '{}' },
        ...ending,
      ]);
    expect(streamed(plan, ...toolCall(['{"a"', ':1}']), end('TOOL_CALL'))).toEqual([
      ...start,
      { type: 'tool-input-delta', json: '{"a"' },
      { type: 'tool-input-delta', json: ':1}' },
      ...ending,
    ]);
  });

  it.each<[JsonObject, object, number]>([
    // The preamble is free, cached or not.
    [
      {
        billed_units: { input_tokens: 80, output_tokens: 36 },
        tokens: { input_tokens: 1508, output_tokens: 50 },
        cached_tokens: 992,
      },
      { input: 80, output: 36 },
      116,
    ],
    [
      {
        billed_units: { input_tokens: 377, output_tokens: 90 },
        tokens: { input_tokens: 577, output_tokens: 90 },
        cached_tokens: 576,
      },
      { input: 1, cache_read: 376, output: 90 },
      467,
    ],
    [
      {
        billed_units: { input_tokens: 267, output_tokens: 52 },
        tokens: { input_tokens: 34, output_tokens: 56, image_tokens: 259 },
        cached_tokens: 0,
      },
      { input: 267, output: 52 },
      319,
    ],
    [{ tokens: { input_tokens: 5, output_tokens: 6 } }, { input: 5, output: 6 }, 11],
  ])('trap 4, 35: of %j what is charged is %j', (raw, dimensions, totalTokens) => {
    const metered = streamed(end('COMPLETE', raw)).find(event => event.type === 'usage');
    expect(metered).toMatchObject({ final: true, usage: { dimensions, totalTokens, raw } });
    expect(Object.keys(metered!.usage.dimensions)).toEqual(Object.keys(dimensions));
  });

  it.each([
    ['COMPLETE', 'stop'],
    ['STOP_SEQUENCE', 'stop-sequence'],
    ['MAX_TOKENS', 'length'],
    ['TOOL_CALL', 'tool-calls'],
    ['ERROR_TOXIC', 'content-filter'],
    ['still to be invented', 'other'],
  ])('finish reason %s is %s', (reason, stopReason) => {
    expect(streamed(end(reason)).at(-1)).toMatchObject({ type: 'answer-end', stopReason });
  });

  it('trap 25: an answer that was given up is an error', () => {
    expect(() => streamed(end('ERROR'))).toThrow(LazuError);
    expect(() => streamed({ type: 'message-end', delta: { error: 'gone', finish_reason: 'COMPLETE' } })).toThrow(
      LazuError,
    );
    expect(() => cohereChat.readAnswer({ id: 'x' })).toThrow(LazuError);
  });

  it.each<[number, object, string]>([
    [
      400,
      { error_type: 'TOO_MANY_TOKENS', message: 'too many tokens: size limit exceeded' },
      'context_length_exceeded',
    ],
    [400, { message: 'invalid request: all elements in tools must have a name' }, 'invalid_request'],
    [401, { message: 'Incorrect API key provided' }, 'upstream_error'],
    [429, { message: 'You are using a Trial key, which is limited to 1000 API calls / month.' }, 'upstream_error'],
    [429, { message: 'You are past the per minute request limit, please wait.' }, 'upstream_rate_limited'],
    [498, { message: 'blocked input' }, 'content_policy_violation'],
    [503, {}, 'upstream_unavailable'],
  ])('status %d with %j is %s', (status, body, code) => {
    expect(cohereChat.readError(status, JSON.stringify(body), {})).toMatchObject({ code });
  });
});
