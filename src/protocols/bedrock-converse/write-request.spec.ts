import { openaiChat } from '../openai-chat/index.js';
import type { JsonObject, ModelTraits } from '../protocol.js';
import { ANSWER_TOOL } from './open-block.js';
import { writeRequest } from './write-request.js';

const nova: ModelTraits = {
  maxOutputTokens: 10_000,
  reasoning: 'asked',
  reasoningField: 'reasoningConfig',
  sampling: 'both',
  efforts: ['low', 'medium', 'high'],
  schemas: false,
  cacheLifetimes: ['5m'],
};
const budget: ModelTraits = { maxOutputTokens: 64_000, reasoning: 'budget', sampling: 'one', efforts: [] };
const adaptive: ModelTraits = { ...budget, reasoning: 'asked', efforts: ['low', 'medium', 'high', 'max'] };
const open: ModelTraits = {
  ...{ maxOutputTokens: undefined, reasoning: 'always', reasoningField: 'reasoning_effort', sampling: 'both' },
  ...{ efforts: ['low', 'medium', 'high'], cacheLifetimes: [] },
};

const hello = { messages: [{ role: 'user', content: 'Hi' }] };
const write = (body: JsonObject, traits: ModelTraits = nova) => {
  const written = writeRequest(openaiChat.readRequest({ model: 'any', ...hello, ...body }), {
    ...{ model: 'any', stream: false },
    traits,
  });
  return { ...(written.body as any), dropped: written.dropped };
};
const tool = (name: string, more: object = {}) => ({
  type: 'function',
  function: {
    name,
    description: 'Does it.',
    parameters: { type: 'object', properties: { a: { type: 'string' } } },
    ...more,
  },
});
const called = (id: string, args = '{"a":"b"}') => ({
  role: 'assistant',
  content: null,
  tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: args } }],
});
const user = (...content: object[]) => ({ messages: [{ role: 'user', content }] });
const file = (filename: string, data: string) => ({ type: 'file', file: { filename, file_data: data } });

describe('turns', () => {
  it('a result is called failed where the model knows of failures', () => {
    const conversation = {
      ...openaiChat.readRequest({ model: 'any', messages: [...hello.messages, called('a')], tools: [tool('f')] }),
    };
    const failed = { type: 'tool-result', callId: 'a', isError: true, content: [], path: 'x' } as const;
    const turns = [...conversation.turns, { role: 'user' as const, blocks: [failed] }];
    const statusFor = (traits: ModelTraits): unknown =>
      (writeRequest({ ...conversation, turns }, { model: 'any', stream: false, traits }).body as any).messages[2]
        .content[0].toolResult.status;
    expect([statusFor({ ...nova, failedResults: true }), statusFor(open)]).toEqual(['error', undefined]);
  });

  it('stand in order, those of one role together, the system outside', () => {
    const { system, messages, dropped } = write({
      tools: [tool('f')],
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'One' },
        { role: 'user', content: 'Two' },
        called('call|1'),
        { role: 'tool', tool_call_id: 'call|1', content: 'Sun' },
        { role: 'tool', tool_call_id: 'x', content: '' },
        { role: 'user', content: ' ' },
        { role: 'assistant', content: 'So far ' },
      ],
    });
    expect(system).toEqual([{ text: 'Be brief.' }]);
    expect(messages).toEqual([
      { role: 'user', content: [{ text: 'One' }, { text: 'Two' }] },
      { role: 'assistant', content: [{ toolUse: { toolUseId: 'call_1', name: 'f', input: { a: 'b' } } }] },
      {
        role: 'user',
        content: [
          { toolResult: { toolUseId: 'call_1', content: [{ text: 'Sun' }] } },
          { toolResult: { toolUseId: 'x', content: [] } },
        ],
      },
      { role: 'assistant', content: [{ text: 'So far' }] },
    ]);
    expect(dropped).toEqual([]);
  });

  it('need something said', () => {
    expect(() => write({ messages: [{ role: 'system', content: 'x' }] })).toThrow(
      expect.objectContaining({ code: 'invalid_value', param: 'messages' }),
    );
  });

  it('tell in words of tools that may not be called any more', () => {
    const messages = [hello.messages[0], called('c'), { role: 'tool', tool_call_id: 'c', content: 'Sun' }];
    for (const body of [{ messages }, { messages, tools: [tool('f')], tool_choice: 'none' }]) {
      const written = write(body);
      expect(written.toolConfig).toBeUndefined();
      expect(written.messages.slice(1)).toEqual([
        { role: 'assistant', content: [{ text: '[Called the tool f (c) with {"a":"b"}]' }] },
        { role: 'user', content: [{ text: '[The tool call c gave: Sun]' }] },
      ]);
    }
  });

  it('carry images and documents, whose names are clean and differ', () => {
    const pdf = 'data:application/pdf;base64,JVBERi0=';
    const { messages } = write(
      user(
        { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,/9j/' } },
        file('../report_Q3.final.pdf', pdf),
        file('report Q3 final.pdf', pdf),
        file('x.csv', 'data:text/csv;base64,YSxi'),
      ),
    );
    expect(messages[0].content).toEqual([
      { text: 'report Q3 final' }, // a document needs a text beside it
      { image: { format: 'jpeg', source: { bytes: '/9j/' } } },
      { document: { format: 'pdf', name: 'report Q3 final', source: { bytes: 'JVBERi0=' } } },
      { document: { format: 'pdf', name: 'report Q3 final (2)', source: { bytes: 'JVBERi0=' } } },
      { document: { format: 'csv', name: 'x', source: { bytes: 'YSxi' } } },
    ]);
  });

  it.each([
    ['an image of another kind', { type: 'image_url', image_url: { url: 'data:image/tiff;base64,AA==' } }],
    ['a file of another kind', file('a.zip', 'data:application/zip;base64,AA==')],
    ['audio of another kind', { type: 'input_audio', input_audio: { format: 'midi', data: 'AA==' } }],
  ])('refuse %s', (_name, part) => {
    expect(() => write(user(part))).toThrow(
      expect.objectContaining({ code: 'unsupported_parameter', param: 'messages.0.content.0' }),
    );
  });
});

