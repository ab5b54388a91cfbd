import fc from 'fast-check';
import type { JsonObject, ModelTraits } from '../protocol.js';
import { anthropicMessages } from './index.js';

const { readRequest, writeRequest } = anthropicMessages;
const traits: ModelTraits = {
  ...{ maxOutputTokens: 64_000, reasoning: 'default', sampling: 'both' },
  efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
};

const word = fc.string({ minLength: 1 }).filter(text => text.trimEnd() === text && text !== '');
const id = fc.stringMatching(/^[a-zA-Z0-9_-]{1,9}$/);
const MARKS: readonly JsonObject[] = [
  {},
  { cache_control: { type: 'ephemeral' } },
  { cache_control: { type: 'ephemeral', ttl: '1h' } },
];
const cached = (block: fc.Arbitrary<JsonObject>) =>
  fc.tuple(block, fc.constantFrom(...MARKS)).map(([one, mark]): JsonObject => ({ ...one, ...mark }));

const text = cached(word.map(words => ({ type: 'text', text: words })));
const image = cached(
  fc.constantFrom(
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
    { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
  ),
);
const document = cached(
  fc.constantFrom<JsonObject>(
    { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' }, title: 'a' },
    { type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } },
    { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Hé' } },
  ),
);
const input = fc
  .dictionary(word, fc.jsonValue({ depthSize: 'small' }), { maxKeys: 3 })
  .map(value => JSON.parse(JSON.stringify(value)) as JsonObject);
const call = fc.record({ type: fc.constant('tool_use'), id, name: id, input });
const result = fc.record({
  type: fc.constant('tool_result'),
  tool_use_id: id,
  content: fc.array(fc.oneof(text, image), { maxLength: 3 }),
});
const failed = result.map(one => ({ ...one, is_error: true }));
const thought = fc.oneof(
  fc.record({ type: fc.constant('thinking'), thinking: word, signature: fc.constantFrom('EqQB+/==', 'AbCd') }),
  fc.record({ type: fc.constant('redacted_thinking'), data: fc.constantFrom('EmwKAhgB+/==', 'EeFf') }),
);
const users = fc.array(fc.oneof(text, image, document, cached(result), failed), { minLength: 1, maxLength: 4 });
/** Thoughts anywhere, between calls too. */
const assistants = fc.array(fc.oneof(text, call, thought), { minLength: 1, maxLength: 5 });
const turns = fc.array(fc.tuple(users, assistants), { maxLength: 3 }).map(pairs =>
  pairs.flatMap(([user, assistant]) => [
    { role: 'user', content: user },
    { role: 'assistant', content: assistant },
  ]),
);

const schema = fc.constantFrom(
  { type: 'object', properties: {}, additionalProperties: false },
  {
    type: 'object',
    properties: { a: { $ref: '#/$defs/b' } },
    $defs: { b: { enum: [1] } },
    additionalProperties: false,
  },
);
const tool = cached(
  fc.record(
    { name: id, description: word, input_schema: schema, strict: fc.constant(true) },
    { requiredKeys: ['name', 'input_schema'] },
  ),
);
const oneAtATime = fc.constantFrom({}, { disable_parallel_tool_use: true });
const unforced = oneAtATime.map(one => ({ type: 'auto', ...one })).filter(choice => Object.keys(choice).length > 1);
const forced = fc
  .tuple(fc.constantFrom({ type: 'any' }, { type: 'tool', name: 'f' }), oneAtATime)
  .map(([choice, one]): JsonObject => ({ ...choice, ...one }));
const tooled = (choice: fc.Arbitrary<JsonObject>) =>
  fc.record(
    { tools: fc.array(tool, { minLength: 1, maxLength: 2 }), tool_choice: choice },
    { requiredKeys: ['tools'] },
  );

const format = schema.map(one => ({ format: { type: 'json_schema', schema: one } }));
const effort = fc.constantFrom('low', 'medium', 'high', 'xhigh', 'max').map(one => ({ effort: one }));

/** A model that thinks takes no numbers, and is forced to no tool. */
const thinking = fc
  .tuple(
    fc.option(tooled(fc.oneof(unforced, fc.constant({ type: 'none' }))), { nil: {} }),
    effort,
    fc.option(format, { nil: {} }),
  )
  .map(([tools, how, what]) => ({
    ...tools,
    thinking: { type: 'adaptive', display: 'summarized' },
    output_config: { ...how, ...what },
  }));
const thoughtless = fc
  .tuple(
    fc.option(tooled(fc.oneof(unforced, forced)), { nil: {} }),
    fc.record(
      {
        temperature: fc.constantFrom(0, 0.5),
        top_p: fc.constantFrom(0.1, 0.9),
        top_k: fc.integer({ min: 1, max: 99 }),
      },
      { requiredKeys: [] },
    ),
    fc.constantFrom({}, { thinking: { type: 'disabled' } }),
    fc.option(
      format.map(output_config => ({ output_config })),
      { nil: {} },
    ),
  )
  .map((parts): JsonObject => Object.assign({}, ...parts) as JsonObject);

const request = fc
  .tuple(
    fc.record(
      {
        model: fc.constant('m'),
        max_tokens: fc.integer({ min: 1, max: 64_000 }),
        messages: fc.tuple(turns, users).map(([some, last]) => [...some, { role: 'user', content: last }]),
        system: fc.array(text, { minLength: 1, maxLength: 2 }),
        stop_sequences: fc.array(word, { minLength: 1, maxLength: 2 }),
        metadata: fc.record({ user_id: word }),
        service_tier: fc.constant('standard_only'),
        stream: fc.constant(true),
      },
      { requiredKeys: ['model', 'max_tokens', 'messages'] },
    ),
    fc.oneof(thinking, thoughtless),
  )
  .map((parts): JsonObject => Object.assign({}, ...parts) as JsonObject);

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
