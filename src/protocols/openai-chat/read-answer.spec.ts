import fc from 'fast-check';
import type { AnswerEvent } from '../answer-event.js';
import type { JsonObject } from '../protocol.js';
import { dataOf, eachFrame, FrameGatherer } from '../sse.js';
import { openaiChat } from './index.js';
import { ChatAnswerReader, DONE, readAnswer } from './read-answer.js';

const chunk = (delta: object, finish: string | null = null, more: object = {}): JsonObject => ({
  id: 'chatcmpl-1',
  model: 'a-model',
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...more,
});
const call = (index: number | undefined, piece: { id?: string; name?: string; arguments?: string }): JsonObject => {
  const { id, ...named } = piece;
  return chunk({ tool_calls: [{ ...(index !== undefined && { index }), ...(id && { id }), function: named }] });
};
const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };
const usageChunk = { id: 'chatcmpl-1', choices: [], usage };

function streamed(chunks: readonly JsonObject[], ending: 'mark' | 'connection' = 'mark'): AnswerEvent[] {
  const reader = new ChatAnswerReader();
  const events = [...chunks, ...(ending === 'mark' ? [DONE] : [])].flatMap(one => reader.push(one));
  return [...events, ...reader.end()];
}

/** Blocks with their pieces joined: what does not depend on how an answer was cut into chunks. */
function joined(events: readonly AnswerEvent[]): unknown[] {
  const blocks: any[] = [];
  let open: any;
  for (const event of events) {
    if (event.type === 'usage' && !event.final) continue;
    if (event.type === 'block-end') open = undefined;
    else if (event.type === 'text-delta' || event.type === 'reasoning-delta') {
      if (open) open.text += event.text;
      else blocks.push((open = { ...event }));
    } else if (event.type === 'tool-call-start') blocks.push((open = { ...event, input: '' }));
    else if (event.type === 'tool-input-delta') open.input += event.json;
    else blocks.push(event);
  }
  return blocks;
}

/** Every block ends before the next begins, and pieces stand only in blocks of their kind. */
function expectDisjointBlocks(events: readonly AnswerEvent[]): void {
  let open: string | undefined;
  for (const { type } of events) {
    if (type === 'block-end') {
      expect(open).toBeDefined();
      open = undefined;
    } else if (type === 'tool-call-start') {
      expect(open).toBeUndefined();
      open = 'call';
    } else if (type === 'tool-input-delta') expect(open).toBe('call');
    else if (type === 'text-delta' || type === 'reasoning-delta') {
      expect([undefined, type]).toContain(open);
      open = type;
    } else if (type === 'answer-end') expect(open).toBeUndefined();
  }
  expect(open).toBeUndefined();
}

const callsIn = (events: readonly AnswerEvent[]) =>
  joined(events)
    .filter((block: any) => block.type === 'tool-call-start')
    .map(({ id, name, input }: any) => [id, name, input]);

