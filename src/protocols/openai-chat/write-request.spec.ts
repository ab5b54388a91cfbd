import fc from 'fast-check';
import { LazuError } from '../../errors.js';
import type { Block, Conversation, Settings, Turn } from '../conversation.js';
import type { JsonObject, ModelTraits } from '../protocol.js';
import { readRequest } from './read-request.js';
import { SETTING_NAMES } from './read-settings.js';
import { writeRequest } from './write-request.js';

const TRAITS: ModelTraits = {
  maxOutputTokens: undefined,
  reasoning: 'asked',
  sampling: 'both',
  efforts: ['low', 'medium', 'high'],
};
const NAMES = Object.fromEntries(
  Object.keys(SETTING_NAMES).map(name => [name, `their_${name}`]),
) as Conversation['names'];
const path = 'somewhere';

const text = (words: string): Block => ({ type: 'text', text: words, path });
const image = { type: 'image', source: { kind: 'bytes', mediaType: 'image/png', data: 'AAAA' }, path } as const;
const imagePart = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
const user = (...blocks: Block[]): Turn => ({ role: 'user', blocks });
const assistant = (...blocks: Block[]): Turn => ({ role: 'assistant', blocks });
const call = (id: string): Block => ({ type: 'tool-call', id, name: 'f', input: '{"a":1}', path });
const result = (callId: string, ...content: any[]): Block => ({ type: 'tool-result', callId, content, path });

function written(
  turns: readonly Turn[],
  more: Partial<Omit<Conversation, 'turns'>> & { traits?: Partial<ModelTraits> } = {},
): { body: any; dropped: readonly string[] } {
  const { traits, ...rest } = more;
  const conversation = { turns, tools: [], settings: {}, names: NAMES, unread: [], ...rest };
  return writeRequest(conversation, { model: 'm', stream: false, traits: { ...TRAITS, ...traits } });
}
const settled = (settings: Settings, traits: Partial<ModelTraits> = {}, tools: Conversation['tools'] = []) => {
  const { body, dropped } = written([user(text('Hi'))], { settings, traits, tools });
  const { model: _model, messages: _messages, ...fields } = body;
  return { ...fields, dropped };
};
const toolNamed = (name: string, more: object = {}) => ({
  ...{ name, description: undefined, schema: { type: 'object', properties: {} }, strict: false },
  ...{ path: 'tools.0.input_schema', ...more },
});

function refusal(write: () => unknown): LazuError {
  try {
    write();
  } catch (error) {
    if (error instanceof LazuError) return error;
  }
  throw new Error('nothing was refused');
}

