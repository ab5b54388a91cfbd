import fc from 'fast-check';
import { calls, itemEvents, response, responseFrames, says, thinks } from '../../../test/support/fake-responses.js';
import type { AnswerEvent } from '../answer-event.js';
import { openaiChat } from '../openai-chat/index.js';
import type { JsonObject } from '../protocol.js';
import { dataOf, eachFrame, FrameGatherer } from '../sse.js';
import { tokensOf } from '../usage.js';
import { readAnswer, ResponsesAnswerReader } from './read-answer.js';
import { readUsage } from './usage.js';

const stamp = { model: 'asked', created: 1 };
const MEBIBYTE = 1024 * 1024;

function streamed(events: readonly JsonObject[]): AnswerEvent[] {
  const reader = new ResponsesAnswerReader();
  return [...events.flatMap(event => reader.push(event)), ...reader.end()];
}

/** Deltas that follow each other are one: how a text is cut says nothing. */
function joined(events: readonly AnswerEvent[]): AnswerEvent[] {
  const all: AnswerEvent[] = [];
  for (const event of events) {
    const last = all.at(-1);
    if (event.type === 'text-delta' && last?.type === 'text-delta')
      all[all.length - 1] = { ...event, text: last.text + event.text };
    else if (event.type === 'reasoning-delta' && last?.type === 'reasoning-delta')
      all[all.length - 1] = { ...event, text: last.text + event.text };
    else if (event.type === 'tool-input-delta' && last?.type === 'tool-input-delta')
      all[all.length - 1] = { ...event, json: last.json + event.json };
    else all.push(event);
  }
  return all;
}

const begun = { type: 'response.created', response: { id: 'resp_fake', model: 'o3-pro-2025-06-10' } };
const completed = (whole: JsonObject) => ({ type: `response.${String(whole.status)}`, response: whole });
const wholeMessage = (events: readonly AnswerEvent[]) => (openaiChat.writeAnswer(events, stamp) as any).choices[0];

const words = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' });
const item = fc.oneof(
  words.map(text => says(text)),
  words.map(text => says(text, { phase: 'commentary' })),
  fc.array(words, { maxLength: 3 }).map(parts => thinks('rs', ...parts)),
  words.map(text => ({ id: 'rs', type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text }] })),
  fc.tuple(words, fc.dictionary(words, words)).map(([id, input]) => calls(id, 'f', input)),
  fc.constant({ type: 'web_search_call', id: 'ws', status: 'completed', action: { type: 'search', query: 'q' } }),
);
const items = fc.array(item, { maxLength: 5 }).map(all => all.map((one, at) => ({ ...one, id: `${one.id}_${at}` })));

