import fc from 'fast-check';
import type { AnswerEvent } from '../answer-event.js';
import type { JsonObject } from '../protocol.js';
import { GeminiAnswerReader, readAnswer } from './read-answer.js';

const usage = { promptTokenCount: 3, candidatesTokenCount: 4, totalTokenCount: 7 };

const chunk = (parts: readonly JsonObject[], more: JsonObject = {}, finishReason?: string): JsonObject => ({
  candidates: [{ content: { parts, role: 'model' }, ...(finishReason && { finishReason }), index: 0 }],
  modelVersion: 'gemini-3-flash-preview',
  responseId: 'r1',
  ...more,
});
const whole = (parts: readonly JsonObject[], finishReason = 'STOP') =>
  chunk(parts, { usageMetadata: usage }, finishReason);

function streamed(chunks: readonly JsonObject[]): AnswerEvent[] {
  const reader = new GeminiAnswerReader();
  return [...chunks.flatMap(one => reader.push(one)), ...reader.end()];
}

/** Pieces of one text put together, of the usages only the last. */
function settled(events: readonly AnswerEvent[]): AnswerEvent[] {
  const kept: AnswerEvent[] = [];
  for (const event of events) {
    const last = kept.at(-1);
    if (event.type === 'usage') continue;
    const isText = event.type === 'text-delta' || event.type === 'reasoning-delta';
    if (isText && last?.type === event.type) kept[kept.length - 1] = { ...event, text: last.text + event.text };
    else kept.push(event);
  }
  return [...kept, ...events.filter(({ type }) => type === 'usage').slice(-1)];
}

const signature = (signs: string, more: JsonObject = {}) => ({
  type: 'sealed-block',
  sealed: { protocol: 'gemini', value: { signs, ...more, signature: 'c2ln' } },
});
const end = (stopReason: string, explanation?: string) => ({ type: 'answer-end', stopReason, explanation });
const said = (answer: JsonObject) =>
  readAnswer(answer).filter(({ type }) => type !== 'usage' && type !== 'answer-start');

describe('what the model says', () => {
  it('comes as blocks, one closed before the next begins', () => {
    const events = readAnswer(
      whole([
        { text: 'Let me see.', thought: true },
        { text: 'I look.' },
        { functionCall: { name: 'weather', args: { city: 'Rome' }, id: 'call_1' }, thoughtSignature: 'c2ln' },
        { functionCall: { name: 'clock' } },
      ]),
    );
    expect(events).toEqual([
      { type: 'answer-start', id: 'r1', model: 'gemini-3-flash-preview' },
      { type: 'reasoning-delta', text: 'Let me see.' },
      { type: 'block-end' },
      { type: 'text-delta', text: 'I look.' },
      { type: 'block-end' },
      { type: 'tool-call-start', id: 'call_1', name: 'weather' },
      { type: 'tool-input-delta', json: '{"city":"Rome"}' },
      signature('call', { id: 'call_1' }),
      { type: 'block-end' },
      { type: 'tool-call-start', id: 'gemini-r1-1', name: 'clock' },
      { type: 'tool-input-delta', json: '{}' },
      { type: 'block-end' },
      expect.objectContaining({ type: 'usage', final: true }),
      expect.objectContaining({ type: 'usage', final: true }),
      end('tool-calls'),
    ]);
  });

  it('trap 32: signs text, thoughts and nothing at all', () => {
    expect(said(whole([{ text: 'Hi', thoughtSignature: 'c2ln' }]))).toEqual([
      { type: 'text-delta', text: 'Hi' },
      signature('text'),
      { type: 'block-end' },
      end('stop'),
    ]);
    expect(said(whole([{ text: 'Hm', thought: true, thoughtSignature: 'c2ln' }])).slice(1, 2)).toEqual([
      signature('thought'),
    ]);
    expect(said(whole([{ text: '', thoughtSignature: 'c2ln' }]))).toEqual([
      signature('text'),
      { type: 'block-end' },
      end('stop'),
    ]);
  });

  it('trap 32: a signature that comes behind the text stands on that text', () => {
    const apart = streamed([
      chunk([{ text: 'Hel' }]),
      chunk([{ text: 'lo' }]),
      chunk([{ text: '', thoughtSignature: 'c2ln' }], { usageMetadata: usage }, 'STOP'),
    ]);
    expect(settled(apart)).toEqual(settled(readAnswer(whole([{ text: 'Hello', thoughtSignature: 'c2ln' }]))));
  });

  it('gives images, and keeps what its own tools did for its own use', () => {
    const executableCode = { language: 'PYTHON', code: 'print(1)' };
    expect(
      said(
        whole([
          { executableCode, thoughtSignature: 'c2ln' },
          { inlineData: { mimeType: 'image/png', data: 'ZHJhZnQ=' }, thought: true },
          { inlineData: { mimeType: 'image/png', data: 'aW1hZ2U=' }, thoughtSignature: 'c2ln' },
        ]),
      ),
    ).toEqual([
      {
        type: 'sealed-block',
        sealed: { protocol: 'gemini', value: { signs: 'part', part: { executableCode, thoughtSignature: 'c2ln' } } },
      },
      { type: 'block-end' },
      { type: 'image', mediaType: 'image/png', data: 'aW1hZ2U=' },
      signature('image'),
      { type: 'block-end' },
      end('stop'),
    ]);
  });

  it('says how likely it was', () => {
    const answer = whole([{ text: 'Hi' }]);
    const logprobsResult = {
      chosenCandidates: [{ token: 'Hi', tokenId: 1, logProbability: -0.1 }],
      topCandidates: [{ candidates: [{ token: 'Yo', logProbability: -2 }] }],
    };
    Object.assign((answer.candidates as JsonObject[])[0]!, { logprobsResult });
    expect(said(answer)[1]).toEqual({
      type: 'logprobs',
      tokens: [
        {
          token: 'Hi',
          logprob: -0.1,
          bytes: [72, 105],
          top_logprobs: [{ token: 'Yo', logprob: -2, bytes: [89, 111] }],
        },
      ],
    });
  });
});