describe('turns', () => {
  it('text is one string, whatever the number of blocks; parts stay parts where one is no text', () => {
    const { body } = written([
      { role: 'system', blocks: [text('Be brief.'), text('Be kind.')] },
      user(text('What is this?'), image),
    ]);
    expect(body.messages).toEqual([
      { role: 'system', content: 'Be brief.\n\nBe kind.' },
      { role: 'user', content: [{ type: 'text', text: 'What is this?' }, imagePart] },
    ]);
  });

  it('trap 30: results of parallel calls follow the calls, what else the user says comes behind them', () => {
    const { body } = written([
      user(text('Go.')),
      assistant(text('Two.'), call('a'), call('b')),
      user(text('Here.'), result('a', { type: 'text', text: 'one', path })),
      user(result('b', { type: 'text', text: 'two', path })),
    ]);
    expect(body.messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: 'Two.',
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
          { id: 'b', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'a', content: 'one' },
      { role: 'tool', tool_call_id: 'b', content: 'two' },
      { role: 'user', content: 'Here.' },
    ]);
  });

  it('images in a result move to the user message behind it', () => {
    const { body } = written([assistant(call('a')), user(result('a', image)), assistant(text('I see.'))]);
    expect(body.messages.slice(1)).toEqual([
      { role: 'tool', tool_call_id: 'a', content: 'The result is the image in the next message.' },
      { role: 'user', content: [{ type: 'text', text: 'Image in the result of tool call a:' }, imagePart] },
      { role: 'assistant', content: 'I see.' },
    ]);
  });

  it('turns of one role that follow each other are one, so that nothing comes between calls and results', () => {
    const { body } = written([assistant(call('a')), assistant(text('Wait.')), user(result('a'))]);
    expect(body.messages.map(({ role, content }: any) => [role, content])).toEqual([
      ['assistant', 'Wait.'],
      ['tool', ''],
    ]);
  });

  it('audio and files are parts, plain text files text', () => {
    const pdf = { kind: 'bytes', mediaType: 'application/pdf', data: 'JVBE' } as const;
    const notes = { kind: 'bytes', mediaType: 'text/plain', data: Buffer.from('Notes').toString('base64') } as const;
    const { body } = written([
      user(
        { type: 'audio', format: 'wav', data: 'UklG', path },
        { type: 'file', name: undefined, source: pdf, path },
        { type: 'file', name: 'notes.txt', source: notes, path },
      ),
    ]);
    expect(body.messages[0].content).toEqual([
      { type: 'input_audio', input_audio: { data: 'UklG', format: 'wav' } },
      { type: 'file', file: { filename: 'document.pdf', file_data: 'data:application/pdf;base64,JVBE' } },
      { type: 'text', text: 'notes.txt:\n\nNotes' },
    ]);
  });

  it('an id that is too long is shortened, the same in call and result', () => {
    const long = 'x'.repeat(64);
    const { body } = written([assistant(call(long)), user(result(long))]);
    const [{ id }] = body.messages[0].tool_calls;
    expect(id).toHaveLength(40);
    expect(body.messages[1].tool_call_id).toBe(id);
  });

  it('cache marks reach only who is told what to cache; elsewhere they are hints that are dropped', () => {
    const marked = { ...text('Long.'), cache: { lifetime: '1h' } } as Block;
    const tools = [toolNamed('f', { cache: { lifetime: undefined } })];
    expect(written([user(marked)], { tools }).body).toMatchObject({ messages: [{ role: 'user', content: 'Long.' }] });
    expect(written([user(marked)], { tools }).dropped).toEqual(['tools.0.cache_control', 'somewhere.cache_control']);
    const told = written([user(marked)], { tools, traits: { cacheLifetimes: ['5m', '1h'] } }).body;
    const cache_control = { type: 'ephemeral', ttl: '1h' };
    expect(told.messages[0].content).toEqual([{ type: 'text', text: 'Long.', cache_control }]);
    expect(told.tools[0]).toMatchObject({ type: 'function', cache_control: { type: 'ephemeral' } });
  });

  it('a request that says nothing is refused', () => {
    expect(refusal(() => written([user(text(''))]))).toMatchObject({ code: 'invalid_value', param: 'messages' });
  });
});

describe('thoughts', () => {
  const thought: Block = { type: 'reasoning', text: 'Hm.', path: 'messages.1.content.0' };
  const turns = [user(text('Hi')), assistant(thought, call('a')), user(result('a')), assistant(call('b'))];

  it('are dropped and reported where the model does not want them', () => {
    const { body, dropped } = written(turns);
    expect(body.messages[1]).not.toHaveProperty('reasoning_content');
    expect(dropped).toEqual(['messages.1.content.0']);
  });

  it('go back where it does, and beside a call even when there are none', () => {
    const { body, dropped } = written(turns, { traits: { thoughtsBack: 'reasoning_content' } });
    expect(body.messages[1]).toMatchObject({ reasoning_content: 'Hm.' });
    expect(body.messages[3]).toMatchObject({ reasoning_content: '' });
    expect(dropped).toEqual([]);
  });

  it('trap 31: seals of this protocol are opened, of others dropped and reported, and nothing else gets in', () => {
    const details = [{ type: 'reasoning.encrypted', data: 'xyz', index: 0, evil: { file_id: 'f' } }];
    const seal = (protocol: 'openai-chat' | 'gemini'): Block => ({
      type: 'opaque',
      sealed: { protocol, value: { reasoning_details: details } },
      path: protocol,
    });
    const { body, dropped } = written([assistant(seal('openai-chat'), seal('gemini'), call('a'))], {
      traits: { thoughtsBack: 'reasoning_details' },
    });
    expect(body.messages[0].reasoning_details).toEqual([{ type: 'reasoning.encrypted', data: 'xyz', index: 0 }]);
    expect(dropped).toEqual(['gemini']);
    expect(written([assistant(seal('openai-chat'), call('a'))]).dropped).toEqual(['openai-chat']);
  });
});