describe('trap 33: the event stream', () => {
  it('says the same as the whole answer, however it is cut into pieces', () => {
    fc.assert(
      fc.property(items, fc.infiniteStream(fc.integer({ min: 1, max: 200 })), (output, sizes) => {
        const whole = response(output);
        const bytes = Buffer.from(responseFrames(whole).join(''));
        const gatherer = new FrameGatherer(MEBIBYTE);
        const events: JsonObject[] = [];
        for (let at = 0; at < bytes.length;) {
          const size = sizes.next().value;
          for (const frame of eachFrame(gatherer.push(bytes.subarray(at, at + size))))
            events.push(JSON.parse(dataOf(frame)!) as JsonObject);
          at += size;
        }
        expect(joined(streamed(events))).toEqual(joined(readAnswer(whole)));
      }),
    );
  });

  it('trap 30: gives blocks one after another, however its items interleave', () => {
    fc.assert(
      fc.property(items, fc.infiniteStream(fc.nat()), (output, picks) => {
        const whole = response(output);
        const open: JsonObject[][] = [];
        const events: JsonObject[] = [begun];
        const waiting = output.map(itemEvents);
        while (waiting.length > 0 || open.some(queue => queue.length > 0)) {
          const ready = open.filter(queue => queue.length > 0);
          const pick = picks.next().value % (ready.length + (waiting.length > 0 ? 1 : 0));
          const queue = ready[pick] ?? waiting.shift()!;
          if (!ready[pick]) open.push(queue); // items are added in order
          events.push(queue.shift());
        }
        expect(joined(streamed([...events, completed(whole)]))).toEqual(joined(readAnswer(whole)));
      }),
    );
  });

  it('may leave out deltas, the ends of items, or items: the last event has them all', () => {
    const whole = response([thinks('rs_1', 'Hm.'), says('Hello!'), calls('call_1', 'f', { a: 1 })]);
    const all = whole.output.flatMap(itemEvents);
    const only = (keep: RegExp) =>
      joined(streamed([begun, ...all.filter(({ type }) => keep.test(type)), completed(whole)]));
    const expected = joined(readAnswer(whole));
    expect(only(/item\.(added|done)/)).toEqual(expected);
    expect(only(/delta/)).toEqual(expected);
    expect(only(/added|delta/)).toEqual(expected);
    expect(only(/^$/)).toEqual(expected);
    expect(only(/summary_text\.delta|output_text\.done/)).toEqual(expected);
  });

  it('ends what was begun where the last event says nothing of it', () => {
    const whole = response([]);
    const half = [...itemEvents(says('Hello!'), 0).slice(0, -1), ...itemEvents(calls('c', 'f', {}), 1).slice(0, -1)];
    const events = joined(streamed([begun, ...half, completed(whole)]));
    expect(wholeMessage(events)).toMatchObject({
      message: { content: 'Hello!', tool_calls: [{ id: 'c', function: { name: 'f', arguments: '{}' } }] },
      finish_reason: 'tool_calls',
    });
    expect(events.filter(({ type }) => type === 'block-end')).toHaveLength(2);
  });

  it('passes over events and items that are still to be invented', () => {
    const whole = response([{ type: 'new_item', id: 'n', status: 'completed' }, says('Hi')]);
    const events = [begun, { type: 'keepalive' }, { type: 'response.new', output_index: 0 }, completed(whole)];
    expect(wholeMessage(streamed(events)).message).toMatchObject({ content: 'Hi' });
  });

  it('trap 29: tool calls have gapless indices of their own', () => {
    const output = [thinks('rs'), calls('a', 'f', { x: 1 }), says('and'), calls('b', 'g', {})];
    const writer = openaiChat.answerWriter({ ...stamp, includeUsage: false });
    const frames = streamed(output.flatMap(itemEvents)).map(event => writer.push(event));
    const deltas = frames.filter(frame => frame !== '').flatMap(frame => frame.trim().split('\n\n'));
    const toolCalls = deltas.flatMap(line => JSON.parse(line.slice('data: '.length)).choices[0].delta.tool_calls ?? []);
    expect(toolCalls.map(call => [call.index, call.id])).toEqual([
      [0, 'a'],
      [0, undefined],
      [0, undefined],
      [1, 'b'],
      [1, undefined],
      [1, undefined],
    ]);
  });
});

