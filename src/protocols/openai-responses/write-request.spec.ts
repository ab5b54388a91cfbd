import type { Conversation } from '../conversation.js';
import { readRequest } from '../openai-chat/read-request.js';
import { writeSeals } from '../openai-chat/sealed.js';
import type { JsonObject, ModelTraits } from '../protocol.js';
import { EXTRAS, refusedExtra } from './extras.js';
import { writeRequest } from './write-request.js';

const plain: ModelTraits = { reasoning: 'none', sampling: 'both', efforts: [], maxOutputTokens: 32_768 };
const always: ModelTraits = {
  reasoning: 'always',
  sampling: 'none',
  efforts: ['low', 'medium', 'high'],
  maxOutputTokens: 100_000,
};
const asked: ModelTraits = { ...always, reasoning: 'asked', sampling: 'both', efforts: ['none', 'low', 'high'] };
const hi = [{ role: 'user', content: 'hi' }];
const input = (text: string) => ({ type: 'input_text', text });
const said = (role: string, ...content: (object | string)[]) => ({
  type: 'message',
  role,
  content: typeof content[0] === 'string' ? content[0] : content,
});
const tool = { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } };
const call = (id: string, args: string) => ({ id, type: 'function', function: { name: 'f', arguments: args } });

function written(fields: JsonObject, traits = plain, stream = false, ...without: string[]) {
  const body: JsonObject = { model: 'm', messages: hi, ...fields };
  const before = JSON.stringify(body);
  const result = writeRequest(readRequest(body), { model: 'gpt', stream, traits, without: new Set(without) });
  expect(JSON.stringify(body)).toBe(before);
  return result;
}

const refused = (param: string) => expect.objectContaining({ code: 'unsupported_parameter', param }) as Error;
const least = { model: 'gpt', input: [said('user', 'hi')], store: false };

