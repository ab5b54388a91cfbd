import type { JsonObject } from '../protocol.js';
import { gemini } from './index.js';

const part = (text: string, more: JsonObject = {}) => ({ content: { parts: [{ text }], role: 'model' }, ...more });
const frame = (chunk: JsonObject, end = '\r\n\r\n') => Buffer.from(`data: ${JSON.stringify(chunk)}${end}`);
const usage = (candidatesTokenCount: number) => ({
  promptTokenCount: 3,
  candidatesTokenCount,
  totalTokenCount: 3 + candidatesTokenCount,
});
const said = (text: string, tokens: number, more: JsonObject = {}) =>
  frame({ candidates: [part(text, more)], usageMetadata: usage(tokens), modelVersion: 'gemini-2.5-flash' });

function watched(frames: readonly Buffer[], answers?: number) {
  const watch = gemini.frameWatch({ includeUsage: true, ...(answers !== undefined && { answers }) });
  const passed = frames.map(bytes => Buffer.from(watch.see(bytes)).toString());
  return { watch, passed };
}

describe('watching a stream of Gemini go by', () => {
  it('lets output pass as it came, and keeps the last frame back until the connection ends', () => {
    const frames = [said('Hel', 1), said('lo', 2), said('!', 3, { finishReason: 'STOP' })];
    const { watch, passed } = watched(frames);
    expect(passed).toEqual([frames[0]!.toString(), frames[1]!.toString(), '']);
    expect(watch).toMatchObject({ complete: false, hasOutput: true, model: 'gemini-2.5-flash', error: undefined });
    watch.ended();
    expect(watch.complete).toBe(true);
    expect(Buffer.from(watch.terminal())).toEqual(frames[2]);
    expect(watch.usage?.dimensions).toEqual({ input: 3, output: 3 });
  });

  it('reads provisional figures only when it is asked for them', () => {
    const { watch } = watched([Buffer.concat([said('Hel', 1), said('lo', 2)])]);
    expect(watch.usage).toBeUndefined();
    expect(watch.reported?.dimensions).toEqual({ input: 3, output: 2 });
    watch.ended();
    expect(watch.complete).toBe(false);
  });

  it('goes on when a vendor says of every chunk that it is the last', () => {
    const frames = [
      said('Hel', 1, { finishReason: 'STOP' }),
      said('lo', 2, { finishReason: 'STOP' }),
      frame({ usageMetadata: usage(4) }),
    ];
    const { watch, passed } = watched(frames);
    expect(passed).toEqual(['', frames[0]!.toString(), frames[1]!.toString()]);
    watch.ended();
    expect(Buffer.from(watch.terminal())).toEqual(frames[2]);
    expect(watch.usage?.dimensions.output).toBe(4);
  });

  it('is not over before every candidate is', () => {
    const one = frame({ candidates: [part('a', { index: 0, finishReason: 'STOP' }), part('b', { index: 1 })] });
    const two = frame({ candidates: [part('c', { index: 1, finishReason: 'STOP' })], usageMetadata: usage(2) });
    const cut = watched([one], 2);
    cut.watch.ended();
    expect(cut.watch.complete).toBe(false);
    const { watch, passed } = watched([one, two], 2);
    expect(passed).toEqual([one.toString(), '']);
    watch.ended();
    expect(watch.complete).toBe(true);
  });

  it('takes a prompt that was blocked for a whole answer', () => {
    const { watch } = watched([
      frame({ promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 3 } }),
    ]);
    watch.ended();
    expect(watch.complete).toBe(true);
    expect(watch.usage?.dimensions).toEqual({ input: 3 });
  });

  it('stops at an error', () => {
    const error = { code: 503, message: 'Overloaded', status: 'UNAVAILABLE' };
    const { watch, passed } = watched([said('Hi', 1), frame({ error }), said('!', 2, { finishReason: 'STOP' })]);
    expect(passed[1]).toBe('');
    expect(passed[2]).toBe('');
    expect(watch.error).toMatchObject({ code: 'upstream_unavailable' });
    watch.ended();
    expect(watch.complete).toBe(false);
  });

  it('is not fooled by what a model writes', () => {
    const args = { error: { code: 1 }, finishReason: 'STOP', candidates: [], promptFeedback: { blockReason: 'x' } };
    const call = { candidates: [{ content: { parts: [{ functionCall: { name: 'f', args } }] } }] };
    const { watch, passed } = watched([frame(call)]);
    expect(passed[0]).toBe(frame(call).toString());
    watch.ended();
    expect(watch).toMatchObject({ complete: false, error: undefined });
  });

  it('lets comments and what is no JSON pass', () => {
    const bytes = Buffer.from(': still here\n\ndata: "finishReason"\n\n');
    expect(watched([bytes]).passed[0]).toBe(bytes.toString());
  });
});
