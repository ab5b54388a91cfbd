import fc from 'fast-check';
import { anthropicUsage, message, messageFrames, text } from '../../../test/support/fake-anthropic.js';
import type { AnswerEvent } from '../answer-event.js';
import { openaiChat } from '../openai-chat/index.js';
import { readUsage as readChatUsage, writeUsage } from '../openai-chat/usage.js';
import type { JsonObject } from '../protocol.js';
import { inputTokensOf, tokensOf } from '../usage.js';
import { anthropicMessages } from './index.js';
import { AnthropicAnswerReader, readAnswer } from './read-answer.js';
import { readUsage } from './usage.js';

const stamp = { model: 'asked', created: 1 };

function streamed(events: readonly JsonObject[]): AnswerEvent[] {
  const reader = new AnthropicAnswerReader();
  return events.flatMap(event => reader.push(event));
}

const start = (usage: JsonObject = { input_tokens: 3, output_tokens: 1 }) => ({
  type: 'message_start',
  message: { id: 'msg_1', model: 'claude', content: [], usage },
});
const block = (index: number, content_block: JsonObject, ...deltas: JsonObject[]) => [
  { type: 'content_block_start', index, content_block },
  ...deltas.map(delta => ({ type: 'content_block_delta', index, delta })),
  { type: 'content_block_stop', index },
];
const end = (stop_reason: string, usage: JsonObject = { output_tokens: 9 }) => [
  { type: 'message_delta', delta: { stop_reason }, usage },
  { type: 'message_stop' },
];
const json = (partial_json: string) => ({ type: 'input_json_delta', partial_json });
const chunksOf = (events: readonly AnswerEvent[], includeUsage = false) => {
  const writer = openaiChat.answerWriter({ ...stamp, includeUsage });
  const frames = events.map(event => writer.push(event)).join('') + writer.end();
  const lines = frames.trim().split('\n\n');
  expect(lines.at(-1)).toBe('data: [DONE]');
  return lines.slice(0, -1).map(line => JSON.parse(line.slice('data: '.length)));
};

describe('trap 29, 30: parallel tools', () => {
  const events = streamed([
    start(),
    ...block(0, { type: 'text', text: '' }, { type: 'text_delta', text: 'Two.' }),
    ...block(1, { type: 'tool_use', id: 'toolu_a', name: 'f', input: {} }, json(''), json('{"a"'), json(':1}')),
    ...block(2, { type: 'tool_use', id: 'toolu_b', name: 'g', input: {} }),
    ...end('tool_use'),
  ]);

  it('have gapless indices of their own in chunks, whatever blocks stand before them', () => {
    const calls = chunksOf(events).flatMap(chunk => chunk.choices[0].delta.tool_calls ?? []);
    expect(calls).toEqual([
      { index: 0, id: 'toolu_a', type: 'function', function: { name: 'f', arguments: '' } },
      { index: 0, function: { arguments: '{"a"' } },
      { index: 0, function: { arguments: ':1}' } },
      { index: 1, id: 'toolu_b', type: 'function', function: { name: 'g', arguments: '' } },
      { index: 1, function: { arguments: '{}' } },
    ]);
    expect(chunksOf(events)[0].choices[0].delta).toEqual({ role: 'assistant', content: '' });
    expect(chunksOf(events).at(-1).choices[0].finish_reason).toBe('tool_calls');
  });

  it('are the same in a whole answer', () => {
    expect(openaiChat.writeAnswer(events, stamp)).toEqual({
      id: 'chatcmpl-msg_1',
      object: 'chat.completion',
      created: 1,
      model: 'asked',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: 'Two.',
            refusal: null,
            tool_calls: [
              { id: 'toolu_a', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
              { id: 'toolu_b', type: 'function', function: { name: 'g', arguments: '{}' } },
            ],
          },
          logprobs: null,
          finish_reason: 'tool_calls',
        },
      ],
      usage: expect.objectContaining({ prompt_tokens: 3, completion_tokens: 9, total_tokens: 12 }),
    });
  });
});

it.each([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool_calls'],
  ['refusal', 'content_filter'],
  ['pause_turn', 'stop'],
  ['still to be invented', 'stop'],
])('stop reason %s is finish reason %s', (stop, finish) => {
  expect(chunksOf(streamed([start(), ...end(stop)])).at(-1).choices[0].finish_reason).toBe(finish);
});

it('a refusal says why, where the vendor does', () => {
  const events = readAnswer({
    id: 'msg_1',
    content: [],
    stop_reason: 'refusal',
    stop_details: { type: 'refusal', category: 'cyber', explanation: 'Not this.' },
    usage: { input_tokens: 1, output_tokens: 1 },
  });
  const { choices } = openaiChat.writeAnswer(events, stamp) as any;
  expect(choices[0]).toMatchObject({
    message: { content: null, refusal: 'Not this.' },
    finish_reason: 'content_filter',
  });
});