describe('what is said', () => {
  it('says no more than was asked, and is never stored', () => {
    expect(written({ store: true })).toMatchObject({ body: least, dropped: ['store'] });
    expect(Object.keys(written({}).body)).toEqual(Object.keys(least));
    expect(written({}, plain, true).body).toEqual({ ...least, stream: true });
  });

  it('keeps every message where it was', () => {
    const { body } = written({
      messages: [
        { role: 'system', content: 'One.' },
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b' },
        { role: 'developer', content: 'Two.' },
        { role: 'user', content: [{ type: 'text', text: '' }] },
      ],
    });
    expect(body.input).toEqual([
      said('system', 'One.'),
      said('user', 'a'),
      said('assistant', 'b'),
      said('system', 'Two.'),
    ]);
  });

  it('writes images and files, by bytes or by place, and refuses audio', () => {
    const content = [
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
      { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,BBBB' } },
      { type: 'file', file: { file_data: 'https://example.com/b.pdf' } },
      { type: 'file', file: { file_data: 'CCCC' } },
    ];
    expect(written({ messages: [{ role: 'user', content }] }).body.input).toEqual([
      said(
        'user',
        { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'auto' },
        { type: 'input_image', image_url: 'https://example.com/a.png', detail: 'auto' },
        { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,BBBB' },
        { type: 'input_file', file_url: 'https://example.com/b.pdf' },
        { type: 'input_file', filename: 'document.pdf', file_data: 'data:application/pdf;base64,CCCC' },
      ),
    ]);
    const audio = { type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } };
    expect(() => written({ messages: [{ role: 'user', content: [audio] }] })).toThrow(refused('messages.0.content.0'));
  });
});

describe('tools', () => {
  it('are flat, and not strict unless asked', () => {
    const strict = { type: 'function', function: { name: 'g', description: 'G', strict: true } };
    const { body } = written({ tools: [tool, strict], parallel_tool_calls: false });
    expect(body.tools).toEqual([
      { type: 'function', name: 'f', parameters: { type: 'object', properties: {} }, strict: false },
      {
        ...{ type: 'function', name: 'g', description: 'G', strict: true },
        parameters: { type: 'object', properties: {}, required: [], additionalProperties: false },
      },
    ]);
    expect(body).toMatchObject({ parallel_tool_calls: false });
    expect(body).not.toHaveProperty('tool_choice');
  });

  it.each([
    ['auto', undefined],
    ['none', 'none'],
    ['required', 'required'],
    [
      { type: 'function', function: { name: 'f' } },
      { type: 'function', name: 'f' },
    ],
  ])('are chosen: %j', (tool_choice, expected) => {
    expect(written({ tools: [tool], tool_choice }).body.tool_choice).toEqual(expected);
  });

  it('trap 30: calls and results are items, and long ids of other vendors fit', () => {
    const long = 'x'.repeat(40) + 'y'.repeat(40);
    const { body } = written({
      messages: [
        ...hi,
        { role: 'assistant', content: 'Two.', tool_calls: [call('a', '{"x":1}'), call(long, '')] },
        { role: 'tool', tool_call_id: 'a', content: 'A' },
        {
          role: 'tool',
          tool_call_id: long,
          content: [
            { type: 'text', text: 'B' },
            { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
          ],
        },
      ],
      tools: [tool],
    });
    const short = 'x'.repeat(32) + 'y'.repeat(32);
    expect((body.input as object[]).slice(1)).toEqual([
      said('assistant', 'Two.'),
      { type: 'function_call', call_id: 'a', name: 'f', arguments: '{"x":1}' },
      { type: 'function_call', call_id: short, name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'a', output: 'A' },
      {
        type: 'function_call_output',
        call_id: short,
        output: [input('B'), { type: 'input_image', image_url: 'https://example.com/a.png', detail: 'auto' }],
      },
    ]);
  });
});

describe('sealed items', () => {
  const seal = (value: JsonObject, callsBefore = 0, textBefore = false) => ({
    sealed: { protocol: 'openai-responses' as const, value },
    callsBefore,
    textBefore,
  });
  const reasoning = (id: string) => ({ id, type: 'reasoning', summary: [], encrypted_content: `secret ${id}` });
  const answered = (fields: JsonObject, ...seals: ReturnType<typeof seal>[]) => {
    const assistant = { role: 'assistant', ...fields, lazu_sealed: writeSeals(seals) };
    return written({ messages: [...hi, assistant] }, always);
  };

  it('come home to where they stood', () => {
    const { body, dropped } = answered(
      { content: 'I look.', reasoning_content: 'Hm.', tool_calls: [call('a', '{}'), call('b', '{}')] },
      seal(reasoning('rs_1')),
      seal({ type: 'message', phase: 'commentary' }, 0, true),
      seal(reasoning('rs_2'), 1, true),
    );
    expect((body.input as object[]).slice(1)).toEqual([
      reasoning('rs_1'),
      { ...said('assistant', 'I look.'), phase: 'commentary' },
      { type: 'function_call', call_id: 'a', name: 'f', arguments: '{}' },
      reasoning('rs_2'),
      { type: 'function_call', call_id: 'b', name: 'f', arguments: '{}' },
    ]);
    expect(dropped).toEqual([]);
  });

  it('never stand last: OpenAI refuses reasoning that led to nothing', () => {
    const items = (fields: JsonObject) =>
      (answered(fields, seal(reasoning('rs_1')), seal(reasoning('rs_2'), 0, true)).body.input as object[]).slice(1);
    expect(items({ content: 'So.' })).toEqual([reasoning('rs_1'), reasoning('rs_2'), said('assistant', 'So.')]);
    expect(items({})).toEqual([]);
  });

  it('that were made up name nothing of other tenants', () => {
    const { body, dropped } = answered(
      { content: 'So.' },
      seal({ type: 'item_reference', id: 'msg_of_another' }),
      seal({ type: 'reasoning', id: 'rs_of_another', summary: [] }),
      seal({ type: 'message', role: 'user', content: [{ type: 'input_file', file_id: 'file_of_another' }] }),
      seal({ ...reasoning('rs_1'), file_id: 'file_of_another' }),
    );
    expect((body.input as object[]).slice(1)).toEqual([reasoning('rs_1'), said('assistant', 'So.')]);
    expect(dropped).toEqual(['messages.1.lazu_sealed']);
  });

  it('of other protocols, and thoughts in the open, are dropped and named', () => {
    const foreign = { sealed: { protocol: 'gemini' as const, value: {} }, callsBefore: 0, textBefore: false };
    const messages = [{ role: 'assistant', content: 'a', reasoning_content: 'b', lazu_sealed: writeSeals([foreign]) }];
    const { body, dropped } = written({ messages }, always);
    expect(body.input).toEqual([said('assistant', 'a')]);
    expect(dropped).toEqual(['messages.0.reasoning_content', 'messages.0.lazu_sealed']);
  });
});

describe('settings', () => {
  it('are written where this protocol has them', () => {
    const schema = { type: 'object', properties: {} };
    const format = { type: 'json_schema', json_schema: { name: 'n', schema, strict: true } };
    const { body, dropped } = written({
      ...{ max_tokens: 50_000, temperature: 0, top_p: 0.5, user: 'ann', logprobs: true, top_logprobs: 2 },
      response_format: format,
    });
    expect(body).toEqual({
      ...least,
      max_output_tokens: 32_768,
      temperature: 0,
      top_p: 0.5,
      user: 'ann',
      top_logprobs: 2,
      include: ['message.output_text.logprobs'],
      text: { format: { type: 'json_schema', name: 'answer', schema, strict: true } },
    });
    expect(dropped).toEqual(['max_tokens']);
    expect(written({ max_completion_tokens: 5 })).toMatchObject({
      body: { max_output_tokens: 16 },
      dropped: ['max_completion_tokens'],
    });
  });

  it('has the word JSON said where an object of it is asked for', () => {
    const json = { response_format: { type: 'json_object' } };
    expect(written(json).body).toEqual({
      ...least,
      input: [said('system', 'Answer with a JSON object.'), said('user', 'hi')],
      text: { format: { type: 'json_object' } },
    });
    const messages = [{ role: 'user', content: 'Some JSON.' }];
    expect(written({ ...json, messages }).body.input).toEqual([said('user', 'Some JSON.')]);
  });

  it('of schemas are held to where OpenAI can, for callers who did not write them for OpenAI', () => {
    const conversation = (schema: JsonObject, strict: boolean): Conversation => {
      const chat = readRequest({
        messages: hi,
        tools: [{ type: 'function', function: { name: 'f', parameters: schema, strict } }],
        response_format: { type: 'json_schema', json_schema: { name: 'n', schema, strict } },
      });
      return { ...chat, unreadOf: undefined };
    };
    const write = (schema: JsonObject, strict: boolean) =>
      writeRequest(conversation(schema, strict), { model: 'gpt', stream: false, traits: plain });
    const closed = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] };
    expect(write(closed, true).body).toMatchObject({
      tools: [{ parameters: { ...closed, additionalProperties: false }, strict: true }],
      text: { format: { schema: { ...closed, additionalProperties: false }, strict: true } },
    });
    const loose = { type: 'object', properties: { a: { type: 'string' } } };
    expect(write(loose, true)).toMatchObject({
      body: { tools: [{ parameters: loose, strict: false }], text: { format: { schema: loose, strict: false } } },
      dropped: ['response_format.json_schema.schema/properties/a', 'tools.0.function.parameters/properties/a'],
    });
    const lost = { ...closed, not: {} };
    expect(() => write(lost, true)).toThrow(refused('response_format.json_schema.schema'));
    expect(write(lost, false).body).toMatchObject({ text: { format: { schema: lost, strict: false } } });
  });

  it('that it lacks are refused or dropped by name', () => {
    expect(() => written({ stop: 'END' })).toThrow(refused('stop'));
    const { body, dropped } = written({ seed: 1, presence_penalty: 1, frequency_penalty: 1, prediction: {} });
    expect(body).toEqual(least);
    expect([...dropped].sort()).toEqual(['frequency_penalty', 'prediction', 'presence_penalty', 'seed']);
  });

  it.each([
    [always, undefined, { summary: 'auto' }, []],
    [always, 'high', { effort: 'high', summary: 'auto' }, []],
    [always, 'max', { effort: 'high', summary: 'auto' }, ['reasoning_effort']],
    [always, 'none', { effort: 'low', summary: 'auto' }, ['reasoning_effort']],
    [asked, undefined, undefined, []],
    [asked, 'none', { effort: 'none' }, []],
    [asked, 'medium', { effort: 'low', summary: 'auto' }, ['reasoning_effort']],
    [asked, 'minimal', { effort: 'low', summary: 'auto' }, ['reasoning_effort']],
    [{ ...always, efforts: [] }, 'low', { summary: 'auto' }, ['reasoning_effort']],
    [plain, 'none', undefined, []],
    [plain, 'low', undefined, ['reasoning_effort']],
  ] as const)('effort for %j: %s', (traits, reasoning_effort, reasoning, dropped) => {
    const result = written({ reasoning_effort }, traits);
    expect([result.body.reasoning, result.dropped]).toEqual([reasoning, dropped]);
    const include = traits.reasoning === 'none' ? undefined : ['reasoning.encrypted_content'];
    expect(result.body.include).toEqual(include);
  });

  it("that are OpenAI's own go from one of its dialects to the other", () => {
    const own = { service_tier: 'flex', metadata: { a: 'b' }, prompt_cache_key: 'k', safety_identifier: 's' };
    const { body, dropped } = written({ ...own, verbosity: 'low', response_format: { type: 'json_object' } });
    expect(body).toMatchObject({ ...own, text: { format: { type: 'json_object' }, verbosity: 'low' } });
    expect(dropped).toEqual([]);
  });

  it('of sampling go where the model has them', () => {
    const hot = { temperature: 0.2, top_p: 0.9 };
    expect(written(hot, always).dropped).toEqual(['temperature', 'top_p']);
    expect(written(hot, asked).body).toMatchObject(hot);
    expect(written({ ...hot, reasoning_effort: 'low' }, asked).dropped).toEqual(['temperature', 'top_p']);
    expect(written(hot, { ...always, sampling: 'both' }).body).toMatchObject(hot);
    expect(() => written({ logprobs: true }, always)).toThrow(refused('logprobs'));
    expect(written({ logprobs: true }, asked).body).toMatchObject({ top_logprobs: 0 });
  });
});