describe('settings', () => {
  it('all of them', () => {
    const settings: Settings = {
      ...{ maxOutputTokens: 9, temperature: 0.5, topP: 0.9, stop: ['a', 'b'], seed: 7, presencePenalty: 1 },
      ...{ frequencyPenalty: -1, logprobs: 2, effort: 'high', user: 'ann' },
    };
    expect(settled(settings)).toEqual({
      ...{ max_tokens: 9, temperature: 0.5, top_p: 0.9, stop: ['a', 'b'], seed: 7, presence_penalty: 1 },
      ...{ frequency_penalty: -1, logprobs: true, top_logprobs: 2, reasoning_effort: 'high', user: 'ann' },
      dropped: [],
    });
  });

  it.each<[Settings, Partial<ModelTraits>, object]>([
    [{ maxOutputTokens: 9 }, { maxOutputTokens: 5 }, { max_tokens: 5, dropped: ['their_maxOutputTokens'] }],
    [{ temperature: 1.5, topP: 0.5 }, { sampling: 'none' }, { dropped: ['their_temperature', 'their_topP'] }],
    [{ temperature: 1.5, topP: 0.5 }, { sampling: 'one' }, { temperature: 1.5, dropped: ['their_topP'] }],
    [{ effort: 'max' }, {}, { reasoning_effort: 'high', dropped: ['their_effort'] }],
    [{ effort: 'minimal' }, {}, { reasoning_effort: 'low', dropped: ['their_effort'] }],
    [{ effort: 'none' }, {}, { dropped: [] }],
    [{ effort: 'none' }, { reasoning: 'default' }, { dropped: ['their_effort'] }],
    [{ effort: 'none' }, { efforts: ['none', 'low'] }, { reasoning_effort: 'none', dropped: [] }],
    [{ effort: 'low' }, { reasoning: 'none' }, { dropped: ['their_effort'] }],
    [{ effort: 'none' }, { reasoning: 'none' }, { dropped: [] }],
    [{ toolChoice: { mode: 'required' }, parallelToolCalls: false }, {}, { dropped: [] }],
  ])('%j for a model that is %j', (settings, traits, expected) => {
    expect(settled(settings, traits)).toEqual(expected);
  });

  it.each<[Settings, object]>([
    [{ toolChoice: { mode: 'none' } }, { tool_choice: 'none' }],
    [
      { toolChoice: { mode: 'required' }, parallelToolCalls: false },
      { tool_choice: 'required', parallel_tool_calls: false },
    ],
    [{ toolChoice: { mode: 'one', name: 'f' } }, { tool_choice: { type: 'function', function: { name: 'f' } } }],
  ])('tools with %j', (settings, expected) => {
    const { tools, ...fields } = settled(settings, {}, [toolNamed('f')]);
    expect(tools).toEqual([
      { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } },
    ]);
    expect(fields).toEqual({ ...expected, dropped: [] });
  });

  it('more stop sequences than there may be are refused in the caller’s words', () => {
    const error = refusal(() => settled({ stop: ['a', 'b', 'c', 'd', 'e'] }));
    expect(error).toMatchObject({ code: 'unsupported_parameter', param: 'their_stop', retryable: true });
  });
});

describe('schemas', () => {
  const open = { type: 'object', properties: { a: { type: 'string', default: 'x' } }, required: ['a'] };
  const closed = {
    type: 'object',
    properties: { a: { type: 'string' } },
    required: ['a'],
    additionalProperties: false,
  };
  const optional = { type: 'object', properties: { a: { type: 'string' } } };
  const format = (schema: JsonObject, strict = true) =>
    ({ outputFormat: { kind: 'schema', schema, strict, path: 'their.schema' } }) as const;

  it('a strict tool is closed; one that cannot be held to is no longer strict, and says what is in the way', () => {
    const strictly = (schema: JsonObject) => settled({}, {}, [toolNamed('f', { schema, strict: true })]);
    expect(strictly(open)).toMatchObject({ tools: [{ function: { parameters: closed, strict: true } }], dropped: [] });
    const loose = strictly(optional);
    expect(loose.tools[0].function).toEqual({ name: 'f', parameters: optional });
    expect(loose.dropped).toEqual(['tools.0.input_schema/properties/a']);
  });

  it('a strict format likewise, but for keywords that cannot be expressed: those are refused with a pointer', () => {
    const held = (schema: JsonObject, strict: boolean) => ({
      type: 'json_schema',
      json_schema: { name: 'answer', schema, strict },
    });
    expect(settled(format(open))).toEqual({ response_format: held(closed, true), dropped: [] });
    expect(settled(format(optional))).toEqual({
      response_format: held(optional, false),
      dropped: ['their.schema/properties/a'],
    });
    expect(settled(format({ ...closed, not: {} }, false))).toEqual({
      response_format: held({ ...closed, not: {} }, false),
      dropped: [],
    });
    const error = refusal(() => settled(format({ ...closed, properties: { a: { not: {} } } })));
    expect(error).toMatchObject({ code: 'unsupported_parameter', param: 'their.schema' });
    expect(error.message).toContain('/properties/a/not');
  });

  it('JSON without a schema is asked for in words too, where nobody said the word', () => {
    const { body } = written([user(text('Hi'))], { settings: { outputFormat: { kind: 'json' } } });
    expect(body.response_format).toEqual({ type: 'json_object' });
    expect(body.messages[0]).toEqual({ role: 'system', content: 'Answer with a JSON object.' });
    const said = written([user(text('Hi, as JSON'))], { settings: { outputFormat: { kind: 'json' } } });
    expect(said.body.messages).toHaveLength(1);
  });
});

