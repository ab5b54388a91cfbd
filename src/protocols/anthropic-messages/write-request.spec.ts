import { readRequest } from '../openai-chat/read-request.js';
import { writeSeals } from '../openai-chat/sealed.js';
import type { JsonObject, ModelTraits } from '../protocol.js';
import { writeRequest } from './write-request.js';

const budget: ModelTraits = { reasoning: 'budget', sampling: 'both', efforts: [], maxOutputTokens: 64_000 };
const newest: ModelTraits = {
  reasoning: 'always',
  sampling: 'none',
  efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
  maxOutputTokens: 128_000,
};
const hi = [{ role: 'user', content: 'hi' }];
const text = (words: string) => ({ type: 'text', text: words });
const tool = { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } };
const toolCall = (id: string, input: string) => ({ id, type: 'function', function: { name: 'f', arguments: input } });

function written(fields: JsonObject, traits = budget, stream = false) {
  const body: JsonObject = { model: 'm', messages: hi, ...fields };
  const before = JSON.stringify(body);
  const result = writeRequest(readRequest(body), { model: 'claude', stream, traits });
  expect(JSON.stringify(body)).toBe(before);
  return result;
}

const refused = (param: string) => expect.objectContaining({ code: 'unsupported_parameter', param }) as Error;
const least = { model: 'claude', max_tokens: 64_000, messages: [{ role: 'user', content: [text('hi')] }] };

describe('what is said', () => {
  it('says no more than was asked', () => {
    expect(written({})).toEqual({ body: least, dropped: [] });
    expect(written({}, { ...budget, maxOutputTokens: undefined }).body.max_tokens).toBe(8_192);
  });

  it('reads defaults that clients send unasked as nothing', () => {
    const defaults = {
      ...{ temperature: 1, top_p: 1, presence_penalty: 0, frequency_penalty: 0, n: 1, logprobs: false, logit_bias: {} },
      ...{ response_format: { type: 'text' }, tool_choice: 'auto', parallel_tool_calls: true, stop: [], tools: [] },
      ...{ store: false, service_tier: 'auto', modalities: ['text'], seed: null, user: null, functions: [] },
    };
    expect(written(defaults)).toEqual({ body: least, dropped: [] });
  });

  it('groups turns, hoists what the system says, and leaves out what says nothing', () => {
    const { body } = written({
      messages: [
        { role: 'system', content: 'One.' },
        { role: 'user', content: 'a' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'b' },
            { type: 'text', text: '' },
          ],
        },
        { role: 'assistant', content: '' },
        { role: 'developer', content: 'Two.' },
        { role: 'user', content: 'c' },
        { role: 'assistant', content: 'It begins ' },
      ],
    });
    expect([body.system, body.messages]).toEqual([
      [text('One.'), text('Two.')],
      [
        { role: 'user', content: [text('a'), text('b'), text('c')] },
        { role: 'assistant', content: [text('It begins')] },
      ],
    ]);
  });

  it('needs something to be said', () => {
    const messages = [{ role: 'system', content: 'Only this.' }];
    expect(() => written({ messages })).toThrow(expect.objectContaining({ code: 'invalid_value', param: 'messages' }));
  });

  it('trap 30: gathers the results of parallel calls in one turn, and mends foreign ids alike in both', () => {
    const { body } = written({
      messages: [
        ...hi,
        {
          role: 'assistant',
          content: null,
          tool_calls: [toolCall('f:0', '{"a":1}'), toolCall('f:1', 'no json'), toolCall('x', '')],
        },
        { role: 'tool', tool_call_id: 'f:0', content: 'one' },
        { role: 'tool', tool_call_id: 'f:1', content: [{ type: 'text', text: 'two' }] },
        { role: 'tool', tool_call_id: 'x', content: '' },
        { role: 'user', content: 'And?' },
      ],
      tools: [tool],
    });
    expect(body.messages).toEqual([
      { role: 'user', content: [text('hi')] },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'f_0', name: 'f', input: { a: 1 } },
          { type: 'tool_use', id: 'f_1', name: 'f', input: { arguments: 'no json' } },
          { type: 'tool_use', id: 'x', name: 'f', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'f_0', content: [text('one')] },
          { type: 'tool_result', tool_use_id: 'f_1', content: [text('two')] },
          { type: 'tool_result', tool_use_id: 'x', content: [] },
          text('And?'),
        ],
      },
    ]);
  });

  it('keeps cache marks', () => {
    const mark = { cache_control: { type: 'ephemeral', ttl: '1h' } };
    const content = [{ type: 'text', text: 'long', ...mark }];
    const { body } = written({
      messages: [{ role: 'user', content }],
      tools: [{ ...tool, cache_control: { type: 'ephemeral' } }],
    });
    expect(body.messages).toEqual([{ role: 'user', content }]);
    expect(body.tools).toEqual([
      { name: 'f', input_schema: tool.function.parameters, cache_control: { type: 'ephemeral' } },
    ]);
  });
});