describe('an answer', () => {
  it.each([
    [{}, [says('a')], 'stop'],
    [{}, [says('a'), calls('c', 'f', {})], 'tool_calls'],
    [{ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }, [says('a')], 'length'],
    [{ status: 'incomplete', incomplete_details: { reason: 'content_filter' } }, [], 'content_filter'],
    [{ status: 'incomplete', incomplete_details: { reason: 'new' } }, [says('a')], 'stop'],
  ])('%j ends in %s as chat says it', (more, output, expected) => {
    expect(wholeMessage(readAnswer(response(output, more))).finish_reason).toBe(expected);
  });

  it('that is none is an error, and not an empty answer', () => {
    expect(() => readAnswer({ object: 'chat.completion', choices: [] })).toThrow(
      expect.objectContaining({ code: 'upstream_error', retryable: true }),
    );
  });

  it('that was refused says so in the words of the model, streamed or whole', () => {
    const whole = response([{ ...says(''), content: [{ type: 'refusal', refusal: 'Not this.' }] }]);
    const events = [...itemEvents(whole.output[0], 0), completed(whole)];
    for (const read of [readAnswer(whole), streamed(events)])
      expect(wholeMessage(read)).toMatchObject({
        message: { content: null, refusal: 'Not this.' },
        finish_reason: 'content_filter',
      });
  });

  it('that is an image is one, and is sealed in no message', () => {
    const image = { type: 'image_generation_call', id: 'ig', result: 'AAAA', output_format: 'webp' };
    const events = readAnswer(response([image]));
    expect(events.slice(1, 3)).toEqual([
      { type: 'image', mediaType: 'image/webp', data: 'AAAA' },
      { type: 'block-end' },
    ]);
    expect(events.some(({ type }) => type === 'sealed-block')).toBe(false);
  });

  it('has the probabilities of its tokens, as chat has them, streamed or whole', () => {
    const entry = { token: 'Hé', logprob: -0.1, top_logprobs: [{ token: 'H', logprob: -2 }] };
    const tokens = [{ ...entry, bytes: [72, 195, 169], top_logprobs: [{ token: 'H', logprob: -2, bytes: [72] }] }];
    const said = says('Hé');
    const whole = response([{ ...said, content: [{ ...said.content[0], logprobs: [entry] }] }]);
    const delta = { type: 'response.output_text.delta', output_index: 0, delta: 'Hé', logprobs: [entry] };
    for (const read of [readAnswer(whole), streamed([begun, delta, completed(whole)])])
      expect(read.filter(({ type }) => type === 'logprobs')).toEqual([{ type: 'logprobs', tokens }]);
  });

  it('without encrypted reasoning has nothing to seal', () => {
    const { encrypted_content: _, ...open } = thinks('rs_1', 'Hm.');
    expect(readAnswer(response([open])).map(({ type }) => type)).toEqual([
      'answer-start',
      'reasoning-delta',
      'block-end',
      'usage',
      'answer-end',
    ]);
  });

  it('that failed is an error, and one without an end is cut', () => {
    const failed = { type: 'response.failed', response: { error: { code: 'server_is_overloaded' } } };
    const thrown = expect.objectContaining({ code: 'upstream_unavailable', retryable: true }) as Error;
    expect(() => streamed([begun, failed])).toThrow(thrown);
    expect(streamed([begun]).some(({ type }) => type === 'answer-end')).toBe(false);
  });
});

describe('usage', () => {
  const count = fc.nat(1_000_000);
  const raw = fc.record({ fresh: count, cached: count, written: count, output: count, reasoning: count });

  it('trap 4, 35: is read by its own names into dimensions that sum to the total', () => {
    fc.assert(
      fc.property(raw, ({ fresh, cached, written, output, reasoning }) => {
        const usage = readUsage(
          {
            input_tokens: fresh + cached + written,
            input_tokens_details: { cached_tokens: cached, cache_write_tokens: written },
            output_tokens: output + reasoning,
            output_tokens_details: { reasoning_tokens: reasoning },
            total_tokens: fresh + cached + written + output + reasoning,
          },
          'default',
        );
        expect(tokensOf(usage)).toBe(usage.totalTokens);
        expect([usage.dimensions.cache_read ?? 0, usage.dimensions.cache_write_5m ?? 0]).toEqual([cached, written]);
        expect([usage.dimensions.output ?? 0, usage.reasoningTokens ?? 0]).toEqual([output + reasoning, reasoning]);
      }),
    );
  });

  it('charges no more cached tokens than there are, and counts searches but not what they opened', () => {
    const search = { type: 'web_search_call', action: { type: 'search' } };
    const open = { type: 'web_search_call', action: { type: 'open_page' } };
    const usage = readUsage({ input_tokens: 5, input_tokens_details: { cached_tokens: 9 } }, undefined, [search, open]);
    expect(usage.dimensions).toEqual({ cache_read: 5, tool_web_search: 1 });
  });
});