describe('trap 29, 30: tool calls of clones', () => {
  const input = '{"a":1}';

  it('that interleave come out one after another', () => {
    const events = streamed([
      call(0, { id: 'a', name: 'f', arguments: '' }),
      call(1, { id: 'b', name: 'g', arguments: '{"b"' }),
      call(0, { arguments: '{"a":' }),
      call(1, { arguments: ':2}' }),
      call(0, { arguments: '1}' }),
      chunk({}, 'tool_calls'),
    ]);
    expectDisjointBlocks(events);
    expect(callsIn(events)).toEqual([
      ['a', 'f', input],
      ['b', 'g', '{"b":2}'],
    ]);
  });

  it('the second goes out as it comes once the first is whole', () => {
    const reader = new ChatAnswerReader();
    reader.push(call(0, { id: 'a', name: 'f', arguments: input }));
    expect(reader.push(call(1, { id: 'b', name: 'g', arguments: '{"b"' }))).toEqual([
      { type: 'block-end' },
      { type: 'tool-call-start', id: 'b', name: 'g' },
      { type: 'tool-input-delta', json: '{"b"' },
    ]);
    expect(reader.push(call(1, { arguments: ':2}' }))).toEqual([{ type: 'tool-input-delta', json: ':2}' }]);
  });

  it.each<[string, JsonObject[], unknown[]]>([
    [
      'without an index, each in a chunk of its own',
      [
        call(undefined, { id: 'a', name: 'f', arguments: input }),
        call(undefined, { id: 'b', name: 'g', arguments: '{}' }),
      ],
      [
        ['a', 'f', input],
        ['b', 'g', '{}'],
      ],
    ],
    [
      'without an index, in pieces',
      [
        call(undefined, { id: 'a', name: 'f' }),
        call(undefined, { arguments: '{"a"' }),
        call(undefined, { arguments: ':1}' }),
      ],
      [['a', 'f', input]],
    ],
    [
      'all with index 0, told apart by id and name',
      [call(0, { id: 'a', name: 'f', arguments: input }), call(0, { id: 'b', name: 'g', arguments: '{}' })],
      [
        ['a', 'f', input],
        ['b', 'g', '{}'],
      ],
    ],
    [
      'with id and name again in every piece',
      [call(0, { id: 'a', name: 'f', arguments: '{"a"' }), call(0, { id: 'a', name: 'f', arguments: ':1}' })],
      [['a', 'f', input]],
    ],
    [
      'with the name behind the arguments',
      [call(0, { id: 'a', arguments: '{"a"' }), call(0, { name: 'f', arguments: ':1}' })],
      [['a', 'f', input]],
    ],
    ['without arguments', [call(0, { id: 'a', name: 'f' })], [['a', 'f', '{}']]],
    [
      'without ids, which are made, and differ from answer to answer',
      [call(0, { name: 'f', arguments: input }), call(1, { name: 'g', arguments: '{}' })],
      [
        ['call_chatcmpl1_0', 'f', input],
        ['call_chatcmpl1_1', 'g', '{}'],
      ],
    ],
  ])('%s', (_what, chunks, calls) => {
    const events = streamed([...chunks, chunk({}, 'tool_calls')]);
    expectDisjointBlocks(events);
    expect(callsIn(events)).toEqual(calls);
  });

  it('text in the middle of a call waits for its end', () => {
    const events = streamed([
      call(0, { id: 'a', name: 'f', arguments: '{"a"' }),
      chunk({ content: 'Now.' }),
      call(0, { arguments: ':1}' }),
      chunk({}, 'tool_calls'),
    ]);
    expectDisjointBlocks(events);
    expect(callsIn(events)).toEqual([['a', 'f', input]]);
    expect(joined(events)).toContainEqual({ type: 'text-delta', text: 'Now.' });
  });
});

describe('reasoning', () => {
  it.each([
    ['reasoning_content', { reasoning_content: 'Hm.' }],
    ['reasoning', { reasoning: 'Hm.' }],
    ['both, once', { reasoning_content: 'Hm.', reasoning: 'Hm.' }],
    ['parts of the content', { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] }] }],
  ])('as %s', (_where, delta) => {
    const events = streamed([chunk(delta), chunk({ content: 'Yes.' }), chunk({}, 'stop')]);
    expectDisjointBlocks(events);
    expect(joined(events).slice(1, 3)).toEqual([
      { type: 'reasoning-delta', text: 'Hm.' },
      { type: 'text-delta', text: 'Yes.' },
    ]);
  });

  it('trap 31: signed details are sealed, and come back through the writer', () => {
    const pieces = [
      { type: 'reasoning.text', index: 0, text: 'Let me ', format: 'x-v1' },
      { type: 'reasoning.text', index: 0, text: 'see.' },
      { type: 'reasoning.text', index: 0, signature: 'c2ln' },
    ];
    const events = streamed([
      ...pieces.map(piece => chunk({ reasoning: piece.text ?? '', reasoning_details: [piece] })),
      chunk({ content: 'Yes.' }),
      chunk({}, 'stop'),
    ]);
    const sealed = events.find(event => event.type === 'sealed-block')?.sealed;
    const whole = { type: 'reasoning.text', index: 0, text: 'Let me see.', format: 'x-v1', signature: 'c2ln' };
    expect(sealed).toEqual({ protocol: 'openai-chat', value: { reasoning_details: [whole] } });
    expect(events.map(({ type }) => type)).toEqual([
      ...['answer-start', 'reasoning-delta', 'reasoning-delta', 'sealed-block', 'block-end'],
      ...['text-delta', 'block-end', 'answer-end'],
    ]);
  });
});