describe('what models thought', () => {
  const seal = (value: JsonObject, protocol: 'anthropic-messages' | 'gemini' = 'anthropic-messages') =>
    writeSeals([{ sealed: { protocol, value }, callsBefore: 0, textBefore: false }]);
  const answered = (fields: JsonObject) => [...hi, { role: 'assistant', content: 'ok', ...fields }, ...hi];
  const thought = { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' };

  it('trap 31: goes back signed, and is never invented', () => {
    const home = written({ messages: answered({ reasoning_content: 'Hm.', lazu_sealed: seal(thought) }) });
    expect(home.body.messages).toContainEqual({ role: 'assistant', content: [thought, text('ok')] });
    expect(home.dropped).toEqual([]);
    const unsigned = written({ messages: answered({ reasoning_content: 'Hm.' }) });
    expect(unsigned.body.messages).toContainEqual({ role: 'assistant', content: [text('ok')] });
    expect(unsigned.dropped).toEqual(['messages.1.reasoning_content']);
    const empty = written({ messages: answered({ lazu_sealed: seal({ ...thought, signature: '' }) }) });
    expect(empty.dropped).toEqual(['messages.1.lazu_sealed']);
  });

  it('does not open seals of others, nor forged ones that name stored files', () => {
    const file = { type: 'document', source: { type: 'file', file_id: 'file_of_another_tenant' } };
    for (const sealed of [seal(thought, 'gemini'), seal(file), seal({ type: 'container_upload', file_id: 'x' })]) {
      const { body, dropped } = written({ messages: answered({ lazu_sealed: sealed }) });
      expect(body.messages).toContainEqual({ role: 'assistant', content: [text('ok')] });
      expect(dropped).toEqual(['messages.1.lazu_sealed']);
    }
    const torn = { messages: answered({ lazu_sealed: 'torn' }) };
    expect(() => written(torn)).toThrow(expect.objectContaining({ param: 'messages.1.lazu_sealed' }));
  });
});

describe('reasoning_effort', () => {
  const thinking = (fields: JsonObject, traits = budget) => {
    const { body, dropped } = written(fields, traits);
    return [body.thinking, (body.output_config as JsonObject | undefined)?.effort, dropped];
  };

  it.each([
    [{ reasoning_effort: 'medium' }, { type: 'enabled', budget_tokens: 8_192 }, []],
    [{ reasoning_effort: 'high', max_tokens: 10_000 }, { type: 'enabled', budget_tokens: 8_000 }, []],
    [{ reasoning_effort: 'high', max_tokens: 1_000 }, undefined, ['reasoning_effort']],
    [{ reasoning_effort: 'none' }, undefined, []],
    [{ reasoning_effort: 'low', tools: [tool], tool_choice: 'required' }, undefined, ['reasoning_effort']],
  ])('as a budget: %j', (fields, expected, dropped) => {
    expect(thinking(fields)).toEqual([expected, undefined, dropped]);
  });

  it('waits for the next turn where the one under way began without thoughts', () => {
    const messages = [
      ...hi,
      { role: 'assistant', content: null, tool_calls: [toolCall('a', '{}')] },
      { role: 'tool', tool_call_id: 'a', content: 'x' },
    ];
    expect(thinking({ messages, reasoning_effort: 'low' })).toEqual([undefined, undefined, ['reasoning_effort']]);
  });

  it('as the model sees fit, in efforts that it knows', () => {
    const adaptive = { type: 'adaptive', display: 'summarized' };
    expect(thinking({ reasoning_effort: 'xhigh' }, newest)).toEqual([adaptive, 'xhigh', []]);
    expect(thinking({ reasoning_effort: 'minimal' }, newest)).toEqual([adaptive, 'low', []]);
    expect(thinking({ reasoning_effort: 'none' }, newest)).toEqual([undefined, undefined, ['reasoning_effort']]);
    const older: ModelTraits = { ...newest, reasoning: 'default', efforts: ['low', 'medium', 'high'] };
    expect(thinking({ reasoning_effort: 'max' }, older)).toEqual([adaptive, 'high', ['reasoning_effort']]);
    expect(thinking({ reasoning_effort: 'none' }, older)).toEqual([{ type: 'disabled' }, undefined, []]);
  });

  it('not at all, where the model does not reason', () => {
    const none: ModelTraits = { ...budget, reasoning: 'none' };
    expect(thinking({ reasoning_effort: 'low' }, none)).toEqual([undefined, undefined, ['reasoning_effort']]);
  });
});

describe('settings', () => {
  it('clamps, and leaves out what the model takes no more', () => {
    expect(written({ temperature: 1.5, top_p: 0.5, max_completion_tokens: 100_000 })).toMatchObject({
      body: { temperature: 1, top_p: 0.5, max_tokens: 64_000 },
      dropped: ['max_completion_tokens', 'temperature'],
    });
    const one = written({ temperature: 0.2, top_p: 0.5 }, { ...budget, sampling: 'one' });
    expect([one.body.temperature, one.body.top_p, one.dropped]).toEqual([0.2, undefined, ['top_p']]);
    const none = written({ temperature: 0.2, top_p: 0.5 }, newest);
    expect([none.body.temperature, none.body.top_p, none.dropped]).toEqual([
      undefined,
      undefined,
      ['temperature', 'top_p'],
    ]);
  });

  it('writes stop and stream', () => {
    expect(written({ stop: 'x' }, budget, true).body).toEqual({ ...least, stop_sequences: ['x'], stream: true });
    expect(written({ stop: ['x', 'y'] }).body).toMatchObject({ stop_sequences: ['x', 'y'] });
  });

  it('keeps to the standard tier of service where its host has tiers', () => {
    expect(written({ service_tier: 'default' }).body).toEqual({ ...least, service_tier: 'standard_only' });
    const elsewhere = written({ service_tier: 'default' }, { ...budget, lacks: ['serviceTier'] });
    expect(elsewhere).toEqual({ body: least, dropped: ['service_tier'] });
  });

  it('chooses out of so many tokens, unless it thinks', () => {
    expect(written({ top_k: 5 }).body).toEqual({ ...least, top_k: 5 });
    expect(written({ top_k: 5, reasoning_effort: 'low' }).dropped).toEqual(['top_k']);
    expect(written({ top_k: -1 })).toEqual({ body: least, dropped: [] });
  });

  it('reports hints that it lacks', () => {
    const hints = {
      seed: 1,
      presence_penalty: 1,
      frequency_penalty: 1,
      prediction: {},
      metadata: { a: 'b' },
      service_tier: 'flex',
    };
    expect(written(hints)).toEqual({
      body: least,
      dropped: ['prediction', 'metadata', 'seed', 'presence_penalty', 'frequency_penalty', 'service_tier'],
    });
  });

  it.each([
    ['logprobs', { logprobs: true, top_logprobs: 2 }],
    ['logit_bias', { logit_bias: { 5: 1 } }],
    ['modalities', { modalities: ['text', 'audio'] }],
    ['audio', { audio: { voice: 'x' } }],
    ['web_search_options', { web_search_options: {} }],
    ['functions', { functions: [{}] }],
    ['response_format', { response_format: { type: 'json_object' } }],
    ['tools.0.type', { tools: [{ type: 'custom', custom: { name: 'x' } }] }],
    [
      'messages.0.content.0',
      { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'x', format: 'wav' } }] }] },
    ],
  ])('refuses %s', (param, fields) => {
    expect(() => written(fields)).toThrow(refused(param));
  });
});

