import fc from 'fast-check';
import { anthropicUsage, message, messageFrames } from '../../test/support/fake-anthropic.js';
import { cohereFrames, cohereUsage } from '../../test/support/fake-cohere.js';
import { content, contentFrames, geminiUsage } from '../../test/support/fake-gemini.js';
import { responseFrames, responsesUsage } from '../../test/support/fake-responses.js';
import { usage as chatUsage } from '../../test/support/fake-upstream.js';
import { chat, cohere, gemini, messages, responses, type Saying, type Wire } from '../../test/support/wires.js';
import type { AnswerEvent } from './answer-event.js';
import { anthropicMessages } from './anthropic-messages/index.js';
import { cohereChat } from './cohere-chat/index.js';
import { gemini as geminiProtocol } from './gemini/index.js';
import { openaiChat } from './openai-chat/index.js';
import { openaiResponses } from './openai-responses/index.js';
import type { ForeignUpstream, JsonObject } from './protocol.js';
import { dataOf, eachFrame, FrameGatherer } from './sse.js';
import { tokensOf, type Usage } from './usage.js';

/** Tokens of one answer: what was sent afresh, read from a cache and written to it, and what came back, of which some was thought. */
interface Spent {
  readonly fresh: number;
  readonly read: number;
  readonly written: number;
  readonly said: number;
  readonly thought: number;
}

interface Speaker {
  readonly upstream: ForeignUpstream;
  readonly wire: Wire;
  /** As the vendor counts them, under the name that it has for it. */
  usage(spent: Spent): JsonObject;
  frames(whole: any, saying: Saying): readonly (string | Buffer)[];
  /** What this vendor does not tell apart, or does not have. */
  readonly lacks?: readonly (keyof Spent)[];
}

const SPEAKERS: readonly Speaker[] = [
  {
    upstream: openaiChat,
    wire: chat,
    usage: ({ fresh, read, written, said, thought }) => ({
      usage: chatUsage(fresh + read + written, said + thought, {
        prompt_tokens_details: { cached_tokens: read, cache_write_tokens: written },
        completion_tokens_details: { reasoning_tokens: thought },
      }),
    }),
    frames: ({ usage }, saying) =>
      chat.frames(saying).map(frame => String(frame).replace(/"usage":\{[^}]*\}/, `"usage":${JSON.stringify(usage)}`)),
  },
  {
    upstream: openaiResponses,
    wire: responses,
    usage: ({ fresh, read, said, thought }) => ({ usage: responsesUsage(fresh + read, said + thought, read, thought) }),
    frames: whole => responseFrames(whole),
    lacks: ['written'],
  },
  {
    upstream: anthropicMessages,
    wire: messages,
    usage: ({ fresh, read, written, said }) => ({
      usage: anthropicUsage(fresh, said, { cache_read_input_tokens: read, cache_creation_input_tokens: written }),
    }),
    frames: whole => messageFrames(whole as ReturnType<typeof message>),
    lacks: ['thought'],
  },
  {
    upstream: geminiProtocol,
    wire: gemini,
    usage: ({ fresh, read, said, thought }) => ({
      usageMetadata: geminiUsage(fresh + read, said, {
        ...{ cachedContentTokenCount: read, thoughtsTokenCount: thought },
        totalTokenCount: fresh + read + said + thought,
      }),
    }),
    frames: whole => contentFrames(whole as ReturnType<typeof content>),
    lacks: ['written'],
  },
  {
    upstream: cohereChat,
    wire: cohere,
    usage: ({ fresh, read, said }) => ({ usage: cohereUsage(fresh + read, said, { cached_tokens: 500 + read }) }),
    frames: whole => cohereFrames(whole),
    lacks: ['written', 'thought'],
  },
];

const words = fc.string({ minLength: 2, maxLength: 30, unit: 'grapheme' });
const sayings: fc.Arbitrary<Saying> = fc
  .record({
    thinks: fc.boolean(),
    thought: words,
    text: fc.option(words, { nil: undefined }),
    calls: fc.array(
      fc.record({ name: fc.constantFrom('weather', 'time'), input: fc.dictionary(words, fc.jsonValue()) }),
      {
        maxLength: 3,
      },
    ),
  })
  .map(({ thinks, thought, text, calls }) => ({
    ...(thinks && { thought, secret: 'c2VjcmV0MQ' }),
    ...{ text: text ?? (calls.length === 0 ? 'Well.' : undefined) },
    calls: calls.map((call, at) => ({ id: `call_${at}`, ...call })),
  }));
