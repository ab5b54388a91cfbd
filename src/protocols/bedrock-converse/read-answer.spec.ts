import fc from 'fast-check';
import type { AnswerEvent } from '../answer-event.js';
import { openaiChat } from '../openai-chat/index.js';
import type { JsonObject } from '../protocol.js';
import { tokensOf } from '../usage.js';
import { ANSWER_TOOL } from './open-block.js';
import { ConverseAnswerReader, readAnswer } from './read-answer.js';
import { readUsage } from './usage.js';

const start = { messageStart: { role: 'assistant' } };
const stop = (stopReason = 'end_turn') => ({ messageStop: { stopReason } });
const metadata = (usage: JsonObject = { inputTokens: 3, outputTokens: 9, totalTokens: 12 }, more: JsonObject = {}) => ({
  metadata: { usage, metrics: { latencyMs: 1 }, ...more },
});
const begun = (contentBlockIndex: number, head: JsonObject) => ({
  contentBlockStart: { contentBlockIndex, start: head },
});
const delta = (contentBlockIndex: number, piece: JsonObject) => ({
  contentBlockDelta: { contentBlockIndex, delta: piece },
});
const ended = (contentBlockIndex: number) => ({ contentBlockStop: { contentBlockIndex } });
const call = (index: number, toolUseId: string, name: string, ...json: string[]) => [
  begun(index, { toolUse: { toolUseId, name } }),
  ...json.map(input => delta(index, { toolUse: { input } })),
  ended(index),
];

function streamed(events: readonly JsonObject[]): AnswerEvent[] {
  const reader = new ConverseAnswerReader();
  return [...events.flatMap(event => reader.push(event)), ...reader.end()];
}
const typesOf = (events: readonly AnswerEvent[]) => events.map(({ type }) => type);

describe('trap 29, 30: parallel tools', () => {
  it('have gapless indices of their own in chunks, whatever blocks stand before them', () => {
    const events = streamed([
      start,
      delta(0, { text: 'Two.' }),
      ended(0),
      ...call(1, 'tooluse_a', 'f', '{"a"', ':1}'),
      ...call(2, 'tooluse_b', 'g'),
      stop('tool_use'),
      metadata(),
    ]);
    const writer = openaiChat.answerWriter({ model: 'asked', created: 1, includeUsage: false });
    const frames = events.map(event => writer.push(event)).join('') + writer.end();
    const chunks = frames.trim().split('\n\n').slice(0, -1);
    const calls = chunks.flatMap(line => JSON.parse(line.slice('data: '.length)).choices[0].delta.tool_calls ?? []);
    expect(calls).toEqual([
      { index: 0, id: 'tooluse_a', type: 'function', function: { name: 'f', arguments: '' } },
      { index: 0, function: { arguments: '{"a"' } },
      { index: 0, function: { arguments: ':1}' } },
      { index: 1, id: 'tooluse_b', type: 'function', function: { name: 'g', arguments: '' } },
      { index: 1, function: { arguments: '{}' } },
    ]);
  });
});

describe('how an answer ends', () => {
  it('with the usage behind the stop reason, in either order', () => {
    const said = [start, delta(0, { text: 'Hi' }), ended(0)];
    for (const last of [
      [stop(), metadata()],
      [metadata(), stop()],
    ]) {
      const events = streamed([...said, ...last]);
      expect(events.at(-1)).toEqual({ type: 'answer-end', stopReason: 'stop', explanation: undefined });
      expect(events.filter(({ type }) => type === 'usage')).toMatchObject([{ final: true }]);
      expect(events.filter(({ type }) => type === 'answer-end')).toHaveLength(1);
    }
  });

  it('cleanly without usage, but never without a stop reason', () => {
    expect(typesOf(streamed([start, delta(0, { text: 'Hi' }), stop()]))).toEqual([
      'answer-start',
      'text-delta',
      'block-end',
      'answer-end',
    ]);
    expect(typesOf(streamed([start, delta(0, { text: 'Hi' })]))).not.toContain('answer-end');
    expect(typesOf(streamed([start, delta(0, { text: 'Hi' }), metadata()]))).not.toContain('answer-end');
  });

  it.each([
    ['max_tokens', 'length'],
    ['guardrail_intervened', 'content-filter'],
    ['something_new', 'other'],
  ])('%s is %s', (said, stopReason) => {
    expect(streamed([start, stop(said), metadata()]).at(-1)).toMatchObject({ stopReason });
  });

  it.each(['malformed_tool_use', 'malformed_model_output'])('trap 25: %s is no answer', said => {
    const failure = expect.objectContaining({ code: 'upstream_error', retryable: true });
    expect(() => streamed([start, stop(said), metadata()])).toThrow(failure);
  });

  it.each([
    ['throttlingException', 'upstream_rate_limited'],
    ['modelStreamErrorException', 'upstream_error'],
    ['serviceUnavailableException', 'upstream_unavailable'],
    ['validationException', 'context_length_exceeded'],
  ])('trap 25: %s in the middle is an error: %s', (name, code) => {
    const reader = new ConverseAnswerReader();
    const failure = { [name]: { message: 'Input is too long for requested model.' } };
    expect(() => reader.push(failure)).toThrow(expect.objectContaining({ code }));
  });
});