describe('arguments of a call that come piece by piece', () => {
  const piece = (jsonPath: string, value: JsonObject, more: JsonObject = {}) =>
    chunk([{ functionCall: { partialArgs: [{ jsonPath, ...value }], willContinue: true, ...more } }]);

  it('are put together', () => {
    const events = streamed([
      chunk([{ functionCall: { name: 'cook', willContinue: true }, thoughtSignature: 'c2ln' }]),
      piece('$.dish.parts[0].name', { stringValue: 'sal', willContinue: true }),
      piece('$.dish.parts[0].name', { stringValue: 't' }),
      chunk([{ functionCall: { willContinue: true } }]),
      piece('$.dish.parts[1].grams', { numberValue: 0.5 }),
      piece("$['hot or not']", { boolValue: true }),
      piece('$.__proto__.x', { nullValue: 'NULL_VALUE' }),
      chunk([{ functionCall: {} }]),
      chunk([{ functionCall: { name: 'serve', willContinue: true } }]),
      chunk([{ text: '' }], { usageMetadata: usage }, 'STOP'),
    ]);
    const inputs = events
      .filter(event => event.type === 'tool-input-delta')
      .map(({ json }) => JSON.parse(json) as unknown);
    expect(inputs).toEqual([
      JSON.parse('{"dish":{"parts":[{"name":"salt"},{"grams":0.5}]},"hot or not":true,"__proto__":{"x":null}}'),
      {},
    ]);
    expect(events.filter(({ type }) => type === 'sealed-block')).toEqual([signature('call', { id: 'gemini-r1-0' })]);
    expect(events.at(-1)).toEqual(end('tool-calls'));
    expect(({} as JsonObject).x).toBeUndefined();
  });

  it('name no place that would need a long list', () => {
    const events = streamed([
      chunk([{ functionCall: { name: 'f', willContinue: true } }]),
      piece('$.a[4000000000]', { numberValue: 1 }, { willContinue: false }),
    ]);
    expect(events.find(({ type }) => type === 'tool-input-delta')).toEqual({
      type: 'tool-input-delta',
      json: '{"a":[1]}',
    });
  });
});