it('reads blocks that are there from the start', () => {
  const content = [{ type: 'tool_use', id: 'toolu_a', name: 'f', input: { a: 1 }, caller: { type: 'code' } }];
  const { message } = start();
  const begun = { type: 'message_start', message: { ...message, content, stop_reason: 'tool_use' } };
  const { choices } = openaiChat.writeAnswer(streamed([begun, { type: 'message_stop' }]), stamp) as any;
  expect(choices[0]).toMatchObject({
    message: { tool_calls: [{ id: 'toolu_a', function: { name: 'f', arguments: '{"a":1}' } }] },
    finish_reason: 'tool_calls',
  });
});

it('passes over events and blocks that are still to be invented', () => {
  const events = streamed([
    start(),
    { type: 'ping' },
    { type: 'new_event' },
    ...block(0, { type: 'new_block' }, { type: 'new_delta' }),
    ...end('end_turn'),
  ]);
  expect(chunksOf(events)[0].choices[0].delta).toEqual({ role: 'assistant', content: '' });
});

it('an error event is thrown as what it would have been with a status', () => {
  const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
  const thrown = expect.objectContaining({ code: 'upstream_unavailable', retryable: true }) as Error;
  expect(() => streamed([start(), overloaded])).toThrow(thrown);
});

describe('usage', () => {
  const cache = {
    cache_read_input_tokens: 100,
    cache_creation_input_tokens: 50,
    cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 30 },
  };
  const final = (events: AnswerEvent[]) =>
    events.filter(event => event.type === 'usage').findLast(event => event.final)?.usage;

  it('trap 4: dimensions are disjoint', () => {
    const { dimensions } = readUsage({ input_tokens: 10, output_tokens: 5, ...cache });
    expect(dimensions).toEqual({ input: 10, cache_read: 100, cache_write_5m: 20, cache_write_1h: 30, output: 5 });
  });

  it('a write without a lifetime lives five minutes; searches are calls', () => {
    const searched = { server_tool_use: { web_search_requests: 2, web_fetch_requests: 1 } };
    const { dimensions } = readUsage({
      input_tokens: 1,
      cache_creation_input_tokens: 7,
      output_tokens: 1,
      ...searched,
    });
    expect(dimensions).toEqual({ input: 1, cache_write_5m: 7, output: 1, tool_web_search: 2 });
  });

  it('runs of code are calls, which the figures do not say', () => {
    const ran = (name: string) => ({ type: 'server_tool_use', id: `srvtoolu_${name}`, name, input: { code: '1' } });
    const usage = { server_tool_use: { web_search_requests: 1 } };
    const blocks = [ran('bash_code_execution'), ran('text_editor_code_execution'), ran('web_search')];
    const whole = message([...blocks, text('Done.')], { usage: anthropicUsage(3, 5, usage) });
    const dimensions = { input: 3, output: 5, tool_web_search: 1, tool_code_execution: 2 };
    expect(readAnswer(whole).findLast(event => event.type === 'usage')).toMatchObject({ usage: { dimensions } });
    expect(anthropicMessages.usageOf(whole)?.dimensions).toEqual(dimensions);
    const frames = messageFrames(whole).map(frame => Buffer.from(frame));
    const watch = anthropicMessages.frameWatch({ includeUsage: true });
    for (const frame of frames) watch.see(frame);
    expect(watch.usage?.dimensions).toEqual(dimensions);
  });

  it('trap 8: the placeholder at the start is not final, and running totals are not added up', () => {
    const begun = [start({ input_tokens: 10, output_tokens: 1, ...cache })];
    expect(final(streamed(begun))).toBeUndefined();
    const totals = { output_tokens: 40, input_tokens: 12, cache_read_input_tokens: null };
    expect(final(streamed([...begun, ...end('end_turn', totals)]))?.dimensions).toMatchObject({
      input: 12,
      cache_read: 100,
      output: 40,
    });
  });

  const count = fc.nat(1_000_000);
  const raw = fc.record({
    input_tokens: count,
    cache_read_input_tokens: count,
    cache_creation: fc.record({ ephemeral_5m_input_tokens: count, ephemeral_1h_input_tokens: count }),
    output_tokens: count,
  });

  it('trap 5: a stream says the same as a whole answer', () => {
    fc.assert(
      fc.property(raw, usage => {
        const { output_tokens, ...input } = usage;
        const stream = streamed([start({ ...input, output_tokens: 1 }), ...end('end_turn', { output_tokens })]);
        const whole = readAnswer({ id: 'msg_1', content: [], stop_reason: 'end_turn', usage });
        expect(final(stream)).toEqual(final(whole));
      }),
    );
  });

  it("survives OpenAI's shape, in which cached tokens are part of the prompt", () => {
    fc.assert(
      fc.property(raw, anthropic => {
        const usage = readUsage(anthropic);
        const written = writeUsage(usage);
        expect([written.prompt_tokens, written.total_tokens]).toEqual([inputTokensOf(usage), tokensOf(usage)]);
        expect(readChatUsage(written).dimensions).toEqual(usage.dimensions);
      }),
    );
  });
});

it('what is no answer is an error, and not an empty answer', () => {
  expect(() => readAnswer({ object: 'chat.completion', choices: [] })).toThrow(
    expect.objectContaining({ code: 'upstream_error', retryable: true }),
  );
});