describe('the end of an answer', () => {
  it('is [DONE], behind usage that stands behind the finish reason', () => {
    const reader = new ChatAnswerReader();
    expect(reader.push(chunk({ content: 'Hi' }, 'stop')).at(-1)).toEqual({ type: 'text-delta', text: 'Hi' });
    expect(reader.push(usageChunk)).toMatchObject([{ type: 'usage', final: true }]);
    expect(reader.push(DONE)).toEqual([
      { type: 'block-end' },
      { type: 'answer-end', stopReason: 'stop', explanation: undefined },
    ]);
    expect(reader.end()).toEqual([]);
  });

  it('is the end of the connection where a finish reason came before, and none where it did not', () => {
    expect(streamed([chunk({ content: 'Hi' }), chunk({}, 'stop')], 'connection').at(-1)).toMatchObject({
      stopReason: 'stop',
    });
    expect(streamed([chunk({ content: 'Hi' })], 'connection').at(-1)).toMatchObject({ type: 'text-delta' });
  });

  it.each<[string | null, object, string]>([
    ['stop', {}, 'stop'],
    ['length', {}, 'length'],
    ['model_length', {}, 'length'],
    ['content_filter', {}, 'content-filter'],
    ['tool_calls', {}, 'tool-calls'],
    ['stop', { tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }] }, 'tool-calls'],
    [null, { tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }] }, 'tool-calls'],
    ['length', { tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{' } }] }, 'length'],
    [null, {}, 'other'],
    ['still to be invented', {}, 'other'],
    ['stop', { refusal: 'Not this.' }, 'refusal'],
  ])('finish reason %s with %j is %s', (finish, delta, stopReason) => {
    expect(streamed([chunk(delta, finish)]).at(-1)).toMatchObject({ type: 'answer-end', stopReason });
  });

  it.each([
    ['an error chunk', { error: { message: 'no', code: 503 } }, 'upstream_unavailable'],
    ['an error of one sentence', { error: 'no' }, 'upstream_error'],
    ['an error object', { object: 'error', message: 'no', code: 429 }, 'upstream_rate_limited'],
    ['an error in the choice', { choices: [{ index: 0, error: { code: 502, message: 'no' } }] }, 'upstream_error'],
    ['the finish reason of a failure', chunk({}, 'error'), 'upstream_error'],
    ['resources that ran out', chunk({}, 'insufficient_system_resource'), 'upstream_unavailable'],
  ])('trap 25: %s is an error', (_what, said, code) => {
    const reader = new ChatAnswerReader();
    reader.push(chunk({ content: 'Hi' }));
    expect(() => reader.push(said)).toThrow(expect.objectContaining({ code }));
  });
});

describe('usage', () => {
  it.each<[string, JsonObject[]]>([
    ['behind the finish reason', [chunk({ content: 'Hi' }, 'stop'), usageChunk]],
    ['with it', [chunk({ content: 'Hi' }, 'stop', { usage })]],
    [
      'inside the choice',
      [{ ...chunk({}), choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: 'stop', usage }] }],
    ],
    ['under a name of its own', [chunk({ content: 'Hi' }, 'stop', { x_groq: { usage } })]],
    [
      'in every chunk',
      [chunk({ content: 'Hi' }, null, { usage: { ...usage, completion_tokens: 1 } }), chunk({}, 'stop', { usage })],
    ],
  ])('trap 34: %s', (_where, chunks) => {
    const last = streamed(chunks).findLast(event => event.type === 'usage');
    expect(last).toMatchObject({ final: true, usage: { dimensions: { input: 3, output: 4 }, raw: usage } });
  });

  it('is provisional until the answer has finished', () => {
    const reader = new ChatAnswerReader();
    expect(reader.push(chunk({ content: 'Hi' }, null, { usage })).at(-1)).toMatchObject({
      type: 'usage',
      final: false,
    });
  });
});

