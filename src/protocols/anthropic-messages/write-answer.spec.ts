import fc from 'fast-check';
import { LazuError } from '../../errors.js';
import type { AnswerEvent } from '../answer-event.js';
import type { Block, Sealed } from '../conversation.js';
import type { JsonObject } from '../protocol.js';
import { dataOf, eachFrame } from '../sse.js';
import { anthropicMessages } from './index.js';
import { UNSIGNED, writeSeal } from './seals.js';

const as = { model: 'asked', created: 1, inputTokens: 9, includeUsage: true };
const start: AnswerEvent = { type: 'answer-start', id: 'abc', model: 'upstream' };
const end: AnswerEvent = { type: 'answer-end', stopReason: 'stop', explanation: undefined };
const ended: AnswerEvent = { type: 'block-end' };
const text = (words: string): AnswerEvent => ({ type: 'text-delta', text: words });
const thought = (words: string): AnswerEvent => ({ type: 'reasoning-delta', text: words });
const call = (id: string, name: string, ...json: string[]): AnswerEvent[] => [
  { type: 'tool-call-start', id, name },
  ...json.map((piece): AnswerEvent => ({ type: 'tool-input-delta', json: piece })),
];
const sealed: Sealed = { protocol: 'gemini', value: { thoughtSignature: 'abc+/=', n: 1 } };
const seal: AnswerEvent = { type: 'sealed-block', sealed };
const usage = (input: number, output: number): AnswerEvent => ({
  type: 'usage',
  usage: { dimensions: { input, cache_read: 3, output }, reasoningTokens: 2, raw: {} },
  final: true,
});

function streamed(events: readonly AnswerEvent[]): JsonObject[] {
  const writer = anthropicMessages.answerWriter(as);
  const frames = events.map(event => writer.push(event)).join('') + writer.end();
  return [...eachFrame(Buffer.from(frames))].map(frame => {
    const event = JSON.parse(dataOf(frame)!) as JsonObject;
    expect(frame.toString()).toMatch(new RegExp(`^event: ${String(event.type)}\n`));
    return event;
  });
}
const whole = (events: readonly AnswerEvent[]) => anthropicMessages.writeAnswer(events, as) as any;

