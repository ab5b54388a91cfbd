import fc from 'fast-check';
import { FrameGatherer } from '../sse.js';
import { anthropicMessages } from './index.js';
import { AnthropicFrameWatch } from './frame-watch.js';
import { writeEvent } from './write-event.js';

const frame = (event: { type: string } & Record<string, unknown>): Buffer => Buffer.from(writeEvent(event));
const usage = { input_tokens: 10, cache_read_input_tokens: 4, output_tokens: 1, service_tier: 'standard' };
const start = frame({ type: 'message_start', message: { id: 'msg_1', model: 'claude', content: [], usage } });
const ping = frame({ type: 'ping' });
const open = frame({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
const words = (text: string) => frame({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
const close = frame({ type: 'content_block_stop', index: 0 });
const delta = frame({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 7 } });
const stop = frame({ type: 'message_stop' });
const whole = [start, ping, open, words('Say "message_stop" or "error"'), words('é'), close, delta, stop];

describe('watching an Anthropic stream', () => {
  it('gives the very same bytes, the end when it is asked for, however they are split', () => {
    const all = Buffer.concat(whole);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: all.length }), { maxLength: 12 }), cuts => {
        const watch = new AnthropicFrameWatch();
        const gatherer = new FrameGatherer(1_000_000);
        const at = [0, ...cuts.sort((a, b) => a - b), all.length];
        const passed = at.slice(1).map((end, index) => {
          const frames = gatherer.push(all.subarray(at[index], end));
          return frames.length > 0 ? Buffer.from(watch.see(frames)) : frames;
        });
        expect(watch.complete).toBe(true);
        const content = Buffer.concat(passed);
        expect(content.includes('"message_stop"}')).toBe(false);
        expect(Buffer.concat([content, watch.terminal()]).equals(all)).toBe(true);
        expect(watch.usage?.dimensions).toEqual({ input: 10, cache_read: 4, output: 7 });
        expect(watch.model).toBe('claude');
      }),
    );
  });

  it('keeps what comes before the content until there is some', () => {
    const watch = new AnthropicFrameWatch();
    expect(watch.see(Buffer.concat([start, ping]))).toHaveLength(0);
    expect([watch.hasOutput, watch.model]).toEqual([false, 'claude']);
    expect(Buffer.from(watch.see(open)).equals(Buffer.concat([start, ping, open]))).toBe(true);
    expect(watch.hasOutput).toBe(true);
    const plain = words('more');
    expect(watch.see(plain)).toBe(plain);
  });

  it('trap 8: the placeholder in `message_start` is reported, and no final figure', () => {
    const watch = new AnthropicFrameWatch();
    watch.see(Buffer.concat([start, open, words('a')]));
    expect(watch.reported?.dimensions).toEqual({ input: 10, cache_read: 4, output: 1 });
    expect(watch.usage).toBeUndefined();
    watch.see(frame({ type: 'message_delta', delta: {}, usage: { output_tokens: 5 } }));
    expect(watch.usage).toBeUndefined();
    watch.see(delta);
    expect(watch.usage?.dimensions).toEqual({ input: 10, cache_read: 4, output: 7 });
  });

  it('takes an error event, and lets nothing of it pass', () => {
    const watch = new AnthropicFrameWatch();
    const error = frame({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } });
    const passed = watch.see(Buffer.concat([start, open, words('Half'), error, stop]));
    expect(Buffer.from(passed).equals(Buffer.concat([start, open, words('Half')]))).toBe(true);
    expect(watch.error?.code).toBe('upstream_unavailable');
    expect(watch.complete).toBe(false);
  });

  it('ends with the connection where the reason for the end has been said, and not before', () => {
    const cut = new AnthropicFrameWatch();
    cut.see(Buffer.concat([start, open, words('a'), close]));
    cut.ended();
    expect(cut.complete).toBe(false);
    const silent = new AnthropicFrameWatch();
    silent.see(Buffer.concat([start, delta]));
    silent.ended();
    expect(silent.complete).toBe(true);
    expect(Buffer.from(silent.terminal()).equals(stop)).toBe(true);
  });

  it('is the same usage as that of the whole answer (trap 5)', () => {
    const watch = new AnthropicFrameWatch();
    watch.see(Buffer.concat(whole));
    const answer = { type: 'message', usage: { ...usage, output_tokens: 7 } };
    expect(watch.usage).toEqual(anthropicMessages.usageOf(answer));
  });
});

describe('the name of a private deployment', () => {
  const rewriter = anthropicMessages.answerRewriter({
    model: 'asked',
    reasoningField: undefined,
    contentInParts: false,
  });

  it('is the one that was asked for, in the message and nowhere else', () => {
    expect(rewriter.answer({ type: 'message', model: 'private' })).toEqual({ type: 'message', model: 'asked' });
    const rewritten = rewriter.frames(Buffer.concat([start, open, words('claude')])).toString();
    expect(rewritten).toContain('"model":"asked"');
    expect(rewritten.slice(rewritten.indexOf('event: content_block_start'))).toBe(
      Buffer.concat([open, words('claude')]).toString(),
    );
    const plain = words('a');
    expect(rewriter.frames(plain)).toBe(plain);
  });
});

describe('outputTextIn', () => {
  const { outputTextIn } = anthropicMessages;

  it('finds text, thoughts and calls in a stream and in a whole answer', () => {
    const call = { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', name: 'f', input: {} } };
    const json = {
      type: 'content_block_delta',
      index: 1,
      delta: { type: 'input_json_delta', partial_json: '{"a":1}' },
    };
    const thought = { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Hm.' } };
    const signed = { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'xxx' } };
    const frames = [thought, signed].map(frame).concat([open, words('Hello')], [call, json].map(frame));
    expect(outputTextIn(Buffer.concat(frames).toString())).toBe('Hm.Hellof{"a":1}');
    const content = [
      { type: 'thinking', thinking: 'Hm.', signature: 'xxx' },
      { type: 'text', text: 'Hello' },
      { type: 'tool_use', id: 't', name: 'f', input: { a: 1 } },
    ];
    expect(outputTextIn(JSON.stringify({ type: 'message', content }))).toBe('Hm.Hellof{"a":1}');
  });
});