describe('a whole answer', () => {
  it('without a choice is an error', () => {
    expect(() => readAnswer({ id: 'x', choices: [] })).toThrow(expect.objectContaining({ code: 'upstream_error' }));
  });

  it('keeps images and token probabilities', () => {
    const tokens = [{ token: 'Hi', logprob: -0.1, bytes: null, top_logprobs: [] }];
    const message = {
      content: 'Hi',
      images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }],
    };
    const events = readAnswer({
      id: 'x',
      choices: [{ message, logprobs: { content: tokens }, finish_reason: 'stop' }],
    });
    expect(events).toContainEqual({ type: 'logprobs', tokens });
    expect(events).toContainEqual({ type: 'image', mediaType: 'image/png', data: 'AAAA' });
  });
});

const word = fc.string({ minLength: 1, maxLength: 8 });
const pieces = fc.array(word, { minLength: 1, maxLength: 4 });
const answer = fc.record({
  reasoning: fc.option(pieces, { nil: undefined }),
  text: fc.option(pieces, { nil: undefined }),
  calls: fc.array(fc.record({ name: word, input: fc.dictionary(word, fc.jsonValue(), { maxKeys: 3 }) }), {
    maxLength: 3,
  }),
  cuts: fc.array(fc.nat(20), { maxLength: 6 }),
  interleave: fc.boolean(),
});

describe('properties', () => {
  it('a stream assembled is the whole answer, however it was cut', () => {
    fc.assert(
      fc.property(answer, ({ reasoning = [], text = [], calls, cuts, interleave }) => {
        const inputs = calls.map(({ input }) => JSON.stringify(input));
        const tool_calls = calls.map(({ name }, at) => ({ id: `id${at}`, function: { name, arguments: inputs[at] } }));
        const finish = calls.length > 0 ? 'tool_calls' : 'stop';
        const message = { reasoning_content: reasoning.join(''), content: text.join(''), tool_calls };
        const whole = readAnswer({ ...chunk({}), choices: [{ index: 0, message, finish_reason: finish }], usage });

        const perCall = inputs.map((input, at) => {
          const ends = [...new Set(cuts.map(cut => Math.min(cut, input.length)))].sort((a, b) => a - b);
          const parts = [...ends, input.length].map((end, part) => input.slice(ends[part - 1] ?? 0, end));
          return [
            call(at, { id: `id${at}`, name: calls[at]!.name, arguments: '' }),
            ...parts.map(part => call(at, { arguments: part })),
          ];
        });
        const longest = Math.max(0, ...perCall.map(({ length }) => length));
        const places = Array.from({ length: longest }, (_, at) => at);
        const mixed = places.flatMap(at => perCall.flatMap(list => list.slice(at, at + 1)));
        const events = streamed([
          ...reasoning.map(piece => chunk({ reasoning_content: piece })),
          ...text.map(content => chunk({ content })),
          ...(interleave ? mixed : perCall.flatMap(list => list)),
          chunk({}, finish),
          usageChunk,
        ]);
        expectDisjointBlocks(events);
        const rid = (blocks: unknown[]) => blocks.filter((block: any) => block.type !== 'usage');
        expect(rid(joined(events))).toEqual(rid(joined(whole)));
        expect(events.findLast(({ type }) => type === 'usage')).toEqual(whole.findLast(({ type }) => type === 'usage'));
      }),
    );
  });

  it('any split of the bytes gives the same events', () => {
    const frames = [
      chunk({ content: 'Grüße 👋' }),
      call(0, { id: 'a', name: 'f', arguments: '{}' }),
      chunk({}, 'tool_calls'),
      usageChunk,
    ];
    const bytes = Buffer.from(`${frames.map(frame => `data: ${JSON.stringify(frame)}\n\n`).join('')}data: [DONE]\n\n`);
    const read = (cuts: readonly number[]): AnswerEvent[] => {
      const gatherer = new FrameGatherer(1e6);
      const reader = openaiChat.answerReader();
      const ends = [...cuts, bytes.length];
      return ends
        .map((end, at) => gatherer.push(bytes.subarray(ends[at - 1] ?? 0, end)))
        .flatMap(whole => [...eachFrame(whole)])
        .flatMap(frame => reader.push(openaiChat.parseEvent!(dataOf(frame)!)));
    };
    const expected = read([]);
    expect(expected.at(-1)).toMatchObject({ type: 'answer-end' });
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 8 }), cuts => {
        expect(read(cuts.sort((a, b) => a - b))).toEqual(expected);
      }),
    );
  });
});