describe('an answer in Anthropic’s events', () => {
  it('says what every stream says', () => {
    const events = streamed([start, text('Hel'), text('lo'), ended, usage(10, 5), end]);
    expect(events).toEqual([
      {
        type: 'message_start',
        message: expect.objectContaining({
          id: 'msg_abc',
          model: 'asked',
          content: [],
          stop_reason: null,
          usage: expect.objectContaining({ input_tokens: 9, output_tokens: 0 }),
        }),
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'lo' } },
      { type: 'content_block_stop', index: 0 },
      {
        type: 'message_delta',
        delta: { stop_reason: 'end_turn', stop_sequence: null, stop_details: null },
        usage: expect.objectContaining({
          input_tokens: 10,
          cache_read_input_tokens: 3,
          output_tokens: 5,
          output_tokens_details: { thinking_tokens: 2 },
        }),
      },
      { type: 'message_stop' },
    ]);
  });

  it('trap 30: one `message_start`, gapless indices, and no two blocks at once, whatever comes', () => {
    const event = fc.oneof(
      fc.string({ maxLength: 3 }).map(text),
      fc.string({ maxLength: 3 }).map(thought),
      fc.constantFrom<AnswerEvent>(start, ended, seal, usage(1, 1)),
      fc.constant<AnswerEvent>({ type: 'tool-call-start', id: 't', name: 'f' }),
      fc.constant<AnswerEvent>({ type: 'tool-input-delta', json: '' }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), some => {
        const events = [start, ...some, end];
        const frames = streamed(events);
        const types = frames.map(({ type }) => type as string);
        expect(types.filter(type => type === 'message_start')).toHaveLength(1);
        expect([types[0], ...types.slice(-2)]).toEqual(['message_start', 'message_delta', 'message_stop']);
        let open: unknown;
        let next = 0;
        for (const { type, index } of frames.slice(1, -2)) {
          if (type === 'content_block_start') {
            expect([open, index]).toEqual([undefined, next++]);
            open = index;
          } else expect(index).toBe(open);
          if (type === 'content_block_stop') open = undefined;
        }
        expect(open).toBeUndefined();
        expect(whole(events).content).toEqual(assembled(frames));
      }),
    );
  });

  it('says nothing before there is output, so that another channel can begin anew', () => {
    const writer = anthropicMessages.answerWriter(as);
    expect([start, usage(10, 0), seal, ended].map(event => writer.push(event)).join('')).toBe('');
    expect(writer.push(text('a')).match(/message_start/g)).toHaveLength(2); // its event and its data
  });

  it('names why it ended as clients must know it', () => {
    const reason = (stopReason: any, ...before: AnswerEvent[]) =>
      whole([start, ...before, { type: 'answer-end', stopReason, explanation: 'Not this.' }]);
    const expected = {
      ...{ stop: 'end_turn', 'stop-sequence': 'stop_sequence', length: 'max_tokens', 'tool-calls': 'tool_use' },
      ...{ refusal: 'refusal', 'content-filter': 'refusal', pause: 'pause_turn', other: 'end_turn' },
    };
    for (const [ours, theirs] of Object.entries(expected)) expect(reason(ours).stop_reason).toBe(theirs);
    expect(reason('stop', ...call('t', 'f', '{}'), ended).stop_reason).toBe('tool_use');
    expect(reason('refusal').stop_details).toEqual({ type: 'refusal', category: null, explanation: 'Not this.' });
  });

  it('gives a whole answer with parsed inputs; what is no object is shown as it was', () => {
    const calls = [...call('a', 'f', '{"x"', ':1}'), ended, ...call('b', 'g'), ended, ...call('c', 'h', '[1'), ended];
    const answer = whole([start, thought('Hm.'), ended, text('Two.'), ended, ...calls, usage(10, 5), end]);
    expect(answer).toMatchObject({ id: 'msg_abc', type: 'message', role: 'assistant', model: 'asked' });
    expect(answer.content).toEqual([
      { type: 'thinking', thinking: 'Hm.', signature: UNSIGNED },
      { type: 'text', text: 'Two.' },
      { type: 'tool_use', id: 'a', name: 'f', input: { x: 1 } },
      { type: 'tool_use', id: 'b', name: 'g', input: {} },
      { type: 'tool_use', id: 'c', name: 'h', input: { arguments: '[1' } },
    ]);
    expect(answer.usage).toMatchObject({ input_tokens: 10, cache_read_input_tokens: 3, output_tokens: 5 });
  });
});