describe('how it ends', () => {
  it.each([
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    // No recording shows a block: these are written from https://ai.google.dev/api/generate-content#FinishReason
    ['SAFETY', 'content-filter'],
    ['RECITATION', 'content-filter'],
    ['PROHIBITED_CONTENT', 'content-filter'],
    ['SPII', 'content-filter'],
    ['IMAGE_SAFETY', 'content-filter'],
    ['MODEL_ARMOR', 'content-filter'],
    ['LANGUAGE', 'content-filter'],
    ['ESCALATION', 'content-filter'],
    ['OTHER', 'other'],
    ['SOMETHING_NEW', 'other'],
  ])('%s: %s', (finishReason, stopReason) => {
    expect(readAnswer(whole([{ text: 'Hi' }], finishReason)).at(-1)).toMatchObject({ stopReason });
  });

  it('tells why, and that a prompt was blocked (ours, from the documentation)', () => {
    const answer = whole([], 'SAFETY');
    Object.assign((answer.candidates as JsonObject[])[0]!, { finishMessage: 'Unsafe.' });
    expect(said(answer)).toEqual([end('content-filter', 'Unsafe.')]);
    const blocked = {
      promptFeedback: { blockReason: 'SAFETY' },
      usageMetadata: { promptTokenCount: 3, totalTokenCount: 3 },
    };
    expect(said(blocked)).toEqual([end('content-filter', 'The prompt was blocked: SAFETY.')]);
    expect(said({ promptFeedback: { blockReason: 'OTHER', blockReasonMessage: 'No.' } })).toEqual([
      end('content-filter', 'No.'),
    ]);
  });

  it.each(['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL', 'TOO_MANY_TOOL_CALLS'])(
    '%s is no answer',
    finishReason => {
      expect(() => readAnswer(whole([], finishReason))).toThrow(
        expect.objectContaining({ code: 'upstream_error', retryable: true }) as Error,
      );
    },
  );

  it('trap 25: without a finish reason it was cut', () => {
    expect(streamed([chunk([{ text: 'Half' }], { usageMetadata: usage })]).map(({ type }) => type)).toEqual([
      'answer-start',
      'text-delta',
      'usage',
    ]);
    expect(() => readAnswer(chunk([{ text: 'Half' }]))).toThrow(
      expect.objectContaining({ code: 'upstream_error' }) as Error,
    );
  });

  it('goes on after the finish reason until the connection ends', () => {
    const events = streamed([
      chunk([{ text: 'Hi' }], {}, 'STOP'),
      { usageMetadata: usage, modelVersion: 'gemini-3-flash-preview', responseId: 'r1' },
    ]);
    expect(events.slice(-2)).toEqual([expect.objectContaining({ type: 'usage', final: true }), end('stop')]);
  });

  it('trap 25: an error in a stream is thrown', () => {
    const reader = new GeminiAnswerReader();
    reader.push(chunk([{ text: 'Half' }]));
    expect(() => reader.push({ error: { code: 503, message: 'Overloaded', status: 'UNAVAILABLE' } })).toThrow(
      expect.objectContaining({ code: 'upstream_unavailable' }) as Error,
    );
  });
});

describe('trap 5: a stream says and costs what the whole answer does', () => {
  const part = fc.oneof(
    fc.record({ text: fc.string({ minLength: 1 }), thought: fc.boolean() }),
    fc.record({ text: fc.string({ minLength: 1 }), thoughtSignature: fc.constant('c2ln') }),
    fc.record({
      functionCall: fc.record({ name: fc.constant('f'), args: fc.dictionary(fc.string(), fc.jsonValue()) }),
    }),
  );
  const cuts = fc.array(fc.nat({ max: 40 }), { maxLength: 6 });

  it('however it is cut into chunks', () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), cuts, fc.nat(), fc.nat(), (parts, seams, prompt, output) => {
        const counted = { promptTokenCount: prompt, candidatesTokenCount: output, totalTokenCount: prompt + output };
        const pieces = parts.flatMap((one: JsonObject, at): JsonObject[] => {
          const words = one.text;
          const seam = seams[at];
          if (typeof words !== 'string' || seam === undefined) return [one];
          const { thoughtSignature, ...unsigned } = one;
          const signed = thoughtSignature === undefined ? {} : { thoughtSignature };
          return [
            { ...unsigned, text: words.slice(0, seam) },
            { ...unsigned, text: words.slice(seam), ...signed },
          ];
        });
        const chunks = pieces.map((one, at) =>
          chunk([one], {
            usageMetadata: { promptTokenCount: prompt, candidatesTokenCount: at, totalTokenCount: prompt + at },
          }),
        );
        const last = chunk([], { usageMetadata: counted }, 'STOP');
        const inOne = chunk(parts, { usageMetadata: counted }, 'STOP');
        expect(settled(streamed([...chunks, last]))).toEqual(settled(readAnswer(inOne)));
      }),
    );
  });
});
