import fc from 'fast-check';
import type { JsonObject, ModelTraits } from '../protocol.js';
import { readRequest } from './read-request.js';
import { writeRequest } from './write-request.js';

const traits: ModelTraits = {
  ...{ reasoning: 'always', sampling: 'both', efforts: ['minimal', 'low', 'medium', 'high'] },
  ...{ maxOutputTokens: undefined, signedCalls: true },
};

const word = fc.string({ minLength: 1, maxLength: 8 });
const name = fc.stringMatching(/^[a-z]{1,6}$/);
const id = fc.stringMatching(/^[A-Z0-9]{2,8}$/);
const signature = fc.uint8Array({ minLength: 3, maxLength: 9 }).map(bytes => Buffer.from(bytes).toString('base64'));
const args = fc.dictionary(name, fc.jsonValue({ depthSize: 'small' }), { maxKeys: 2 }).map(one => ({ ...one }));

const said = word.map(text => ({ text }));
const media = fc.constantFrom(
  { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
  { inlineData: { mimeType: 'image/webp', data: '+/==' } },
  { inlineData: { mimeType: 'audio/wav', data: 'UklGRg==' } },
  { inlineData: { mimeType: 'audio/mp3', data: 'SUQz' } },
  { inlineData: { mimeType: 'audio/ogg', data: 'T2dn' } },
  { inlineData: { mimeType: 'application/pdf', data: 'JVBERi0=' } },
  { inlineData: { mimeType: 'text/csv', data: 'YSxi' } },
);
const picture = fc.constant({ inlineData: { mimeType: 'image/png', data: 'AAAA' } });
const ran = fc.constantFrom(
  { executableCode: { language: 'PYTHON', code: '1+1' } },
  { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '2' } },
);

/** What a model said: signed thoughts, text and pictures, then calls, the first of them signed. */
const call = fc.record({ functionCall: fc.record({ id, name, args }) });
const calls = fc
  .tuple(fc.uniqueArray(call, { maxLength: 3, selector: one => one.functionCall.id }), signature)
  .map(([made, thoughtSignature]) => made.map((one, at) => (at === 0 ? { ...one, thoughtSignature } : one)));
const thought = fc.record({ text: word, thought: fc.constant(true), thoughtSignature: signature });
const answer = fc.oneof(
  thought,
  said,
  ran,
  fc.tuple(said, signature).map(([one, thoughtSignature]) => ({ ...one, thoughtSignature })),
  fc.tuple(picture, signature).map(([one, thoughtSignature]) => ({ ...one, thoughtSignature })),
);
const answered = fc
  .tuple(fc.array(answer, { minLength: 1, maxLength: 4 }), calls)
  .map(([answers, made]) => ({ role: 'model', parts: [...whole(answers), ...made] as JsonObject[] }));

/** Pieces of a text that nobody signed are one text. */
function whole(parts: readonly JsonObject[]): JsonObject[] {
  const isPiece = (part: JsonObject | undefined) => part?.text !== undefined && part.thoughtSignature === undefined;
  return parts.filter((part, at) => !isPiece(part) || !isPiece(parts[at - 1]));
}

/** What came of the calls, in their order, and what else the user says. */
const outcome = fc.oneof(
  word.map(output => ({ response: { output } })),
  word.map(error => ({ response: { error } })),
  fc.tuple(word, picture).map(([output, one]) => ({ response: { output }, parts: [one] })),
);
const asked = fc.array(fc.oneof(said, media), { minLength: 1, maxLength: 3 });
const turns = fc
  .array(fc.tuple(answered, fc.array(outcome, { minLength: 3, maxLength: 3 }), asked), { maxLength: 3 })
  .map(exchanges =>
    exchanges.flatMap(([model, outcomes, more]) => {
      const made = model.parts.flatMap(part => (part.functionCall ? [part.functionCall as JsonObject] : []));
      const results = made.map((one, at) => ({
        functionResponse: { id: one.id, name: one.name, ...outcomes[at] },
      }));
      return [model, { role: 'user', parts: [...results, ...more] }];
    }),
  );

const schema = fc.constantFrom(
  { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false },
  { type: 'object', properties: { a: { anyOf: [{ type: 'integer', minimum: 1 }, { type: 'null' }] } } },
  { type: 'object', properties: { a: { type: 'array', items: { $ref: '#/$defs/b' } } }, $defs: { b: { enum: ['x'] } } },
);
const declaration = fc.record(
  { name, description: word, parametersJsonSchema: schema },
  { requiredKeys: ['name', 'description'] },
);
const calling = fc.constantFrom<JsonObject | undefined>(undefined, { mode: 'NONE' }, { mode: 'ANY' });
const tooling = fc
  .tuple(fc.uniqueArray(declaration, { minLength: 1, maxLength: 2, selector: one => one.name }), calling, fc.boolean())
  .map(([functionDeclarations, mode, isOne]) => {
    const [first] = functionDeclarations;
    if (isOne)
      return {
        tools: [{ functionDeclarations: [first] }],
        toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: [first!.name] } },
      };
    return { tools: [{ functionDeclarations }], ...(mode && { toolConfig: { functionCallingConfig: mode } }) };
  });

const fraction = fc.constantFrom(0, 0.25, 0.5);
const numbers = fc.record(
  {
    ...{
      maxOutputTokens: fc.integer({ min: 1, max: 60_000 }),
      temperature: fc.constantFrom(0, 0.5, 2),
      topP: fraction,
    },
    ...{ topK: fc.integer({ min: 1, max: 40 }), seed: fc.integer({ min: -99, max: 99 }) },
    ...{ presencePenalty: fc.constantFrom(-2, 0.5, 1.5), frequencyPenalty: fc.constantFrom(-0.5, 1) },
    stopSequences: fc.array(word, { minLength: 1, maxLength: 5 }),
    thinkingConfig: fc.record({
      thinkingLevel: fc.constantFrom('MINIMAL', 'LOW', 'MEDIUM', 'HIGH'),
      includeThoughts: fc.constant(true),
    }),
  },
  { requiredKeys: ['seed'] },
);
const probabilities = fc.constantFrom({}, { responseLogprobs: true }, { responseLogprobs: true, logprobs: 3 });
const formats = fc.oneof(
  fc.constantFrom({}, { responseMimeType: 'application/json' }),
  schema.map(responseJsonSchema => ({ responseMimeType: 'application/json', responseJsonSchema })),
);

const request = fc
  .tuple(
    fc.record({ first: asked, turns, system: fc.array(said, { maxLength: 2 }) }),
    fc.option(tooling, { nil: undefined }),
    fc.option(fc.tuple(numbers, probabilities, formats), { nil: undefined }),
    fc.constantFrom({}, { serviceTier: 'flex' }, { serviceTier: 'priority' }),
  )
  .map(([{ first, turns: later, system }, tools, config, tier]) => ({
    ...(system.length > 0 && { systemInstruction: { parts: system } }),
    contents: [{ role: 'user', parts: first }, ...later],
    ...tools,
    ...(config && { generationConfig: Object.assign({}, ...config) }),
    ...tier,
  }));

describe('read ∘ write', () => {
  it('is the same request, for what both say', () => {
    fc.assert(
      fc.property(request, body => {
        const written = writeRequest(readRequest(body), { model: 'm', stream: false, traits });
        expect(written.body).toEqual(body);
        expect(written.dropped).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
