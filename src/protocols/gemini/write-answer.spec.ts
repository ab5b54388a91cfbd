import { LazuError } from '../../errors.js';
import type { AnswerEvent } from '../answer-event.js';
import type { JsonObject } from '../protocol.js';
import { ArrayFraming } from './array-framing.js';
import { readCarried } from './carried.js';
import { geminiInbound } from './inbound.js';
import { GeminiStreamMerger, mergeAnswers } from './merge.js';
import { GeminiAnswerRewriter } from './rewrite.js';
import { seal } from './seals.js';

const as = { model: 'claude-sonnet-4-5', created: 0, includeUsage: true };
const inbound = (thoughts = true, form: 'events' | 'array' = 'events') =>
  geminiInbound({ model: as.model, stream: true, form, thoughts });
const thought = {
  protocol: 'anthropic-messages' as const,
  value: { type: 'thinking', thinking: 'Hm', signature: 's' },
};
const usage = { dimensions: { input: 10, cache_read: 5, output: 7 }, reasoningTokens: 3, raw: {} };
const start: AnswerEvent = { type: 'answer-start', id: 'msg_1', model: 'claude' };
const end: AnswerEvent[] = [
  { type: 'usage', usage, final: true },
  { type: 'answer-end', stopReason: 'tool-calls', explanation: undefined },
];
const blockEnd: AnswerEvent = { type: 'block-end' };
const events: AnswerEvent[] = [
  start,
  { type: 'reasoning-delta', text: 'H' },
  { type: 'reasoning-delta', text: 'm' },
  { type: 'sealed-block', sealed: thought },
  blockEnd,
  { type: 'text-delta', text: 'Let ' },
  { type: 'text-delta', text: 'me look.' },
  blockEnd,
  { type: 'tool-call-start', id: 'toolu_1', name: 'weather' },
  { type: 'tool-input-delta', json: '{"city":' },
  { type: 'tool-input-delta', json: '"Bern"}' },
  blockEnd,
  ...end,
];

function chunksOf(frames: string): any[] {
  return frames
    .split('\n\n')
    .filter(Boolean)
    .map(frame => JSON.parse(frame.replace('data: ', '')));
}
function streamed(given: readonly AnswerEvent[], thoughts = true): any[] {
  const writer = inbound(thoughts).answerWriter(as);
  return chunksOf(given.map(event => writer.push(event)).join('') + writer.end());
}