describe('cache marks', () => {
  const marked = (ttl?: string) => ({
    ...user({ type: 'text', text: 'Long', cache_control: { type: 'ephemeral', ...(ttl && { ttl }) } }),
    tools: [{ ...tool('f'), cache_control: { type: 'ephemeral' } }],
  });

  it.each([
    ['5m', budget, { cachePoint: { type: 'default', ttl: '5m' } }],
    ['1h', budget, { cachePoint: { type: 'default', ttl: '1h' } }],
    ['1h', nova, { cachePoint: { type: 'default' } }],
    [undefined, nova, { cachePoint: { type: 'default' } }],
  ])('%s is a point behind the block', (ttl, traits, point) => {
    const { messages, toolConfig } = write(marked(ttl), traits);
    expect(messages[0].content).toEqual([{ text: 'Long' }, point]);
    expect(toolConfig.tools[1]).toEqual({ cachePoint: { type: 'default' } });
  });

  it('say nothing to models that cannot', () => {
    expect(JSON.stringify(write(marked(), open))).not.toContain('cachePoint');
  });
});

describe('trap 31: thoughts', () => {
  const value = { reasoningContent: { reasoningText: { text: 'Hm.', signature: 'c2ln' } } };
  const sealed = (protocol: string, block: object) =>
    Buffer.from(JSON.stringify([{ sealed: { protocol, value: block }, callsBefore: 0, textBefore: false }])).toString(
      'base64url',
    );
  const thinking = (seal: string) => ({
    messages: [
      hello.messages[0],
      { role: 'assistant', content: 'A', reasoning_content: 'Hm.', lazu_sealed: seal },
      hello.messages[0],
    ],
  });

  it('go home as they came', () => {
    const { messages, dropped } = write(thinking(sealed('bedrock-converse', value)));
    expect(messages[1].content).toEqual([value, { text: 'A' }]);
    expect(dropped).toEqual([]);
  });

  it('of others, or made up, are left out and named', () => {
    const invented = { document: { name: 'x', source: { s3Location: { uri: 's3://theirs/x' } } } };
    for (const seal of [sealed('anthropic-messages', value), sealed('bedrock-converse', invented)]) {
      const { messages, dropped } = write(thinking(seal));
      expect(messages[1].content).toEqual([{ text: 'A' }]);
      expect(dropped).toContain('messages.1.lazu_sealed');
    }
  });
});

describe('how much it shall think', () => {
  it.each([
    ['low', nova, {}, { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'low' } }, []],
    ['minimal', nova, {}, { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'low' } }, []],
    ['xhigh', nova, {}, { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'high' } }, ['reasoning_effort']],
    [
      'high',
      nova,
      { max_tokens: 9 },
      { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'medium' } },
      ['reasoning_effort'],
    ],
    ['none', nova, {}, undefined, []],
    ['high', open, {}, { reasoning_effort: 'high' }, []],
    ['none', open, {}, undefined, ['reasoning_effort']],
    ['low', budget, {}, { thinking: { type: 'enabled', budget_tokens: 2048 } }, []],
    ['max', adaptive, {}, { thinking: { type: 'adaptive', display: 'summarized' } }, []],
  ] as const)('%s', (reasoning_effort, traits, more, fields, lost) => {
    const written = write({ reasoning_effort, ...more }, traits);
    expect(written.additionalModelRequestFields).toEqual(fields);
    expect(written.dropped).toEqual(lost);
    expect(written.outputConfig?.effort).toBe(traits === adaptive ? 'max' : undefined);
    if (traits === budget) expect(written.inferenceConfig).toEqual({ maxTokens: 64_000 });
  });

  it('leaves sampling out where thinking forbids it', () => {
    for (const traits of [nova, budget]) {
      const { inferenceConfig, dropped } = write({ reasoning_effort: 'high', temperature: 0.5 }, traits);
      expect([inferenceConfig?.temperature, dropped]).toEqual([undefined, ['temperature']]);
    }
  });

  it('gives way to a forced tool, and to a turn that lost its thoughts', () => {
    const forced = write({ reasoning_effort: 'low', tools: [tool('f')], tool_choice: 'required' }, budget);
    const messages = [hello.messages[0], called('c'), { role: 'tool', tool_call_id: 'c', content: 'Sun' }];
    const thoughtless = write({ reasoning_effort: 'low', tools: [tool('f')], messages }, budget);
    for (const { additionalModelRequestFields: fields, dropped } of [forced, thoughtless])
      expect([fields, dropped]).toEqual([undefined, ['reasoning_effort']]);
  });
});

