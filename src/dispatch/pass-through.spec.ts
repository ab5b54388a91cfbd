import { from, Subject, throwError, concat } from 'rxjs';
import { LazuError } from '../errors.js';
import { openaiChat } from '../protocols/openai-chat/index.js';
import { passThrough } from './pass-through.js';

const frame = (chunk: object) => `data: ${JSON.stringify(chunk)}\n\n`;
const words = ['a', 'b'].map(content => frame({ choices: [{ index: 0, delta: { content } }] }));
const DONE = 'data: [DONE]\n\n';
const bytes = (...texts: string[]) => from(texts.map(text => Buffer.from(text)));

const run = (bytes$: Parameters<typeof passThrough>[0], finish = () => Promise.resolve()) =>
  new Promise<{ text: string; error?: unknown }>(resolve => {
    let text = '';
    const watch = openaiChat.frameWatch({ includeUsage: false });
    passThrough(bytes$, watch, finish).subscribe({
      next: chunk => (text += Buffer.from(chunk).toString()),
      error: (error: unknown) => resolve({ text, error }),
      complete: () => resolve({ text }),
    });
  });

describe('passing a stream through', () => {
  it('passes bytes unchanged', async () => {
    expect(await run(bytes(...words, DONE))).toEqual({ text: words.join('') + DONE });
  });

  it('trap 12: the end waits for the journal, nothing else does', async () => {
    const seen: string[] = [];
    let journalled = () => {};
    const source = new Subject<Uint8Array>();
    const finish = () => new Promise<void>(resolve => (journalled = resolve));
    passThrough(source, openaiChat.frameWatch({ includeUsage: false }), finish).subscribe(chunk =>
      seen.push(Buffer.from(chunk).toString()),
    );
    source.next(Buffer.from(words[0]! + DONE));
    await new Promise(setImmediate);
    expect(seen).toEqual([words[0]]);
    journalled();
    await new Promise(setImmediate);
    expect(seen).toEqual([words[0], DONE]);
  });

  it('trap 25: a stream that breaks off is an error, after what came', async () => {
    const cut = await run(bytes(words[0]!));
    expect(cut.text).toBe(words[0]);
    expect((cut.error as LazuError).code).toBe('upstream_error');
    const reset = await run(
      concat(
        bytes(words[0]!),
        throwError(() => new LazuError('upstream_timeout', 'x')),
      ),
    );
    expect([reset.text, (reset.error as LazuError).code]).toEqual([words[0], 'upstream_timeout']);
  });

  it('fails when the journal does', async () => {
    const finish = () => Promise.reject(new LazuError('service_unavailable', 'disk full'));
    const { text, error } = await run(bytes(...words, DONE), finish);
    expect([text, (error as LazuError).code]).toEqual([words.join(''), 'service_unavailable']);
  });

  it('a reader that fails at the very end is an error of the answer, not of the process', async () => {
    const watch = openaiChat.frameWatch({ includeUsage: false });
    const failing = Object.assign(Object.create(watch) as typeof watch, { see: (frames: Buffer) => frames });
    failing.ended = () => {
      throw new TypeError('unexpected');
    };
    const error = await new Promise(resolve => {
      passThrough(bytes(...words), failing, () => Promise.resolve()).subscribe({ error: resolve });
    });
    expect((error as LazuError).code).toBe('upstream_error');
  });
});
