import OpenAI from 'openai';
import type { AnswerEvent } from '../../src/protocols/answer-event.js';
import { openaiChat } from '../../src/protocols/openai-chat/index.js';
import { dataOf, eachFrame, FrameGatherer } from '../../src/protocols/sse.js';
import { tokensOf } from '../../src/protocols/usage.js';
import { providerNamed } from '../../src/providers/index.js';
import { describeWith, materials } from '../support/materials.js';
import { type Exchange, exchangesIn, recordedExchanges } from './support/exchange.js';
import { closed } from './support/expected.js';
import { type ChoiceReading, readWithSdk } from './support/judge.js';
import { tokensBeside } from './support/quirks.js';
import { Seeded } from './support/seeded.js';

const folder = materials('recordings', 'reading recorded chat answers');
const TRANSCRIPTS = [
  'azure-openai',
  'deepseek',
  'framing',
  'groq',
  'mistral',
  'moonshot',
  'openai',
  'openrouter',
  'perplexity',
  'xai',
];

/** What an answer means, in the words of the judge. */
interface Meaning {
  readonly content: string;
  readonly reasoning: string;
  readonly refusal: string;
  readonly toolCalls: readonly { readonly id: unknown; readonly name: string; readonly input: unknown }[];
  readonly finish: string | undefined;
}

const FINISH: Readonly<Record<string, string>> = {
  ...{ stop: 'stop', end_turn: 'stop', length: 'length', tool_calls: 'tool-calls', content_filter: 'content-filter' },
};

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

/** Events of the bytes as they would come over the wire, cut anywhere. */
function eventsOf({ name, bytes, streamed }: Exchange): AnswerEvent[] {
  if (!streamed) return openaiChat.readAnswer(JSON.parse(bytes.toString()));
  const gatherer = new FrameGatherer(1 << 25);
  const reader = openaiChat.answerReader();
  const read = (frames: Buffer) =>
    [...eachFrame(frames)].flatMap(frame => {
      const data = dataOf(frame);
      return data === undefined ? [] : reader.push(openaiChat.parseEvent!(data));
    });
  const events = new Seeded(name).split(bytes, 24).flatMap(piece => read(gatherer.push(piece)));
  return [...events, ...read(gatherer.end()), ...reader.end()];
}

function meaningOf(events: readonly AnswerEvent[]): Meaning {
  let [content, reasoning] = ['', ''];
  const calls: { id: string; name: string; json: string }[] = [];
  for (const event of events) {
    if (event.type === 'text-delta') content += event.text;
    else if (event.type === 'reasoning-delta') reasoning += event.text;
    else if (event.type === 'tool-call-start') calls.push({ id: event.id, name: event.name, json: '' });
    else if (event.type === 'tool-input-delta') calls.at(-1)!.json += event.json;
  }
  const end = events.find(event => event.type === 'answer-end');
  return {
    ...{ content, reasoning, refusal: end?.explanation ?? '' },
    toolCalls: calls.map(({ id, name, json }) => ({ id, name, input: parsed(json) })),
    finish: end?.stopReason,
  };
}

/** A call makes `tool-calls` of a clone's `stop`; a call without arguments has none, and one without an id gets one. */
function expectedMeaning(choice: ChoiceReading): Meaning {
  const { content, reasoning, refusal, toolCalls, finishReason } = choice;
  const finish = FINISH[finishReason ?? ''] ?? 'other';
  const hasCalls = toolCalls.length > 0 && (finish === 'stop' || finish === 'other');
  return {
    ...{ content: Array.isArray(content) ? String(content[0]) : String(content), reasoning, refusal },
    toolCalls: toolCalls.map(({ id, name, input }) => ({
      id: id || expect.any(String),
      name,
      input: input === '' ? {} : input,
    })),
    finish: refusal === '' ? (hasCalls ? 'tool-calls' : finish) : 'refusal',
  };
}

function readingSuite(exchanges: readonly Exchange[]): void {
  const answers = exchanges.filter(({ status, request }) => status === 200 && request['functions'] === undefined);

  it.each(answers.map(exchange => [exchange.name, exchange] as const))('%s', async (_name, exchange) => {
    // The SDK overlooks a last frame without a blank line behind it.
    const { streamed, headers } = exchange;
    const bytes = streamed ? Buffer.from(closed(exchange.bytes.toString())) : exchange.bytes;
    const fetch = () => Promise.resolve(new Response(new Uint8Array(bytes), { status: 200, headers: { ...headers } }));
    const judge = new OpenAI({ apiKey: 'none', maxRetries: 0, fetch });
    const seen = await readWithSdk(judge, { ...exchange.request, stream: streamed });
    if (seen.error) {
      expect(() => eventsOf(exchange)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^upstream_/) }));
      return;
    }
    const events = eventsOf(exchange);
    const first = seen.choices!.find(({ index }) => index === 0)!;
    expect(meaningOf(events)).toEqual(expectedMeaning(first));
    expect(events.find(({ type }) => type === 'answer-start')).toMatchObject({ id: seen.id ?? '' });
    const metered = events.findLast(event => event.type === 'usage');
    const usage = seen.usage as Record<string, any> | null | undefined;
    if (!usage) return expect(metered).toBeUndefined();
    expect(metered).toMatchObject({ final: true, usage: { raw: usage } });
    const read = providerNamed(exchange.provider)?.readUsage?.(usage, metered!.usage) ?? metered!.usage;
    expect(tokensOf(read)).toBe(usage['total_tokens'] + tokensBeside(exchange.provider, usage));
  });
}

describeWith(folder, 'recorded chat answers, read for callers of other dialects', recordings => {
  readingSuite(recordedExchanges(recordings));
});

describe('the answers of our own transcripts, likewise', () => {
  readingSuite(TRANSCRIPTS.flatMap(name => exchangesIn('test/conformance/transcripts', `${name}.json`)));
});