describe('tools', () => {
  it.each([
    [{ tool_choice: 'none' }, { type: 'none' }],
    [{ tool_choice: 'required' }, { type: 'any' }],
    [{ tool_choice: { type: 'function', function: { name: 'f' } } }, { type: 'tool', name: 'f' }],
    [{ parallel_tool_calls: false }, { type: 'auto', disable_parallel_tool_use: true }],
    [
      { tool_choice: 'required', parallel_tool_calls: false },
      { type: 'any', disable_parallel_tool_use: true },
    ],
    [{ tool_choice: 'none', parallel_tool_calls: false }, { type: 'none' }],
    [{ tool_choice: 'auto' }, undefined],
  ])('%j', (fields, expected) => {
    expect(written({ tools: [tool], ...fields }).body.tool_choice).toEqual(expected);
  });

  it('offers only the allowed ones', () => {
    const allowed = { mode: 'required', tools: [{ type: 'function', function: { name: 'g' } }] };
    const other = { type: 'function', function: { name: 'g' } };
    const { body } = written({ tools: [tool, other], tool_choice: { type: 'allowed_tools', allowed_tools: allowed } });
    expect(body.tools).toEqual([{ name: 'g', input_schema: { type: 'object', properties: {} } }]);
    expect(body.tool_choice).toEqual({ type: 'any' });
  });

  it('refuses to force one where the model cannot but think', () => {
    expect(() => written({ tools: [tool], tool_choice: 'required' }, newest)).toThrow(refused('tool_choice'));
  });

  it('strict: says what of the schema is lost', () => {
    const parameters = {
      type: 'object',
      properties: {
        a: { type: 'string', minLength: 2 },
        'b/c': { type: 'array', items: { type: 'integer', minimum: 0 } },
      },
      required: ['a'],
      additionalProperties: false,
    };
    const { body, dropped } = written({
      tools: [{ type: 'function', function: { name: 'f', strict: true, parameters } }],
    });
    expect(body.tools).toEqual([
      {
        name: 'f',
        strict: true,
        input_schema: {
          ...parameters,
          properties: { a: { type: 'string' }, 'b/c': { type: 'array', items: { type: 'integer' } } },
        },
      },
    ]);
    expect(dropped).toEqual([
      'tools.0.function.parameters/properties/a/minLength',
      'tools.0.function.parameters/properties/b~1c/items/minimum',
    ]);
  });
});

describe('response_format', () => {
  const format = (schema: JsonObject, strict?: boolean) => ({
    response_format: { type: 'json_schema', json_schema: { name: 'x', schema, strict } },
  });

  it('strict: a keyword that cannot be held to is refused, with its place', () => {
    const schema = { type: 'object', properties: { a: { type: 'number', maximum: 3 } }, additionalProperties: false };
    expect(() => written(format(schema, true))).toThrow(refused('response_format.json_schema.schema'));
    expect(() => written(format(schema, true))).toThrow('/properties/a/maximum');
  });

  it('otherwise left out and reported; objects are closed', () => {
    const { body, dropped } = written(format({ type: 'object', properties: { a: { type: 'number', maximum: 3 } } }));
    const schema = { type: 'object', properties: { a: { type: 'number' } }, additionalProperties: false };
    expect(body.output_config).toEqual({ format: { type: 'json_schema', schema } });
    expect(dropped).toEqual(['response_format.json_schema.schema/properties/a/maximum']);
  });
});