describe('blocks', () => {
  it('trap 31: signed thoughts are sealed as they are, unsigned ones are not', () => {
    const signed = [{ text: 'Let ' }, { text: 'me see.' }, { signature: 'c2' }, { signature: 'ln' }];
    const events = streamed([start, ...signed.map(reasoningContent => delta(0, { reasoningContent })), ended(0)]);
    const value = { reasoningContent: { reasoningText: { text: 'Let me see.', signature: 'c2ln' } } };
    expect(events.slice(1)).toEqual([
      { type: 'reasoning-delta', text: 'Let ' },
      { type: 'reasoning-delta', text: 'me see.' },
      { type: 'sealed-block', sealed: { protocol: 'bedrock-converse', value } },
      { type: 'block-end' },
    ]);
    const unsigned = streamed([start, delta(0, { reasoningContent: { text: 'Hm.' } }), ended(0)]);
    expect(typesOf(unsigned)).toEqual(['answer-start', 'reasoning-delta', 'block-end']);
  });

  it('redacted thoughts that come in pieces are one blob', () => {
    const piece = (bytes: string) =>
      delta(0, { reasoningContent: { redactedContent: Buffer.from(bytes).toString('base64') } });
    const [, sealed] = streamed([start, piece('a'), piece('bc'), ended(0)]);
    const redactedContent = Buffer.from('abc').toString('base64');
    expect(sealed).toMatchObject({ sealed: { value: { reasoningContent: { redactedContent } } } });
  });

  it('tools that the vendor runs itself, and their results, are passed over', () => {
    const grounding = { toolUse: { toolUseId: 't', name: 'nova_grounding', type: 'server_tool_use' } };
    const events = streamed([
      start,
      begun(0, grounding),
      delta(0, { toolUse: { input: '{}' } }),
      ended(0),
      begun(1, { toolResult: { toolUseId: 't' } }),
      delta(1, { toolResult: [{ json: {} }] }),
      ended(1),
      delta(2, { text: 'Found.' }),
      delta(2, { citation: { title: 'x' } }),
      ended(2),
    ]);
    expect(typesOf(events)).toEqual(['answer-start', 'text-delta', 'block-end']);
  });

  it('the call of our own tool is the text of the answer', () => {
    const events = streamed([start, ...call(0, 't', ANSWER_TOOL, '{"city":', '"Rome"}'), stop('tool_use'), metadata()]);
    expect(typesOf(events)).toEqual(['answer-start', 'text-delta', 'text-delta', 'block-end', 'usage', 'answer-end']);
    expect(events.at(-1)).toMatchObject({ stopReason: 'stop' });
  });

  it('images come whole, cited text is text', () => {
    const content = [
      { citationsContent: { content: [{ text: 'So ' }, { text: 'it is.' }], citations: [] } },
      { image: { format: 'png', source: { bytes: 'iVBORw==' } } },
    ];
    const events = readAnswer({ output: { message: { content } }, stopReason: 'end_turn', usage: {} });
    expect(events.slice(1, 5)).toEqual([
      { type: 'text-delta', text: 'So it is.' },
      { type: 'block-end' },
      { type: 'image', mediaType: 'image/png', data: 'iVBORw==' },
      { type: 'block-end' },
    ]);
  });
});

