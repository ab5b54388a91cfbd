import { readRequest } from '../openai-chat/read-request.js';
import { writeSeals } from '../openai-chat/sealed.js';
import type { JsonObject, ModelTraits } from '../protocol.js';
import { seal, type Seal } from './seals.js';
import { writeRequest } from './write-request.js';

const second: ModelTraits = {
  ...{ reasoning: 'default', sampling: 'both', efforts: [], maxOutputTokens: 65_536 },
  thinkingTokens: [1, 24_576],
};
const third: ModelTraits = {
  ...{ reasoning: 'always', sampling: 'both', efforts: ['low', 'medium', 'high'], maxOutputTokens: 65_536 },
  signedCalls: true,
};
const hi = [{ role: 'user', content: 'hi' }];
const tool = { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } };
const call = (id: string, input = '{}') => ({ id, type: 'function', function: { name: `f_${id}`, arguments: input } });
const result = (tool_call_id: string, content: unknown) => ({ role: 'tool', tool_call_id, content });

function written(fields: JsonObject, traits = second) {
  const body: JsonObject = { model: 'm', messages: hi, ...fields };
  const before = JSON.stringify(body);
  const written = writeRequest(readRequest(body), { model: 'gemini', stream: false, traits });
  expect(JSON.stringify(body)).toBe(before);
  return written as { body: any; dropped: string[] };
}
const config = (fields: JsonObject, traits = second) => written(fields, traits).body.generationConfig as unknown;
const contents = (messages: readonly unknown[], traits = second) =>
  written({ messages }, traits).body.contents as { role: string; parts: JsonObject[] }[];
const refused = (param: string) => expect.objectContaining({ code: 'unsupported_parameter', param }) as Error;
const least = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] };

