import { anthropicMessages } from '../protocols/anthropic-messages/index.js';
import { bedrockConverse } from '../protocols/bedrock-converse/index.js';
import { cohereChat } from '../protocols/cohere-chat/index.js';
import { gemini } from '../protocols/gemini/index.js';
import { geminiInbound } from '../protocols/gemini/inbound.js';
import { openaiChat } from '../protocols/openai-chat/index.js';
import { openaiResponses } from '../protocols/openai-responses/index.js';
import type { ForeignUpstream, Inbound, JsonObject } from '../protocols/protocol.js';
import { Translation } from './translate.js';

const forGemini = geminiInbound({ model: 'm', stream: true, form: 'events', thoughts: true });
const WORDS = ' and "so" on, as long as a piece of an answer may well be, or of what a tool is given;';

/** What comes before, the event that comes over and over, and which side of the wire it is on. */
interface Story {
  readonly from: ForeignUpstream;
  readonly to: Inbound;
  readonly begin: readonly JsonObject[];
  readonly next: (at: number) => JsonObject;
}

const chunk = (delta: JsonObject) => ({ id: 'c', model: 'm', choices: [{ index: 0, delta, finish_reason: null }] });
const call = (index: number, piece: JsonObject) => chunk({ tool_calls: [{ index, ...piece }] });
const named = (index: number) => call(index, { id: `call_${index}`, function: { name: 'f', arguments: '{"a":"' } });
const block = (content_block: JsonObject) => [
  { type: 'message_start', message: { id: 'm', model: 'm', usage: {} } },
  { type: 'content_block_start', index: 0, content_block },
];
const delta = (piece: JsonObject) => () => ({ type: 'content_block_delta', index: 0, delta: piece });
const part = (one: JsonObject) => ({
  candidates: [{ content: { parts: [one] } }],
  usageMetadata: { promptTokenCount: 9 },
});
const item = (index: number, type: string) => ({
  type: 'response.output_item.added',
  output_index: index,
  item: { id: `i${index}`, call_id: `c${index}`, name: 'f', type },
});
const ofItem = (type: string) => (at: number) => ({
  type: `response.${type}.delta`,
  output_index: at % 2,
  delta: WORDS,
});

const stories: Record<string, Story> = {
  'text of chat': { from: openaiChat, to: anthropicMessages, begin: [], next: () => chunk({ content: WORDS }) },
  'thoughts of chat': {
    from: openaiChat,
    to: forGemini,
    begin: [],
    next: () =>
      chunk({
        reasoning: WORDS,
        reasoning_details: [{ type: 'reasoning.text', index: 0, text: WORDS, signature: 's' }],
      }),
  },
  'the input of a tool of chat': {
    from: openaiChat,
    to: forGemini,
    begin: [named(0)],
    next: () => call(0, { function: { arguments: 'more' } }),
  },
  'the inputs of two tools of chat, interleaved': {
    from: openaiChat,
    to: anthropicMessages,
    begin: [named(0), named(1)],
    next: at => call(at % 2, { function: { arguments: WORDS.replaceAll('"', "'") } }),
  },
  'text of Anthropic': {
    from: anthropicMessages,
    to: openaiChat,
    begin: block({ type: 'text', text: '' }),
    next: delta({ type: 'text_delta', text: WORDS }),
  },
  'thoughts of Anthropic': {
    from: anthropicMessages,
    to: forGemini,
    begin: block({ type: 'thinking', thinking: '' }),
    next: delta({ type: 'thinking_delta', thinking: WORDS }),
  },
  'the input of a tool of Anthropic': {
    from: anthropicMessages,
    to: forGemini,
    begin: block({ type: 'tool_use', id: 't', name: 'f', input: {} }),
    next: delta({ type: 'input_json_delta', partial_json: WORDS }),
  },
  'text of Gemini': { from: gemini, to: openaiChat, begin: [], next: () => part({ text: WORDS }) },
  'thoughts of Gemini': {
    from: gemini,
    to: anthropicMessages,
    begin: [],
    next: () => part({ text: WORDS, thought: true }),
  },
  'calls of Gemini': {
    from: gemini,
    to: anthropicMessages,
    begin: [],
    next: () => part({ functionCall: { name: 'f', args: { a: 1 } }, thoughtSignature: 's' }),
  },
  'one call of Gemini in pieces': {
    from: gemini,
    to: openaiChat,
    begin: [part({ functionCall: { name: 'f', willContinue: true } })],
    next: at =>
      part({
        functionCall: { partialArgs: [{ jsonPath: `$.list[${at}]`, stringValue: WORDS }], willContinue: true },
      }),
  },
  'two texts of Responses, interleaved': {
    from: openaiResponses,
    to: openaiChat,
    begin: [item(0, 'message'), item(1, 'message')],
    next: ofItem('output_text'),
  },
  'the inputs of two tools of Responses, interleaved': {
    from: openaiResponses,
    to: forGemini,
    begin: [item(0, 'function_call'), item(1, 'function_call')],
    next: ofItem('function_call_arguments'),
  },
  'text of Bedrock': {
    from: bedrockConverse,
    to: openaiChat,
    begin: [{ messageStart: { role: 'assistant' } }],
    next: () => ({ contentBlockDelta: { contentBlockIndex: 0, delta: { text: WORDS } } }),
  },
  'text of Cohere': {
    from: cohereChat,
    to: openaiChat,
    begin: [{ type: 'message-start', id: 'm' }],
    next: () => ({ type: 'content-delta', index: 0, delta: { message: { content: { text: WORDS } } } }),
  },
};

/** Events that come together. */
const TOGETHER = 50;

/** CPU of one stream with so many events, µs. */
function cost({ from, to, begin, next }: Story, count: number): number {
  const frames = [...begin, ...Array.from({ length: count }, (_, at) => next(at))];
  const chunks: Buffer[] = [];
  for (let at = 0; at < frames.length; at += TOGETHER)
    chunks.push(
      Buffer.from(
        frames
          .slice(at, at + TOGETHER)
          .map(said => `data: ${JSON.stringify(said)}\n\n`)
          .join(''),
      ),
    );
  const watch = new Translation(to, from, {}, { model: 'm', created: 1 }).frameWatch({ includeUsage: true });
  const before = process.cpuUsage();
  for (const bytes of chunks) watch.see(bytes);
  const { user, system } = process.cpuUsage(before);
  expect(watch.error).toBeUndefined();
  expect(watch.hasOutput).toBe(true);
  return user + system;
}

describe('a translated stream', () => {
  it.each(Object.entries(stories))('costs as much per event however long it is: %s', (_, story) => {
    cost(story, 2_000); // warm
    const [few, many] = [5_000, 40_000].map(count => Math.min(...[1, 2, 3].map(() => cost(story, count))));
    // Eight times as many: 8 when each costs the same, 64 when each looks at all that came before it.
    expect(many! / few!).toBeLessThan(20);
  });
});