describe('usage', () => {
  const tokens = fc.nat(1_000_000);

  it('trap 4: dimensions are disjoint and sum to the total, whatever is cached', () => {
    const usages = fc.record({
      input: tokens,
      read: tokens,
      write5m: tokens,
      write1h: tokens,
      output: tokens,
      detailed: fc.boolean(),
    });
    fc.assert(
      fc.property(usages, ({ input, read, write5m, write1h, output, detailed }) => {
        const raw = {
          inputTokens: input,
          cacheReadInputTokens: read,
          cacheWriteInputTokens: write5m + write1h,
          outputTokens: output,
          totalTokens: input + read + write5m + write1h + output,
          ...(detailed && {
            cacheDetails: [
              { ttl: '1h', inputTokens: write1h },
              { ttl: '5m', inputTokens: write5m },
            ],
          }),
        };
        const usage = readUsage(raw, undefined);
        expect(tokensOf(usage)).toBe(usage.totalTokens);
        expect(usage.dimensions.cache_write_1h ?? 0).toBe(detailed ? write1h : 0);
      }),
    );
  });

  it('trap 6: a tier that was used is said, the default one is none', () => {
    const tierOf = (type: string) => {
      const events = streamed([start, stop(), metadata({}, { serviceTier: { type } })]);
      return events.flatMap(event => (event.type === 'usage' ? [event.usage.serviceTier] : []));
    };
    expect([tierOf('flex'), tierOf('default')]).toEqual([['flex'], [undefined]]);
  });
});

describe('trap 5: streamed and whole are the same', () => {
  const words = fc.string({ minLength: 1 });
  const json = fc.dictionary(fc.string(), fc.jsonValue());
  const block = fc.oneof(
    words.map(text => ({ text })),
    fc.tuple(words, json).map(([name, input]) => ({ toolUse: { toolUseId: `id_${name}`, name: `f_${name}`, input } })),
    fc.tuple(words, words).map(([text, signature]) => ({ reasoningContent: { reasoningText: { text, signature } } })),
    fc.base64String({ minLength: 4 }).map(redactedContent => ({ reasoningContent: { redactedContent } })),
  );

  const halves = (whole: string, at: number) => [whole.slice(0, at), whole.slice(at)];
  const eventsOf = (block: any, index: number, at: number): JsonObject[] => {
    if (block.text) return [...halves(block.text, at).map(text => delta(index, { text })), ended(index)];
    if (block.toolUse)
      return call(
        index,
        block.toolUse.toolUseId,
        block.toolUse.name,
        ...halves(JSON.stringify(block.toolUse.input), at),
      );
    const { reasoningText, redactedContent } = block.reasoningContent;
    const pieces = redactedContent
      ? [{ redactedContent }]
      : [...halves(reasoningText.text, at).map(text => ({ text })), { signature: reasoningText.signature }];
    return [...pieces.map(reasoningContent => delta(index, { reasoningContent })), ended(index)];
  };
  /** Pieces of one text are one text. */
  const joined = (events: readonly AnswerEvent[]) =>
    events.reduce<any[]>((all, event: any) => {
      const last = all.at(-1);
      const field = { 'text-delta': 'text', 'reasoning-delta': 'text', 'tool-input-delta': 'json' }[
        event.type as string
      ];
      if (!field || last?.type !== event.type) return [...all, event];
      return [...all.slice(0, -1), { ...last, [field]: last[field] + event[field] }];
    }, []);

  it('block by block, however the stream was cut', () => {
    fc.assert(
      fc.property(fc.array(block, { maxLength: 6 }), fc.nat(20), (content, at) => {
        const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };
        const whole = readAnswer({ output: { message: { content } }, stopReason: 'end_turn', usage });
        const pieces = content.flatMap((one, index) => eventsOf(one, index, at));
        expect(joined(streamed([start, ...pieces, stop(), metadata(usage)]))).toEqual(joined(whole));
      }),
    );
  });
});

it('what is no answer is an error, and not an empty answer', () => {
  expect(() => readAnswer({ object: 'chat.completion', choices: [] })).toThrow(
    expect.objectContaining({ code: 'upstream_error', retryable: true }),
  );
});
