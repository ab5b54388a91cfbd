import { OpenAiChatFrameWatch } from './frame-watch.js';

const frame = (chunk: object): Buffer => Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`);
const delta = (content: string, more: object = {}): Buffer =>
  frame({
    id: 'c',
    model: 'gpt-4o-2024-08-06',
    choices: [{ index: 0, delta: { content }, finish_reason: null }],
    ...more,
  });
const usage = {
  prompt_tokens: 10,
  completion_tokens: 5,
  total_tokens: 15,
  prompt_tokens_details: { cached_tokens: 4 },
};
const DONE = Buffer.from('data: [DONE]\n\n');
const watchOf = (includeUsage: boolean) => new OpenAiChatFrameWatch({ includeUsage });

describe('watching an OpenAI chat stream', () => {
  it('passes output frames as the very same bytes, `"usage":null` among them', () => {
    const watch = watchOf(false);
    const bytes = delta('hello', { usage: null, error: null });
    expect(watch.see(bytes)).toBe(bytes);
    expect(watch.hasOutput).toBe(true);
    expect(watch.model).toBe('gpt-4o-2024-08-06');
    expect(watch.usage).toBeUndefined();
  });

  it('holds the usage frame back until the end, and sends it only to who asked', () => {
    for (const asked of [true, false]) {
      const watch = watchOf(asked);
      const last = frame({ id: 'c', choices: [], usage });
      const content = watch.see(Buffer.concat([delta('a'), last, DONE]));
      expect(Buffer.from(content).equals(delta('a'))).toBe(true);
      expect(watch.complete).toBe(true);
      expect(Buffer.from(watch.terminal()).equals(asked ? Buffer.concat([last, DONE]) : DONE)).toBe(true);
      expect(watch.usage?.dimensions).toEqual({ input: 6, cache_read: 4, output: 5 });
    }
  });

  it('trap 34: reads usage that comes with the last output, and where Groq and Moonshot put it', () => {
    const mistral = watchOf(false);
    const last = { choices: [{ index: 0, delta: { content: 'x' }, finish_reason: 'stop' }], usage };
    expect(mistral.see(frame(last)).length).toBeGreaterThan(0);
    expect(mistral.usage?.totalTokens).toBe(15);
    const groq = watchOf(false);
    groq.see(frame({ choices: [{ delta: {}, finish_reason: 'stop' }], x_groq: { id: 'r', usage } }));
    expect(groq.usage?.totalTokens).toBe(15);
    const moonshot = watchOf(false);
    moonshot.see(frame({ choices: [{ delta: {}, finish_reason: 'stop', usage }] }));
    expect(moonshot.usage?.totalTokens).toBe(15);
  });

  it('counts figures that come along with the output as provisional, until the end', () => {
    const watch = watchOf(false);
    watch.see(delta('x', { usage: { prompt_tokens: 3, completion_tokens: 1 } }));
    expect([watch.usage, watch.reported?.dimensions]).toEqual([undefined, { input: 3, output: 1 }]);
    watch.see(DONE);
    expect(watch.usage?.dimensions).toEqual({ input: 3, output: 1 });
  });

  it('is not fooled by marks inside text', () => {
    const watch = watchOf(false);
    const bytes = delta('data: [DONE]\n\n {"usage":{"prompt_tokens":1}} "error":{}');
    expect(Buffer.from(watch.see(bytes)).equals(bytes)).toBe(true);
    expect([watch.complete, watch.usage, watch.error]).toEqual([false, undefined, undefined]);
  });

  it('trap 25: an end without a finish reason is no end', () => {
    const watch = watchOf(false);
    watch.see(delta('half an ans'));
    watch.ended();
    expect(watch.complete).toBe(false);
  });

  it('takes a clean end after a finish reason for an end, as some vendors send no [DONE]', () => {
    const watch = watchOf(false);
    watch.see(frame({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }));
    watch.ended();
    expect(watch.complete).toBe(true);
    expect(Buffer.from(watch.terminal()).equals(DONE)).toBe(true);
  });

  it('trap 25: one of two answers that finished is no end of both; only [DONE] is', () => {
    const watch = new OpenAiChatFrameWatch({ includeUsage: false, answers: 2 });
    watch.see(frame({ choices: [{ index: 1, delta: { content: 'half' }, finish_reason: null }] }));
    watch.see(frame({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }));
    watch.ended();
    expect(watch.complete).toBe(false);
    watch.see(DONE);
    expect(watch.complete).toBe(true);
  });

  it('stops at an error object and says what it was', () => {
    const watch = watchOf(false);
    const content = watch.see(
      Buffer.concat([delta('a'), frame({ error: { code: 429, message: 'slow down' } }), delta('b')]),
    );
    expect(Buffer.from(content).equals(delta('a'))).toBe(true);
    expect(watch.error?.code).toBe('upstream_rate_limited');
  });
});