const count = fc.nat(1_000_000);
const spending: fc.Arbitrary<Spent> = fc.record({
  ...{ fresh: fc.integer({ min: 1, max: 1_000_000 }), read: count, written: count },
  ...{ said: fc.integer({ min: 1, max: 1_000_000 }), thought: count },
});
const seams = fc.array(fc.nat(), { maxLength: 30 });

/** The bytes of a stream in pieces that end at these places, read. */
function streamed({ upstream }: Speaker, frames: readonly (string | Buffer)[], places: readonly number[]) {
  const bytes = Buffer.concat(frames.map(frame => Buffer.from(frame)));
  const cuts = [0, ...places.map(place => place % bytes.length).sort((a, b) => a - b), bytes.length];
  const gatherer = new FrameGatherer(1 << 25);
  const reader = upstream.answerReader();
  const pieces = cuts.slice(1).map((end, at) => gatherer.push(bytes.subarray(cuts[at], end)));
  const events = [...pieces, gatherer.end()].flatMap(whole =>
    [...eachFrame(whole)].flatMap(frame => {
      const data = dataOf(frame);
      return data === undefined ? [] : reader.push(upstream.parseEvent?.(data) ?? JSON.parse(data));
    }),
  );
  return [...events, ...reader.end()];
}

/** What the events say, whatever pieces they say it in; figures for themselves. */
function meaningOf(events: readonly AnswerEvent[]): { said: AnswerEvent[]; usage: Usage | undefined } {
  const said: AnswerEvent[] = [];
  let usage: Usage | undefined;
  for (const event of events) {
    const last = said.at(-1);
    if (event.type === 'usage') usage = event.final ? event.usage : usage;
    else if (event.type === 'tool-input-delta' && last?.type === event.type)
      said[said.length - 1] = { ...last, json: last.json + event.json };
    else if (event.type === 'text-delta' && last?.type === event.type)
      said[said.length - 1] = { ...last, text: last.text + event.text };
    else if (event.type === 'reasoning-delta' && last?.type === event.type)
      said[said.length - 1] = { ...last, text: last.text + event.text };
    else said.push(event);
  }
  return { said, usage };
}

describe.each(SPEAKERS.map(speaker => [speaker.upstream.name, speaker] as const))('%s', (_name, speaker) => {
  const { upstream, wire, lacks = [] } = speaker;
  const spentAt = (spent: Spent): Spent => ({ ...spent, ...Object.fromEntries(lacks.map(name => [name, 0])) });

  it('trap 5: a stream, however its bytes are split, says and costs what the whole answer does', () => {
    fc.assert(
      fc.property(sayings, spending, seams, (saying, spent, places) => {
        const whole = { ...wire.whole(saying), ...speaker.usage(spentAt(spent)) };
        const once = meaningOf(upstream.readAnswer(whole));
        const inPieces = meaningOf(streamed(speaker, speaker.frames(whole, saying), places));
        expect(inPieces.said).toEqual(once.said);
        expect(inPieces.usage?.dimensions).toEqual(once.usage?.dimensions);
        expect(inPieces.usage?.reasoningTokens).toEqual(once.usage?.reasoningTokens);
      }),
    );
  });

  it('trap 4: dimensions are disjoint and sum to what the vendor counts', () => {
    fc.assert(
      fc.property(spending, given => {
        const spent = spentAt(given);
        const whole = { ...wire.whole({ text: 'Well.' }), ...speaker.usage(spent) };
        const { usage } = meaningOf(upstream.readAnswer(whole));
        const { fresh, read, written, said, thought } = spent;
        expect(tokensOf(usage!)).toBe(fresh + read + written + said + thought);
        expect(usage!.totalTokens ?? tokensOf(usage!)).toBe(tokensOf(usage!));
        const quantities = { input: fresh, cache_read: read, cache_write_5m: written, output: said + thought };
        expect(usage!.dimensions).toEqual(
          Object.fromEntries(Object.entries(quantities).filter(([, quantity]) => quantity > 0)),
        );
        expect(usage!.reasoningTokens ?? 0).toBe(thought);
      }),
    );
  });
});