describe('an answer as Gemini’s clients get it', () => {
  it('is whole', () => {
    const answer: any = inbound().writeAnswer(events, as);
    const [call] = answer.candidates[0].content.parts.slice(2);
    expect(answer).toEqual({
      candidates: [
        {
          content: {
            role: 'model',
            parts: [
              { text: 'Hm', thought: true },
              { text: 'Let me look.' },
              {
                functionCall: { id: 'toolu_1', name: 'weather', args: { city: 'Bern' } },
                thoughtSignature: expect.any(String),
              },
            ],
          },
          finishReason: 'STOP',
          index: 0,
        },
      ],
      usageMetadata: {
        promptTokenCount: 15,
        cachedContentTokenCount: 5,
        candidatesTokenCount: 4,
        thoughtsTokenCount: 3,
        totalTokenCount: 22,
        promptTokensDetails: [{ modality: 'TEXT', tokenCount: 15 }],
      },
      modelVersion: 'claude-sonnet-4-5',
      responseId: 'msg_1',
    });
    expect(readCarried(call.thoughtSignature)).toEqual([{ sealed: thought, textBefore: false }]);
  });

  it('streams, a call whole in one part, and never an empty chunk', () => {
    const chunks = streamed(events);
    expect(
      chunks.map(chunk => chunk.candidates[0].content.parts.map((part: JsonObject) => part.text ?? 'call')),
    ).toEqual([['H'], ['m'], ['Let '], ['me look.'], ['call'], ['']]);
    expect(chunks.map(chunk => chunk.candidates[0].finishReason)).toEqual([...Array<undefined>(5), 'STOP']);
    expect(chunks.at(-1).usageMetadata.totalTokenCount).toBe(22);
    expect(chunks.every(chunk => chunk.responseId === 'msg_1' && chunk.modelVersion === as.model)).toBe(true);
  });

  it('keeps thoughts to itself unless they were asked for, and brings their signatures all the same', () => {
    const [text, , call] = streamed(events, false);
    expect(text.candidates[0].content.parts).toEqual([{ text: 'Let ' }]);
    expect(readCarried(call.candidates[0].content.parts[0].thoughtSignature)).toHaveLength(1);
  });

  it('puts seals that no call took along behind everything', () => {
    const sealed: AnswerEvent[] = [
      start,
      { type: 'sealed-block', sealed: thought },
      blockEnd,
      { type: 'text-delta', text: 'Hi' },
      blockEnd,
      ...end,
    ];
    const last = streamed(sealed).at(-1).candidates[0].content.parts;
    expect(last).toEqual([{ text: '', thoughtSignature: expect.any(String) }]);
    const whole: any = inbound().writeAnswer(sealed, as);
    expect(whole.candidates[0].content.parts).toEqual([{ text: 'Hi' }, ...last]);
  });

  it('gives Google’s own signatures as they were', () => {
    const own: AnswerEvent[] = [
      start,
      { type: 'text-delta', text: 'Hi' },
      { type: 'sealed-block', sealed: seal({ signs: 'text', signature: 'c2ln' }) },
      blockEnd,
      { type: 'tool-call-start', id: 'c', name: 'f' },
      { type: 'sealed-block', sealed: seal({ signs: 'call', id: 'c', signature: 'c2lo' }) },
      blockEnd,
      { type: 'image', mediaType: 'image/png', data: 'AAAA' },
      blockEnd,
      ...end,
    ];
    const whole: any = inbound().writeAnswer(own, as);
    expect(whole.candidates[0].content.parts).toEqual([
      { text: 'Hi', thoughtSignature: 'c2ln' },
      { functionCall: { id: 'c', name: 'f', args: {} }, thoughtSignature: 'c2lo' },
      { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
    ]);
  });

  it.each([
    ['stop', 'STOP'],
    ['stop-sequence', 'STOP'],
    ['length', 'MAX_TOKENS'],
    ['refusal', 'SAFETY'],
    ['content-filter', 'SAFETY'],
    ['other', 'OTHER'],
  ] as const)('ends for %s with %s', (stopReason, finishReason) => {
    const chunks = streamed([start, { type: 'answer-end', stopReason, explanation: 'Because.' }]);
    expect(chunks).toHaveLength(1);
    expect(chunks[0].candidates[0]).toMatchObject({
      finishReason,
      finishMessage: 'Because.',
      content: { parts: [{ text: '' }] },
    });
  });

  it('tells how likely tokens were', () => {
    const tokens = [{ token: 'Hi', logprob: -0.1, bytes: [72, 105], top_logprobs: [{ token: 'Ho', logprob: -3 }] }];
    const said: AnswerEvent[] = [
      start,
      { type: 'text-delta', text: 'Hi' },
      { type: 'logprobs', tokens },
      blockEnd,
      ...end,
    ];
    const logprobsResult = {
      chosenCandidates: [{ token: 'Hi', logProbability: -0.1 }],
      topCandidates: [{ candidates: [{ token: 'Ho', logProbability: -3 }] }],
    };
    expect(inbound().writeAnswer(said, as)).toMatchObject({ candidates: [{ logprobsResult }] });
    expect(streamed(said)[1]).toMatchObject({ candidates: [{ logprobsResult }] });
  });

  it('says errors as Google does, with all that Lazu says', () => {
    const error = new LazuError('request_rate_limit_exceeded', 'Too many.', { retryAfter: 3 });
    const { body, frame } = inbound().writeError(error, 'req_lazu_1');
    expect(body).toEqual({
      error: {
        code: 429,
        message: 'Too many.',
        status: 'RESOURCE_EXHAUSTED',
        details: [
          {
            '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: 'REQUEST_RATE_LIMIT_EXCEEDED',
            domain: 'lazu',
            metadata: {
              message: 'Too many.',
              type: 'rate_limit_exceeded',
              code: 'request_rate_limit_exceeded',
              param: null,
              request_id: 'req_lazu_1',
            },
          },
          { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '3s' },
        ],
      },
    });
    expect(chunksOf(frame)).toEqual([body]);
  });

  it('counts the text that was delivered', () => {
    const whole = JSON.stringify(inbound().writeAnswer(events, as));
    const frames = streamed(events)
      .map(chunk => `data: ${JSON.stringify(chunk)}\n\n`)
      .join('');
    const text = 'HmLet me look.weather{"city":"Bern"}';
    expect(inbound().outputTextIn(whole)).toBe(text);
    expect(inbound().outputTextIn(frames)).toBe(text);
    expect(inbound().outputTextIn('data: {"candid')).toBe('');
  });
});

describe('a stream without alt=sse', () => {
  const framed = (frames: string[]) => {
    const framing = new ArrayFraming();
    return Buffer.concat([...frames.map(frame => framing.push(Buffer.from(frame))), framing.end()]).toString();
  };

  it('is one JSON array, whatever comes in between', () => {
    const frames = ['data: {"a":"é"}\r\n\r\ndata: {"b":2}\n\n', ': keep-alive\n\n', 'data: {"c":3}\n\n'];
    expect(JSON.parse(framed(frames))).toEqual([{ a: 'é' }, { b: 2 }, { c: 3 }]);
    expect(JSON.parse(framed([': keep-alive\n\n']))).toEqual([]);
    expect(inbound(true, 'array').framing).toMatchObject({ contentType: 'application/json' });
    expect(inbound().framing).toBeUndefined();
  });
});

describe('several candidates', () => {
  it('are one answer, and cost the sum', () => {
    const one: any = inbound().writeAnswer(events, as);
    const merged: any = mergeAnswers([one, one]);
    expect(merged.candidates.map((candidate: JsonObject) => candidate.index)).toEqual([0, 1]);
    expect(merged.usageMetadata).toMatchObject({
      promptTokenCount: 30,
      totalTokenCount: 44,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: 30 }],
    });
  });

  it('interleave under one id', () => {
    const merger = new GeminiStreamMerger();
    const frame = (chunk: object) => Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`);
    const chunk = (responseId: string, text: string, usageMetadata?: object) =>
      frame({
        candidates: [{ content: { parts: [{ text }] }, index: 0 }],
        responseId,
        modelVersion: 'm',
        usageMetadata,
      });
    const written = merger.push(1, chunk('b', 'B')) + merger.push(0, chunk('a', 'A', { totalTokenCount: 3 }));
    const last = merger.end([{ totalTokenCount: 3 }, { totalTokenCount: 4 }]);
    expect(chunksOf(written + last)).toEqual([
      { candidates: [{ content: { parts: [{ text: 'B' }] }, index: 1 }], responseId: 'b', modelVersion: 'm' },
      { candidates: [{ content: { parts: [{ text: 'A' }] }, index: 0 }], responseId: 'b', modelVersion: 'm' },
      { usageMetadata: { totalTokenCount: 7 }, responseId: 'b', modelVersion: 'm' },
    ]);
  });
});

describe('an upstream whose name of the model is private', () => {
  it('answers with the one that was asked for', () => {
    const rewriter = new GeminiAnswerRewriter({ model: 'public' });
    expect(rewriter.answer({ modelVersion: 'private', x: 1 })).toEqual({ modelVersion: 'public', x: 1 });
    const frames = Buffer.from('data: {"modelVersion":"private"}\n\n: comment\n\n');
    expect(rewriter.frames(frames).toString()).toBe('data: {"modelVersion":"public"}\n\n: comment\n\n');
    const other = Buffer.from('data: {"a":1}\n\n');
    expect(rewriter.frames(other)).toBe(other);
  });
});
