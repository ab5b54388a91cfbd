import type { ToolResultBlock } from '../conversation.js';
import type { JsonObject } from '../protocol.js';
import { writeCarried } from './carried.js';
import { readRequest } from './read-request.js';

const user = (...parts: JsonObject[]) => ({ role: 'user', parts });
const model = (...parts: JsonObject[]) => ({ role: 'model', parts });
const hello = user({ text: 'Hello' });
const read = (body: JsonObject) => readRequest({ contents: [hello], ...body });
const settingsOf = (generationConfig: JsonObject) => read({ generationConfig }).settings;

describe('a request to Gemini in neutral form', () => {
  it('has its instructions, turns and media', () => {
    const { turns } = read({
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      contents: [
        user(
          { text: 'Look' },
          { inlineData: { mimeType: 'image/png', data: '-_8=' } },
          { inline_data: { mime_type: 'audio/mpeg', data: 'AAAA' } },
          { inlineData: { mimeType: 'application/pdf', data: 'JVBE' } },
          { fileData: { mimeType: 'image/jpeg', fileUri: 'https://example.com/a.jpg' } },
        ),
        model({ text: 'Hmm.', thought: true }, { text: 'I see.' }),
      ],
    });
    expect(turns).toEqual([
      { role: 'system', blocks: [{ type: 'text', text: 'Be brief.', path: 'systemInstruction.parts.0' }] },
      {
        role: 'user',
        blocks: [
          { type: 'text', text: 'Look', path: 'contents.0.parts.0' },
          {
            type: 'image',
            source: { kind: 'bytes', mediaType: 'image/png', data: '+/8=' },
            path: 'contents.0.parts.1.inlineData',
          },
          { type: 'audio', format: 'mp3', data: 'AAAA', path: 'contents.0.parts.2.inlineData' },
          {
            type: 'file',
            name: undefined,
            source: { kind: 'bytes', mediaType: 'application/pdf', data: 'JVBE' },
            path: 'contents.0.parts.3.inlineData',
          },
          {
            type: 'image',
            source: { kind: 'url', url: 'https://example.com/a.jpg' },
            path: 'contents.0.parts.4.fileData',
          },
        ],
      },
      {
        role: 'assistant',
        blocks: [
          { type: 'reasoning', text: 'Hmm.', path: 'contents.1.parts.0' },
          { type: 'text', text: 'I see.', path: 'contents.1.parts.1' },
        ],
      },
    ]);
  });

  it('reads what a client kept in pieces, as it streamed, as one text', () => {
    const { turns } = read({
      contents: [
        hello,
        model({ text: 'Let me ', thought: true }),
        model({ text: 'think.', thought: true }),
        model({ text: 'I ' }),
        model({ text: 'see.' }, { functionCall: { name: 'a', args: {} } }),
        user({ text: 'One' }, { text: 'Two' }),
      ],
    });
    const signed = model({ text: 'A' }, { text: 'B', thoughtSignature: 'c2ln' });
    expect(read({ contents: [hello, signed] }).turns[1]!.blocks).toMatchObject([{ text: 'A' }, { text: 'B' }, {}]);
    expect(turns.slice(1)).toMatchObject([
      {
        role: 'assistant',
        blocks: [{ type: 'reasoning', text: 'Let me think.' }, { type: 'text', text: 'I see.' }, { type: 'tool-call' }],
      },
      { role: 'user', blocks: [{ text: 'One' }, { text: 'Two' }] },
    ]);
  });

  it('gives calls without an id one, and finds their results by name and order', () => {
    const call = (name: string, id?: string) => ({ functionCall: { name, args: { of: name }, ...(id && { id }) } });
    const result = (name: string, output: unknown, id?: string) => ({
      functionResponse: { name, response: { output }, ...(id && { id }) },
    });
    const { turns } = read({
      contents: [
        hello,
        model(call('a'), call('b'), call('a'), call('c', 'own')),
        { role: 'function', parts: [result('a', 'first'), result('a', 'second'), result('c', { x: 1 }, 'own')] },
        user(result('b', 'third')),
      ],
    });
    const ids = turns[1]!.blocks.map(block => block.type === 'tool-call' && [block.id, block.input]);
    expect(ids).toEqual([
      ['call_0', '{"of":"a"}'],
      ['call_1', '{"of":"b"}'],
      ['call_2', '{"of":"a"}'],
      ['own', '{"of":"c"}'],
    ]);
    const results = turns
      .slice(2)
      .flatMap(({ blocks }) =>
        blocks.map(
          block =>
            block.type === 'tool-result' && [block.callId, block.content.map(one => one.type === 'text' && one.text)],
        ),
      );
    expect(results).toEqual([
      ['call_0', ['first']],
      ['call_2', ['second']],
      ['own', ['{"x":1}']],
      ['call_1', ['third']],
    ]);
  });

  it('reads what a function gave whole when it names no output', () => {
    const contents = (response: object, more = {}) => [
      hello,
      model({ functionCall: { name: 'f' } }),
      user({ functionResponse: { name: 'f', response, ...more } }),
    ];
    const resultOf = (response: object, more = {}) =>
      read({ contents: contents(response, more) }).turns[2]!.blocks[0] as ToolResultBlock;
    const given = (response: object, more = {}) =>
      resultOf(response, more).content.map(one => (one.type === 'text' ? one.text : one.source));
    expect(given({ temperature: 20, unit: 'C' })).toEqual(['{"temperature":20,"unit":"C"}']);
    expect(given({ error: 'no' })).toEqual(['no']);
    expect([resultOf({ error: 'no' }).isError, resultOf({ error: 'no', code: 1 }).isError]).toEqual([true, undefined]);
    expect(given({ error: { code: 1 } })).toEqual(['{"code":1}']);
    expect(given({})).toEqual([]);
    expect([given({ output: '{}' }), given({ output: {} }), given({ output: '' })]).toEqual([['{}'], ['{}'], []]);
    const parts = [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }];
    expect(given({ output: 'see' }, { parts })).toEqual([
      'see',
      { kind: 'bytes', mediaType: 'image/png', data: 'AAAA' },
    ]);
  });

  it('keeps Google’s own signatures with what they sign', () => {
    const { turns } = read({
      contents: [
        hello,
        model(
          { text: 'T', thought: true, thoughtSignature: 'c2ln' },
          { text: 'A' },
          { text: '', thought_signature: 'c2lo' },
        ),
        user({ text: 'and?' }),
        model({ functionCall: { id: 'c', name: 'f' }, thoughtSignature: 'c2lp' }, { executableCode: { code: '1' } }),
      ],
    });
    const sealed = turns.flatMap(({ blocks }) =>
      blocks.flatMap(block => (block.type === 'opaque' ? [block.sealed] : [])),
    );
    expect(sealed.map(({ value }) => value)).toEqual([
      { signs: 'thought', signature: 'c2ln' },
      { signs: 'text', signature: 'c2lo' },
      { signs: 'call', id: 'c', signature: 'c2lp' },
      { signs: 'part', part: { executableCode: { code: '1' } } },
    ]);
  });

  it('trap 31: brings signed blocks of other protocols home to where they stood, also from an answer that streamed', () => {
    const thought = {
      protocol: 'anthropic-messages' as const,
      value: { type: 'thinking', thinking: 'Hm', signature: 's' },
    };
    const first = { sealed: thought, textBefore: false };
    const second = { sealed: thought, textBefore: true };
    const { turns } = read({
      contents: [
        hello,
        model({ text: 'Let me' }),
        model({ text: ' look.' }),
        model({ functionCall: { name: 'f' }, thoughtSignature: writeCarried([first, second]) }),
        model({ text: '', thoughtSignature: writeCarried([first]) }),
      ],
    });
    expect(turns).toHaveLength(2);
    expect(turns[1]!.blocks.map(block => (block.type === 'text' ? block.text : block.type))).toEqual([
      'opaque',
      'Let me look.',
      'opaque',
      'tool-call',
      'opaque',
    ]);
  });

  it('reads the settings, and leaves defaults unsaid', () => {
    expect(
      settingsOf({
        maxOutputTokens: 9,
        temperature: 0.5,
        top_p: 0.9,
        topK: 40,
        stopSequences: ['x'],
        seed: 7,
        presencePenalty: 1,
        frequencyPenalty: -1,
        responseLogprobs: true,
        logprobs: 3,
      }),
    ).toMatchObject({
      maxOutputTokens: 9,
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      stop: ['x'],
      seed: 7,
      presencePenalty: 1,
      frequencyPenalty: -1,
      logprobs: 3,
    });
    const unsaid = settingsOf({ temperature: 1, topP: 1, stopSequences: [], responseMimeType: 'text/plain' });
    expect(Object.values(unsaid).filter(value => value !== undefined)).toEqual([]);
  });

  it.each([
    [{ thinkingBudget: 0 }, 'none'],
    [{ thinkingBudget: -1 }, undefined],
    [{ thinkingBudget: 1_024 }, 'minimal'],
    [{ thinkingBudget: 8_192 }, 'medium'],
    [{ thinkingBudget: 24_576 }, 'xhigh'],
    [{ thinking_budget: 100_000 }, 'max'],
    [{ thinkingLevel: 'LOW' }, 'low'],
    [{ thinkingLevel: 'high' }, 'high'],
    [{ includeThoughts: true }, undefined],
  ])('%j is the effort %s', (thinkingConfig, effort) => {
    expect(settingsOf({ thinkingConfig }).effort).toBe(effort);
  });

  it('reads Google’s schema as JSON schema', () => {
    const responseSchema = {
      type: 'OBJECT',
      properties: {
        name: { type: 'STRING', nullable: true, maxLength: '5' },
        age: { type: 'INTEGER', format: 'int32' },
        tags: { type: 'ARRAY', items: { anyOf: [{ type: 'STRING' }, { type: 'NUMBER' }] }, min_items: '1' },
      },
      required: ['name'],
      propertyOrdering: ['age', 'name'],
    };
    expect(settingsOf({ responseMimeType: 'application/json', responseSchema }).outputFormat).toEqual({
      kind: 'schema',
      strict: false,
      path: 'generationConfig.responseSchema',
      schema: {
        type: 'object',
        properties: {
          name: { type: ['string', 'null'], maxLength: 5 },
          age: { type: 'integer' },
          tags: { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'number' }] }, minItems: 1 },
        },
        required: ['name'],
        additionalProperties: false,
      },
    });
  });

  it('holds others to a schema that every one of them can be held to', () => {
    const responseSchema = { type: 'OBJECT', properties: { a: { type: 'STRING' } }, required: ['a'] };
    const format = settingsOf({ responseMimeType: 'application/json', responseSchema }).outputFormat;
    expect(format).toMatchObject({ kind: 'schema', strict: true });
    const open = { type: 'object', properties: { a: {} }, required: ['a'] };
    const json = settingsOf({ responseMimeType: 'application/json', responseJsonSchema: open }).outputFormat;
    expect(json).toEqual({ kind: 'schema', schema: open, strict: false, path: 'generationConfig.responseJsonSchema' });
    expect(settingsOf({ responseMimeType: 'application/json' }).outputFormat).toEqual({ kind: 'json' });
    const text = { mimeType: 'APPLICATION_JSON', schema: open };
    expect(settingsOf({ responseFormat: { text } }).outputFormat).toMatchObject({ kind: 'schema', schema: open });
  });

  it('reads tools and what may be called', () => {
    const tools = [
      { functionDeclarations: [{ name: 'a', description: 'A', parameters: { type: 'OBJECT', properties: {} } }] },
      { function_declarations: [{ name: 'b', parametersJsonSchema: { type: 'object' } }, { name: 'c' }] },
    ];
    const choose = (mode: string, allowedFunctionNames?: string[]) => {
      const { tools: offered, settings } = read({
        tools,
        toolConfig: { functionCallingConfig: { mode, allowedFunctionNames } },
      });
      return [offered.map(({ name }) => name).join(''), settings.toolChoice];
    };
    expect(read({ tools }).tools[0]).toEqual({
      name: 'a',
      description: 'A',
      schema: { type: 'object', properties: {}, additionalProperties: false },
      strict: false,
      path: 'tools.0.functionDeclarations.0.parameters',
    });
    expect(choose('AUTO')).toEqual(['abc', undefined]);
    expect(choose('NONE')).toEqual(['abc', { mode: 'none' }]);
    expect(choose('ANY')).toEqual(['abc', { mode: 'required' }]);
    expect(choose('ANY', ['b'])).toEqual(['b', { mode: 'one', name: 'b' }]);
    expect(choose('ANY', ['a', 'b'])).toEqual(['ab', { mode: 'required' }]);
    expect(choose('VALIDATED', ['c'])).toEqual(['c', undefined]);
  });

  it('reports hints that only Google knows', () => {
    const { unread } = read({
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
      labels: { team: 'a' },
      serviceTier: 'standard',
      store: false,
      generationConfig: { mediaResolution: 'MEDIA_RESOLUTION_LOW', responseModalities: ['TEXT'] },
      toolConfig: { retrievalConfig: {} },
    });
    expect(unread).toEqual([
      'safetySettings',
      'labels',
      'generationConfig.mediaResolution',
      'toolConfig.retrievalConfig',
    ]);
  });

  it.each([
    [{ tools: [{ googleSearch: {} }] }, 'tools.0.googleSearch'],
    [{ tools: [{ functionDeclarations: [] }, { code_execution: {} }] }, 'tools.1.codeExecution'],
    [{ tools: [{ urlContext: {} }] }, 'tools.0.urlContext'],
    [{ generationConfig: { responseModalities: ['IMAGE'] } }, 'generationConfig.responseModalities'],
    [{ generationConfig: { speechConfig: {} } }, 'generationConfig.speechConfig'],
    [{ generationConfig: { responseMimeType: 'text/x.enum' } }, 'generationConfig.responseMimeType'],
    [{ contents: [user({ fileData: { fileUri: 'https://youtu.be/x' } })] }, 'contents.0.parts.0.fileData.mimeType'],
    [{ contents: [user({ inlineData: { mimeType: 'video/mp4', data: 'AA' } })] }, 'contents.0.parts.0.inlineData'],
    [{ contents: [user({ text: 'x', videoMetadata: {} })] }, 'contents.0.parts.0.videoMetadata'],
    [{ contents: [user({ unheard: 1 })] }, 'contents.0.parts.0'],
    [{ contents: [{ role: 'system', parts: [{ text: 'x' }] }] }, 'contents.0.role'],
  ])('%j is refused where it would be missed, naming %s', (body, param) => {
    expect(() => read(body)).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param }) as Error);
  });

  it('refuses a result of no call', () => {
    const contents = [user({ functionResponse: { name: 'f', response: {} } })];
    const error = expect.objectContaining({
      code: 'invalid_request',
      param: 'contents.0.parts.0.functionResponse',
    }) as Error;
    expect(() => read({ contents })).toThrow(error);
  });
});