const word = fc.string({ minLength: 1, maxLength: 8 }).filter(one => one.trim() !== '');
const textBlock = word.map(text);
const said = fc.oneof(
  textBlock.map(one => [one]),
  textBlock.map(one => [one, image as Block]),
);
const input = fc.dictionary(word, fc.jsonValue(), { maxKeys: 2 }).map(one => JSON.stringify(one));
const exchange = fc
  .record({ said, calls: fc.array(fc.tuple(word, input, word), { maxLength: 2 }), answer: textBlock, thought: word })
  .map(({ said: asked, calls, answer, thought }): Turn[] => {
    const made = calls.map(([name, json], at): Block => ({
      type: 'tool-call',
      id: `id${at}`,
      name,
      input: json,
      path,
    }));
    const results = calls.map(([, , words], at) => user(result(`id${at}`, { ...text(words), cache: undefined })));
    return [user(...asked), assistant({ type: 'reasoning', text: thought, path }, answer, ...made), ...results];
  });
const settings = fc.record(
  {
    ...{ maxOutputTokens: fc.nat(), temperature: fc.double({ min: 0, max: 0.9, noNaN: true }), seed: fc.nat() },
    ...{ topP: fc.double({ min: 0, max: 0.9, noNaN: true }), stop: fc.array(word, { minLength: 1, maxLength: 4 }) },
    ...{ presencePenalty: fc.constant(1), frequencyPenalty: fc.constant(-1), logprobs: fc.nat(5), user: word },
    effort: fc.constantFrom('low', 'medium', 'high'),
    toolChoice: fc.constantFrom({ mode: 'none' }, { mode: 'required' }, { mode: 'one', name: 'f' }),
    parallelToolCalls: fc.constant(false),
    outputFormat: fc.constant({ kind: 'json' }),
  },
  { requiredKeys: [] },
);

it('what was written is read as it was meant', () => {
  const meaning = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value, (key, one: unknown) => (key === 'path' || key === 'cache' ? undefined : one)));
  fc.assert(
    fc.property(fc.array(exchange, { minLength: 1, maxLength: 3 }), settings, fc.boolean(), (turns, wanted, strict) => {
      const schema = { type: 'object', properties: {}, additionalProperties: false };
      const conversation = {
        turns: [{ role: 'system', blocks: [text('In JSON.')] } as Turn, ...turns.flat()],
        tools: [{ ...toolNamed('f', { schema, strict }), description: 'Does f.' }],
        settings: wanted as Settings,
        names: SETTING_NAMES,
        unread: [],
      };
      const traits = { ...TRAITS, thoughtsBack: 'reasoning_content' };
      const { body, dropped } = writeRequest(conversation, { model: 'm', stream: true, traits });
      const read = readRequest(JSON.parse(JSON.stringify(body)) as JsonObject);
      expect(dropped).toEqual([]);
      expect(meaning(read.tools)).toEqual(meaning(conversation.tools));
      expect(meaning(read.settings)).toEqual(meaning(conversation.settings));
      // Exchanges end with a user's result or with an answer: turns of one role that follow each other were made one.
      const merged = (list: readonly Turn[]) =>
        list
          .map(({ role, blocks }) => [role, ...blocks])
          .reduce<unknown[][]>((all, [role, ...blocks]) => {
            if (all.at(-1)?.[0] === role) all.at(-1)!.push(...blocks);
            else all.push([role, ...blocks]);
            return all;
          }, []);
      expect(meaning(merged(read.turns))).toEqual(meaning(merged(conversation.turns)));
    }),
  );
});