describe('settings', () => {
  it('are clamped, dropped or refused, and named', () => {
    const { inferenceConfig, dropped } = write({
      ...{ max_tokens: 99_999, temperature: 1.5, top_p: 0.5, stop: 'x', seed: 1, user: 'ann' },
      ...{ presence_penalty: 1, frequency_penalty: 1, parallel_tool_calls: false },
    });
    expect(inferenceConfig).toEqual({ maxTokens: 10_000, temperature: 1, topP: 0.5, stopSequences: ['x'] });
    expect([...dropped].sort()).toEqual([
      'frequency_penalty',
      'max_tokens',
      'parallel_tool_calls',
      'presence_penalty',
      'seed',
      'temperature',
      'user',
    ]);
    expect(() => write({ logprobs: true })).toThrow(expect.objectContaining({ param: 'logprobs' }));
    expect(write({ temperature: 0.1, top_p: 0.5 }, budget)).toMatchObject({
      inferenceConfig: { temperature: 0.1 },
      dropped: ['top_p'],
    });
  });

  it.each([
    ['required', { any: {} }],
    [{ type: 'function', function: { name: 'f' } }, { tool: { name: 'f' } }],
    ['auto', undefined],
  ])('tool_choice %j', (tool_choice, toolChoice) => {
    expect(write({ tools: [tool('f')], tool_choice }).toolConfig).toEqual({
      tools: [
        {
          toolSpec: {
            ...{ name: 'f', description: 'Does it.' },
            inputSchema: { json: { type: 'object', properties: { a: { type: 'string' } } } },
          },
        },
      ],
      ...(toolChoice && { toolChoice }),
    });
  });

  it('hold tools to their schema where the model can be held to one', () => {
    const tools = [tool('f', { strict: true })];
    expect(write({ tools }, budget).toolConfig.tools[0].toolSpec).toMatchObject({
      strict: true,
      inputSchema: { json: { additionalProperties: false } },
    });
    const lenient = write({ tools });
    expect(lenient.toolConfig.tools[0].toolSpec).not.toHaveProperty('strict');
    expect(lenient.dropped).toEqual(['tools.0.function.strict']);
  });
});

describe('an answer by a schema', () => {
  const schema = { type: 'object', properties: { city: { type: 'string', maxLength: 5 } }, required: ['city'] };
  const asked = (more: object = {}) => ({
    response_format: { type: 'json_schema', json_schema: { name: 'answer', schema, ...more } },
  });

  it('is a text format', () => {
    const { outputConfig, dropped } = write(asked(), budget);
    expect(outputConfig.textFormat.type).toBe('json_schema');
    expect(JSON.parse(outputConfig.textFormat.structure.jsonSchema.schema)).toEqual({
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    });
    expect(dropped).toEqual(['response_format.json_schema.schema/properties/city/maxLength']);
    expect(() => write(asked({ strict: true }), budget)).toThrow(
      expect.objectContaining({ code: 'unsupported_parameter', param: 'response_format.json_schema.schema' }),
    );
  });

  it('is a forced tool where there is no other way, and then nothing beside it', () => {
    const { toolConfig } = write(asked());
    expect(toolConfig.toolChoice).toEqual({ tool: { name: ANSWER_TOOL } });
    expect(toolConfig.tools[0].toolSpec.inputSchema.json).toEqual(schema);
    for (const more of [{ tools: [tool('f')] }, { reasoning_effort: 'low' }])
      expect(() => write({ ...asked(), ...more })).toThrow(expect.objectContaining({ param: 'response_format' }));
  });

  it('is refused without one', () => {
    expect(() => write({ response_format: { type: 'json_object' } })).toThrow(
      expect.objectContaining({ code: 'unsupported_parameter', param: 'response_format' }),
    );
  });
});