describe('what is said', () => {
  it('says no more than was asked', () => {
    expect(written({})).toEqual({ body: least, dropped: [] });
  });

  it('reads defaults that clients send unasked as nothing', () => {
    const defaults = {
      ...{ temperature: 1, top_p: 1, presence_penalty: 0, frequency_penalty: 0, n: 1, logprobs: false, logit_bias: {} },
      ...{ response_format: { type: 'text' }, tool_choice: 'auto', parallel_tool_calls: true, stop: [], tools: [] },
    };
    expect(written(defaults)).toEqual({ body: least, dropped: [] });
  });

  it('groups turns, and hoists what the system says', () => {
    const messages = [
      { role: 'system', content: 'One.' },
      { role: 'user', content: 'a' },
      { role: 'user', content: '' },
      { role: 'developer', content: 'Two.' },
      { role: 'user', content: 'b' },
      { role: 'assistant', content: 'c' },
      { role: 'user', content: 'd' },
    ];
    expect(written({ messages }).body).toEqual({
      systemInstruction: { parts: [{ text: 'One.' }, { text: 'Two.' }] },
      contents: [
        { role: 'user', parts: [{ text: 'a' }, { text: 'b' }] },
        { role: 'model', parts: [{ text: 'c' }] },
        { role: 'user', parts: [{ text: 'd' }] },
      ],
    });
  });

  it('takes images, sound and documents as bytes, and no place to fetch them from', () => {
    const content = [
      { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
      { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
      { type: 'input_audio', input_audio: { data: 'SUQz', format: 'mp3' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
    ];
    expect(contents([{ role: 'user', content }])[0]?.parts).toEqual([
      { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } },
      { inlineData: { mimeType: 'audio/wav', data: 'UklGRg==' } },
      { inlineData: { mimeType: 'audio/mp3', data: 'SUQz' } },
      { inlineData: { mimeType: 'application/pdf', data: 'JVBERi0=' } },
    ]);
    const url = [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }];
    expect(() => contents([{ role: 'user', content: url }])).toThrow(refused('messages.0.content.0'));
    expect(() => contents([{ role: 'system', content }, ...hi])).toThrow(refused('messages.0.content.0'));
  });

  it('needs somebody to answer', () => {
    expect(() => contents([{ role: 'system', content: 'x' }])).toThrow(
      expect.objectContaining({ code: 'invalid_value', param: 'messages' }) as Error,
    );
  });

  it('says which marks for the cache were not heard', () => {
    const content = [{ type: 'text', text: 'long', cache_control: { type: 'ephemeral' } }];
    expect(written({ messages: [{ role: 'user', content }] }).dropped).toEqual(['messages.0.content.0.cache_control']);
  });
});

describe('tools', () => {
  it.each([
    ['none', { mode: 'NONE' }],
    ['required', { mode: 'ANY' }],
    [
      { type: 'function', function: { name: 'f' } },
      { mode: 'ANY', allowedFunctionNames: ['f'] },
    ],
  ])('choice %j: %j', (tool_choice, functionCallingConfig) => {
    expect(written({ tools: [tool], tool_choice }).body).toMatchObject({ toolConfig: { functionCallingConfig } });
  });

  it('are declared by JSON schema, and strict ones are held to it', () => {
    const parameters = { type: 'object', properties: { a: { type: 'string', minLength: 2 } } };
    const strict = { type: 'function', function: { name: 'g', description: 'G.', parameters, strict: true } };
    const { body, dropped } = written({ tools: [tool, strict, { type: 'function', function: { name: 'h' } }] });
    expect(body.tools).toEqual([
      {
        functionDeclarations: [
          { name: 'f', parametersJsonSchema: { type: 'object', properties: {} } },
          {
            name: 'g',
            description: 'G.',
            parametersJsonSchema: { type: 'object', properties: { a: { type: 'string' } } },
          },
          { name: 'h' },
        ],
      },
    ]);
    expect(body.toolConfig).toEqual({ functionCallingConfig: { mode: 'VALIDATED' } });
    expect(dropped).toEqual(['tools.1.function.parameters/properties/a/minLength']);
    expect(written({ tools: [tool], parallel_tool_calls: false }).dropped).toEqual(['parallel_tool_calls']);
  });

  const asked = [
    ...hi,
    { role: 'assistant', content: 'I look.', tool_calls: [call('a', '{"x":1}'), call('b', 'no json')] },
    result('b', 'two'),
    { role: 'tool', tool_call_id: 'a', content: [{ type: 'text', text: 'one' }] },
    { role: 'user', content: 'Well?' },
  ];

  it('trap 30: all results of one turn come in one, in the order of the calls', () => {
    expect(contents(asked).slice(1)).toEqual([
      {
        role: 'model',
        parts: [
          { text: 'I look.' },
          { functionCall: { name: 'f_a', args: { x: 1 } } },
          { functionCall: { name: 'f_b', args: { arguments: 'no json' } } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { name: 'f_a', response: { output: 'one' } } },
          { functionResponse: { name: 'f_b', response: { output: 'two' } } },
          { text: 'Well?' },
        ],
      },
    ]);
  });

  it('trap 32: calls that another vendor made are signed with what Google has for them, once in each answer', () => {
    expect(contents(asked, third).slice(1, 3)).toEqual([
      {
        role: 'model',
        parts: [
          { text: 'I look.' },
          {
            functionCall: { id: 'a', name: 'f_a', args: { x: 1 } },
            thoughtSignature: 'skip_thought_signature_validator',
          },
          { functionCall: { id: 'b', name: 'f_b', args: { arguments: 'no json' } } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'a', name: 'f_a', response: { output: 'one' } } },
          { functionResponse: { id: 'b', name: 'f_b', response: { output: 'two' } } },
          { text: 'Well?' },
        ],
      },
    ]);
  });

  it('ids that stand for those that Gemini did not give are not sent', () => {
    const messages = [...hi, { role: 'assistant', tool_calls: [call('gemini-r-0')] }, result('gemini-r-0', 'one')];
    expect(JSON.stringify(contents(messages, third))).not.toContain('"id"');
  });

  it('images in results stand inside, or beside for older models', () => {
    // OpenAI's own shape has text only in results; other dialects have images too.
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,aQ==' } };
    const messages = [...hi, { role: 'assistant', tool_calls: [call('a')] }, result('a', [image])];
    const media = { inlineData: { mimeType: 'image/png', data: 'aQ==' } };
    expect(contents(messages, third).at(-1)?.parts).toEqual([
      { functionResponse: { id: 'a', name: 'f_a', response: { output: '' }, parts: [media] } },
    ]);
    expect(contents(messages).at(-1)?.parts).toEqual([
      { functionResponse: { name: 'f_a', response: { output: '' } } },
      media,
    ]);
  });
});

describe('trap 32: what Gemini sealed comes home to the part that it stood on', () => {
  const sealed = (...seals: readonly [Seal, callsBefore: number, textBefore: boolean][]) =>
    writeSeals(seals.map(([value, callsBefore, textBefore]) => ({ sealed: seal(value), callsBefore, textBefore })));
  const answered = (fields: JsonObject, traits = third) =>
    contents([...hi, { role: 'assistant', content: null, ...fields }, ...hi], traits)[1]?.parts;

  it('calls, wherever the seal stands', () => {
    const lazu_sealed = sealed(
      [{ signs: 'call', id: 'b', signature: 's2' }, 0, false],
      [{ signs: 'call', id: 'a', signature: 's1' }, 2, true],
    );
    expect(answered({ tool_calls: [call('a'), call('b')], lazu_sealed })).toEqual([
      { functionCall: { id: 'a', name: 'f_a', args: {} }, thoughtSignature: 's1' },
      { functionCall: { id: 'b', name: 'f_b', args: {} }, thoughtSignature: 's2' },
    ]);
  });

  it('text, thoughts, and a signature that stands alone', () => {
    const lazu_sealed = sealed(
      [{ signs: 'thought', signature: 't' }, 0, false],
      [{ signs: 'text', signature: 's' }, 0, true],
      [{ signs: 'text', signature: 'alone' }, 0, true],
    );
    expect(answered({ reasoning_content: 'Hm.', content: 'Hi.', lazu_sealed })).toEqual([
      { text: 'Hm.', thought: true, thoughtSignature: 't' },
      { text: 'Hi.', thoughtSignature: 's' },
      { text: '', thoughtSignature: 'alone' },
    ]);
  });

  it('unsigned thoughts stay behind, named unless the answer was sealed', () => {
    const unsealed = { role: 'assistant', content: 'Hi.', reasoning_content: 'Hm.' };
    expect(written({ messages: [...hi, unsealed] })).toMatchObject({ dropped: ['messages.1.reasoning_content'] });
    const lazu_sealed = sealed([{ signs: 'text', signature: 's' }, 0, true]);
    expect(written({ messages: [...hi, { ...unsealed, lazu_sealed }] }).dropped).toEqual([]);
  });

  it('parts of its own tools, with text fields only, and nothing that a caller made up', () => {
    const executableCode = { language: 'PYTHON', code: 'print(1)', extra: { fileUri: 'x' } };
    const lazu_sealed = sealed(
      [{ signs: 'part', part: { executableCode, fileData: { fileUri: 'files/of-another' } } }, 0, false],
      [{ signs: 'part', part: { fileData: { fileUri: 'files/of-another' } } }, 0, false],
      [{ signs: 'call', id: 'of nobody', signature: 's' }, 0, false],
    );
    expect(answered({ content: 'Hi.', lazu_sealed })).toEqual([
      { executableCode: { language: 'PYTHON', code: 'print(1)' } },
      { text: 'Hi.' },
    ]);
  });

  it('seals of other protocols are dropped and named', () => {
    const other = { sealed: { protocol: 'anthropic-messages' as const, value: { type: 'thinking' } } };
    const lazu_sealed = writeSeals([{ ...other, callsBefore: 0, textBefore: false }]);
    const messages = [...hi, { role: 'assistant', content: 'Hi.', lazu_sealed }];
    expect(written({ messages }).dropped).toEqual(['messages.1.lazu_sealed']);
  });
});

describe('settings', () => {
  it('takes five sequences that stop it, and no more', () => {
    const stop = ['a', 'b', 'c', 'd', 'e', 'f'];
    const conversation = { ...readRequest({ model: 'm', messages: hi }), settings: { stop } };
    const to = { model: 'gemini', stream: false, traits: second };
    expect(() => writeRequest(conversation, to)).toThrow(refused('stop'));
    const { body } = writeRequest({ ...conversation, settings: { stop: stop.slice(1) } }, to);
    expect(body).toMatchObject({ generationConfig: { stopSequences: stop.slice(1) } });
  });

  it('names the tier of service, where its host hears of tiers', () => {
    expect(written({ service_tier: 'flex' }).body).toEqual({ ...least, serviceTier: 'flex' });
    const deaf = written({ service_tier: 'flex' }, { ...second, lacks: ['serviceTier'] });
    expect(deaf).toMatchObject({ body: least, dropped: ['service_tier'] });
  });

  it('are called by their names', () => {
    const fields = {
      ...{ max_tokens: 100_000, temperature: 0.3, top_p: 0.9, stop: ['a'], seed: 7 },
      ...{ presence_penalty: 2, frequency_penalty: -1, logprobs: true, top_logprobs: 3, user: 'ann' },
    };
    const { body, dropped } = written(fields);
    expect(body.generationConfig).toEqual({
      ...{ maxOutputTokens: 65_536, temperature: 0.3, topP: 0.9, stopSequences: ['a'], seed: 7 },
      ...{ presencePenalty: 1.99, frequencyPenalty: -1, responseLogprobs: true, logprobs: 3 },
    });
    expect(dropped.sort()).toEqual(['max_tokens', 'presence_penalty', 'user']);
    expect(written({ seed: 4_000_000_000 }).dropped).toEqual(['seed']);
  });

  it('that the model lacks are dropped, or refused where they would be missed', () => {
    const lacking: ModelTraits = { ...third, sampling: 'none', lacks: ['presencePenalty', 'logprobs'] };
    const { body, dropped } = written({ temperature: 0.5, presence_penalty: 1 }, lacking);
    expect(body).toEqual(least);
    expect(dropped).toEqual(['temperature', 'presence_penalty']);
    expect(() => written({ logprobs: true }, lacking)).toThrow(refused('logprobs'));
  });
});

describe('reasoning_effort', () => {
  const thinkingConfig = (effort: string, traits: ModelTraits, more: JsonObject = {}) => {
    const { body, dropped } = written({ reasoning_effort: effort, ...more }, traits);
    return [body.generationConfig?.thinkingConfig, dropped];
  };
  const always: ModelTraits = { ...second, reasoning: 'always', thinkingTokens: [128, 32_768] };
  const minimal: ModelTraits = { ...third, efforts: ['minimal', 'low', 'medium', 'high'] };
  const pro: ModelTraits = { ...third, efforts: ['low', 'high'] };

  it.each([
    ['low', second, 1_024],
    ['medium', second, 8_192],
    ['high', second, 24_576],
    ['max', always, 32_768],
  ])('%s is a number of tokens: %j', (effort, traits, thinkingBudget) => {
    expect(thinkingConfig(effort, traits)).toEqual([{ thinkingBudget, includeThoughts: true }, []]);
  });

  it('leaves room for the answer, and thinks no less than the model can', () => {
    expect(thinkingConfig('high', second, { max_tokens: 1_000 })[0]).toMatchObject({ thinkingBudget: 800 });
    expect(thinkingConfig('high', always, { max_tokens: 100 })[0]).toMatchObject({ thinkingBudget: 128 });
  });

  it.each([
    ['minimal', minimal, 'MINIMAL', true],
    ['minimal', third, 'LOW', false],
    ['medium', third, 'MEDIUM', true],
    ['medium', pro, 'HIGH', false],
    ['xhigh', third, 'HIGH', false],
  ])('%s is a level', (effort, traits, thinkingLevel, kept) => {
    expect(thinkingConfig(effort, traits)).toEqual([
      { thinkingLevel, includeThoughts: true },
      kept ? [] : ['reasoning_effort'],
    ]);
  });

  it('none: as the model can', () => {
    expect(thinkingConfig('none', second)).toEqual([{ thinkingBudget: 0 }, []]);
    expect(thinkingConfig('none', always)).toEqual([{ thinkingBudget: 128 }, ['reasoning_effort']]);
    expect(thinkingConfig('none', minimal)).toEqual([{ thinkingLevel: 'MINIMAL' }, ['reasoning_effort']]);
    const never: ModelTraits = { ...second, reasoning: 'none' };
    expect(thinkingConfig('none', never)).toEqual([undefined, []]);
    expect(thinkingConfig('low', never)).toEqual([undefined, ['reasoning_effort']]);
  });
});

describe('formats', () => {
  const format = (schema: JsonObject, strict = false) => ({
    response_format: { type: 'json_schema', json_schema: { name: 'x', schema, strict } },
  });

  it('any JSON, or JSON by a schema', () => {
    expect(config({ response_format: { type: 'json_object' } })).toEqual({ responseMimeType: 'application/json' });
    expect(config(format({ type: 'object' }, true))).toEqual({
      responseMimeType: 'application/json',
      responseJsonSchema: { type: 'object' },
    });
  });

  it('a strict schema that cannot be held to is refused by JSON pointer, another is loosened and named', () => {
    const schema = { type: 'object', properties: { 'a/b': { type: 'string', pattern: 'x' } } };
    expect(() => config(format(schema, true))).toThrow(
      expect.objectContaining({
        code: 'unsupported_parameter',
        param: 'response_format.json_schema.schema',
        message: expect.stringContaining('/properties/a~1b/pattern') as string,
      }) as Error,
    );
    expect(written(format(schema)).dropped).toEqual(['response_format.json_schema.schema/properties/a~1b/pattern']);
  });
});
