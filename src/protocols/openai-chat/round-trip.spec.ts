import fc from 'fast-check';
import type { JsonObject, ModelTraits } from '../protocol.js';
import { readRequest } from './read-request.js';
import { writeRequest } from './write-request.js';

const traits: ModelTraits = {
  ...{ maxOutputTokens: undefined, reasoning: 'asked', sampling: 'both', thoughtsBack: 'reasoning_content' },
  efforts: ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'],
  cacheLifetimes: ['5m', '1h'],
};

const word = fc.string({ minLength: 1, maxLength: 8 });
const name = fc.stringMatching(/^[a-z]{1,6}$/);
const id = fc.stringMatching(/^call_[A-Za-z0-9]{1,8}$/);
const json = fc.dictionary(name, fc.jsonValue({ depthSize: 'small' }), { maxKeys: 2 }).map(one => JSON.stringify(one));

const MARKS: readonly JsonObject[] = [
  {},
  { cache_control: { type: 'ephemeral' } },
  { cache_control: { type: 'ephemeral', ttl: '1h' } },
];
const marked = (part: fc.Arbitrary<JsonObject>) =>
  fc.tuple(part, fc.constantFrom(...MARKS)).map(([one, mark]): JsonObject => ({ ...one, ...mark }));
const text = marked(word.map(words => ({ type: 'text', text: words })));
const media = fc.oneof(
  marked(
    fc.constantFrom<JsonObject>(
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
      { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'high' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
    ),
  ),
  fc.constantFrom({ type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } }),
);
/** Text alone is a string, unless a part of it is marked. */
const content = fc.oneof(
  word,
  fc.tuple(fc.array(text, { maxLength: 2 }), media, fc.array(text, { maxLength: 1 })).map(parts => parts.flat()),
);

const call = fc
  .tuple(id, name, json)
  .map(([key, called, input]) => ({ id: key, type: 'function', function: { name: called, arguments: input } }));
const exchange = fc
  .record({
    asked: content,
    said: fc.option(word),
    thought: fc.option(word, { nil: '' }),
    calls: fc.uniqueArray(call, { maxLength: 3, selector: one => one.id }),
    results: fc.array(word, { minLength: 3, maxLength: 3 }),
  })
  .filter(({ said, calls }) => said !== null || calls.length > 0)
  .map(({ asked, said, thought, calls, results }): JsonObject[] => {
    // Beside calls the field is there even where nothing was thought.
    const thoughts = thought !== '' || calls.length > 0 ? { reasoning_content: thought } : {};
    const tool_calls = calls.length > 0 ? { tool_calls: calls } : {};
    return [
      { role: 'user', content: asked },
      { role: 'assistant', content: said, ...thoughts, ...tool_calls },
      ...calls.map((one, at) => ({ role: 'tool', tool_call_id: one.id, content: results[at] })),
      ...(calls.length > 0 ? [{ role: 'assistant', content: 'So.' }] : []),
    ];
  });

const schema = fc.constantFrom(
  { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false },
  { type: 'object', properties: { a: { $ref: '#/$defs/b' } }, required: ['a'], additionalProperties: false, $defs: {} },
);
const loose = { type: 'object', properties: { a: { type: 'string', default: 'x' } } };
const declared = fc.oneof(
  fc.record({ name, description: word, parameters: schema, strict: fc.constant(true) }),
  fc.record({ name, parameters: fc.constant(loose) }),
);
const tools = fc
  .tuple(
    fc.array(marked(declared.map(one => ({ type: 'function', function: one }))), { minLength: 1, maxLength: 2 }),
    fc.constantFrom(undefined, 'none', 'required', { type: 'function', function: { name: 'f' } }),
    fc.boolean(),
  )
  .map(([all, choice, isOne]) => ({
    tools: all,
    ...(choice !== undefined && { tool_choice: choice }),
    ...(isOne && { parallel_tool_calls: false }),
  }));
const format = fc.oneof(
  fc.constant({ type: 'json_object' }),
  schema.map(one => ({ type: 'json_schema', json_schema: { name: 'answer', schema: one, strict: true } })),
  fc.constant({ type: 'json_schema', json_schema: { name: 'answer', schema: loose, strict: false } }),
);
const settings = fc.record(
  {
    ...{
      max_tokens: fc.integer({ min: 1 }),
      temperature: fc.constantFrom(0, 0.5, 2),
      top_p: fc.constantFrom(0.1, 0.9),
    },
    ...{ seed: fc.integer(), presence_penalty: fc.constantFrom(-2, 1), frequency_penalty: fc.constantFrom(-1, 2) },
    ...{ stop: fc.array(word, { minLength: 1, maxLength: 4 }), user: word, response_format: format },
    reasoning_effort: fc.constantFrom('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'),
    service_tier: fc.constantFrom('default', 'flex', 'priority'),
    stream: fc.constant(true),
  },
  { requiredKeys: [] },
);
const probabilities = fc.constantFrom({}, { logprobs: true }, { logprobs: true, top_logprobs: 5 });

const request = fc
  .tuple(
    fc.array(exchange, { minLength: 1, maxLength: 3 }),
    fc.option(tools, { nil: {} }),
    settings,
    probabilities,
    fc.boolean(),
  )
  .map(([exchanges, tooled, set, probable, ends]): JsonObject => ({
    model: 'm',
    messages: [
      { role: 'system', content: 'In JSON.' },
      ...exchanges.flat(),
      ...(ends ? [{ role: 'user', content: 'Well?' }] : []),
    ],
    ...tooled,
    ...set,
    ...probable,
  }));

describe('read ∘ write', () => {
  it('is the same request, for what both say', () => {
    fc.assert(
      fc.property(request, body => {
        const to = { model: 'm', stream: body.stream === true, traits };
        const { body: back, dropped } = writeRequest(readRequest(body), to);
        expect(back).toEqual(body);
        expect(dropped).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