describe('trap 31: what other protocols sealed', () => {
  const sentBack = (content: unknown): readonly Block[] => {
    const messages = [{ role: 'assistant', content }];
    return anthropicMessages.readRequest({ model: 'm', max_tokens: 1, messages }).turns[0]!.blocks;
  };

  it('is the signature of the thought it belongs to, and comes home from there', () => {
    const { content } = whole([start, thought('Hm.'), seal, ended, text('A'), ended, end]);
    expect(content[0]).toEqual({ type: 'thinking', thinking: 'Hm.', signature: writeSeal(sealed) });
    expect(sentBack(content)).toMatchObject([
      { type: 'reasoning', text: 'Hm.' },
      { type: 'opaque', sealed },
      { type: 'text', text: 'A' },
    ]);
  });

  it('stands behind the call that it came with, in its place among parallel calls', () => {
    const events = [start, seal, ended, ...call('a', 'f'), seal, ended, ...call('b', 'g'), ended, end];
    const { content } = whole(events);
    const redacted = { type: 'redacted_thinking', data: writeSeal(sealed) };
    expect(content).toEqual([
      redacted,
      { type: 'tool_use', id: 'a', name: 'f', input: {} },
      redacted,
      { type: 'tool_use', id: 'b', name: 'g', input: {} },
    ]);
    expect(sentBack(content).map(block => (block.type === 'tool-call' ? block.id : block.type))).toEqual([
      ...['opaque', 'a', 'opaque', 'b'],
    ]);
    expect(sentBack(content)[0]).toMatchObject({ sealed });
  });

  it('stands behind a text where something follows; the text stays the last block of an answer', () => {
    const redacted = { type: 'redacted_thinking', data: writeSeal(sealed) };
    const late = [text('A'), ended, seal, ended];
    for (const said of [[text('A'), seal, ended], late]) {
      expect(whole([start, ...said, end]).content).toEqual([{ type: 'text', text: 'A' }]);
      expect(whole([start, ...said, ...call('a', 'f'), ended, end]).content).toMatchObject([
        { type: 'text' },
        redacted,
        { type: 'tool_use' },
      ]);
    }
  });

  it('is never taken for a signature of Anthropic’s, which stays as it is', () => {
    const mine = { type: 'thinking', thinking: 'Hm.', signature: 'EqQBCgIYAhIM+/==' };
    const own: Sealed = { protocol: 'anthropic-messages', value: mine };
    expect(sentBack([mine])).toMatchObject([{ type: 'reasoning' }, { type: 'opaque', sealed: own }]);
    const { content } = whole([start, thought('Hm.'), { type: 'sealed-block', sealed: own }, ended, end]);
    expect(content).toEqual([mine]);
  });

  it('of a thought that nobody signed there is none, and none is made up', () => {
    for (const signature of [UNSIGNED, '', undefined])
      expect(sentBack([{ type: 'thinking', thinking: 'Hm.', signature }])).toMatchObject([{ type: 'reasoning' }]);
  });

  it('must come back as it was', () => {
    const damaged = [{ type: 'redacted_thinking', data: `${writeSeal(sealed).slice(0, 20)}` }];
    expect(() => sentBack(damaged)).toThrow(LazuError);
  });

  it('comes back whatever it holds', () => {
    const bytes = { protocol: 'bedrock-converse' as const };
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), value => {
        const kept = JSON.parse(JSON.stringify(value)) as JsonObject;
        const kind = { type: 'sealed-block', sealed: { ...bytes, value } } as const;
        const { content } = whole([start, ...call('a', 'f'), kind, ended, end]);
        expect(sentBack(content)[1]).toMatchObject({ type: 'opaque', sealed: { ...bytes, value: kept } });
      }),
    );
  });
});

describe('writeError', () => {
  const written = (code: ConstructorParameters<typeof LazuError>[0], message = 'No.') =>
    anthropicMessages.writeError(new LazuError(code, message, { param: 'p' }), 'req_1');

  it('has Anthropic’s envelope with all five fields', () => {
    const { body, frame } = written('invalid_value');
    expect(body).toEqual({
      type: 'error',
      error: { type: 'invalid_request_error', message: 'No.', code: 'invalid_value', param: 'p', request_id: 'req_1' },
      request_id: 'req_1',
    });
    expect(frame).toBe(`event: error\ndata: ${JSON.stringify(body)}\n\n`);
  });

  it.each([
    ['invalid_api_key', 'authentication_error'],
    ['insufficient_quota', 'billing_error'],
    ['ip_not_allowed', 'permission_error'],
    ['model_not_found', 'not_found_error'],
    ['payload_too_large', 'request_too_large'],
    ['request_rate_limit_exceeded', 'rate_limit_error'],
    ['upstream_error', 'api_error'],
    ['upstream_unavailable', 'overloaded_error'],
    ['upstream_timeout', 'timeout_error'],
    ['conflict', 'invalid_request_error'],
  ] as const)('calls %s a %s', (code, type) => {
    expect(written(code).body).toMatchObject({ error: { type } });
  });

  it('says that a prompt is too long in the words that clients look for', () => {
    const said = (message: string) => (written('context_length_exceeded', message).body.error as JsonObject).message;
    expect(said('The maximum is 8192.')).toBe('prompt is too long: The maximum is 8192.');
    expect(said('prompt is too long: 3 > 2')).toBe('prompt is too long: 3 > 2');
  });
});

/** The content as a client puts it together. */
function assembled(frames: readonly JsonObject[]): JsonObject[] {
  const content: any[] = [];
  for (const { type, content_block: block, delta } of frames as readonly any[]) {
    if (type === 'content_block_start') content.push({ ...block });
    if (type !== 'content_block_delta') continue;
    const last = content.at(-1);
    for (const [name, value] of Object.entries(delta)) if (name !== 'type') last[name] += String(value);
  }
  return content;
}