describe('what is asked for on top', () => {
  const error = (fields: object) => JSON.stringify({ error: { type: 'invalid_request_error', ...fields } });
  const seals = writeSeals([
    {
      sealed: { protocol: 'openai-responses', value: { type: 'reasoning', summary: [], encrypted_content: 'e' } },
      callsBefore: 0,
      textBefore: false,
    },
  ]);
  const messages = [...hi, { role: 'assistant', content: 'a', lazu_sealed: seals }, ...hi];

  it.each([
    [{ param: 'reasoning.summary', message: 'Your organization must be verified' }, 'a summary of the reasoning', true],
    [{ param: 'include', message: 'Encrypted content is not supported with this model.' }, 'encrypted reasoning', true],
    [{ code: 'invalid_encrypted_content', message: 'x' }, 'sealed items', false],
    [{ message: 'The encrypted content gAAA could not be verified.' }, 'sealed items', false],
  ])('is known by the words that refuse it: %j', (fields, extra, lasting) => {
    expect(refusedExtra!(error(fields))).toEqual({ extra, lasting });
  });

  it('is nothing that a caller asked for', () => {
    expect(refusedExtra!(error({ param: 'temperature', message: 'Unsupported parameter' }))).toBeUndefined();
    expect(refusedExtra!('<html>')).toBeUndefined();
  });

  it('is left out where it was refused, and what goes missing with it is named', () => {
    const { body } = written({ reasoning_effort: 'low' }, always, false, EXTRAS.summary, EXTRAS.encrypted);
    expect(body).toEqual({ ...least, reasoning: { effort: 'low' } });
    const without = written({ messages }, always, false, EXTRAS.seals);
    expect(without.body.input).toEqual([said('user', 'hi'), said('assistant', 'a'), said('user', 'hi')]);
    expect(without.dropped).toEqual(['messages.1.lazu_sealed']);
  });
});
