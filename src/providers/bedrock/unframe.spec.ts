import { EventStreamCodec } from '@smithy/core/event-streams';
import fc from 'fast-check';
import { from, lastValueFrom, toArray } from 'rxjs';
import type { LazuError } from '../../errors.js';
import { MessageSplitter } from './messages.js';
import { unframe } from './unframe.js';

const codec = new EventStreamCodec(
  bytes => Buffer.from(bytes).toString(),
  text => Buffer.from(text),
);
const message = (headers: Record<string, string>, body: string): Buffer => {
  const typed = Object.entries(headers).map(([name, value]) => [name, { type: 'string' as const, value }]);
  return Buffer.from(codec.encode({ headers: Object.fromEntries(typed), body: Buffer.from(body) }));
};
const event = (name: string, body: object | string) =>
  message({ ':message-type': 'event', ':event-type': name }, typeof body === 'string' ? body : JSON.stringify(body));

async function read(...chunks: Uint8Array[]): Promise<{ text: string; writes: number; error: LazuError | undefined }> {
  const writes: Uint8Array[] = [];
  let error: LazuError | undefined;
  await new Promise<void>(resolve =>
    unframe(from(chunks)).subscribe({
      next: bytes => writes.push(bytes),
      error: (thrown: LazuError) => resolve(void (error = thrown)),
      complete: resolve,
    }),
  );
  return { text: Buffer.concat(writes).toString(), writes: writes.length, error };
}

/** The same bytes, cut at these places. */
function split(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [...new Set(places.map(place => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...cuts].map((at, index) => bytes.subarray(at, cuts[index] ?? bytes.length));
}

describe('AWS events as server-sent events', () => {
  it('are named by their type, all of one chunk in one write', async () => {
    const bytes = [
      event('messageStart', { role: 'assistant' }),
      event('contentBlockDelta', '{"delta":\n{"text":"é"}}'),
    ];
    expect(await read(Buffer.concat(bytes))).toEqual({
      text:
        'event: messageStart\ndata: {"messageStart":{"role":"assistant"}}\n\n' +
        'event: contentBlockDelta\ndata: {"contentBlockDelta":{"delta":{"text":"é"}}}\n\n',
      writes: 1,
      error: undefined,
    });
  });

  it('are the event inside, where a chunk wraps one', async () => {
    const inner = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } };
    const bytes = Buffer.from(JSON.stringify(inner)).toString('base64');
    const { text } = await read(event('chunk', { bytes, p: 'abc' }));
    expect(text).toBe(`event: content_block_delta\ndata: ${JSON.stringify(inner)}\n\n`);
  });

  it.each([
    [
      message({ ':message-type': 'exception', ':exception-type': 'throttlingException' }, '{"message":"Slow"}'),
      'rate_limit_error',
    ],
    [
      message({ ':message-type': 'exception', ':exception-type': 'ServiceUnavailableException' }, '{"message":"Slow"}'),
      'overloaded_error',
    ],
    [message({ ':message-type': 'error', ':error-code': 'InternalError', ':error-message': 'Slow' }, ''), 'api_error'],
  ])('say an exception in both protocols', async (bytes, type) => {
    const { text } = await read(bytes);
    const said = JSON.parse(text.split('data: ')[1]!);
    expect(said).toMatchObject({ type: 'error', error: { type, message: 'Slow' } });
    expect(Object.keys(said).filter(name => name.endsWith('Exception'))).toHaveLength(1);
  });

  it('of kinds that are still to be invented say nothing', async () => {
    expect(await read(message({ ':message-type': 'novelty' }, '{}'))).toMatchObject({ text: '', error: undefined });
  });
});

describe('any split of the bytes', () => {
  const events = fc.array(fc.string({ maxLength: 300 }), { minLength: 1, maxLength: 8 });

  it('gives the same events', async () => {
    await fc.assert(
      fc.asyncProperty(events, fc.array(fc.nat(10_000), { maxLength: 40 }), async (texts, places) => {
        const bytes = Buffer.concat(texts.map(text => event('contentBlockDelta', { delta: { text } })));
        const whole = await read(bytes);
        const { text, error } = await read(...split(bytes, places));
        expect([text, error]).toEqual([whole.text, undefined]);
      }),
      { numRuns: 60 },
    );
  });

  it('byte by byte costs no more than its bytes', () => {
    const bytes = event('contentBlockDelta', { delta: { text: 'x'.repeat(200_000) } });
    const splitter = new MessageSplitter();
    const startedAt = performance.now();
    const messages = [...bytes].flatMap((_, at) => [...splitter.push(bytes.subarray(at, at + 1))]);
    expect(messages).toHaveLength(1);
    expect(performance.now() - startedAt).toBeLessThan(2_000); // copying all that has come for each byte would take minutes
  });
});

describe('damage', () => {
  const good = event('messageStart', { role: 'assistant' });
  const unreadable = { code: 'upstream_error', retryable: true };

  it('of any byte is an error, and what came before it is kept', async () => {
    for (let at = 0; at < good.length; at++) {
      const bad = Buffer.from(good);
      bad[at]! ^= 0x11;
      const { text, error } = await read(Buffer.concat([good, bad]));
      expect(text).toBe('event: messageStart\ndata: {"messageStart":{"role":"assistant"}}\n\n');
      expect(error).toMatchObject(unreadable);
    }
  });

  it('a message that does not end, or is larger than any, is an error', async () => {
    expect((await read(good, good.subarray(0, 20))).error).toMatchObject(unreadable);
    expect((await read(Buffer.from([0x7f, 0xff, 0xff, 0xff, 0]))).error).toMatchObject(unreadable);
    expect((await read(event('chunk', '{"bytes":'))).error).toMatchObject(unreadable);
  });

  it('of the connection stays what it was, and nothing is left subscribed', async () => {
    expect(await lastValueFrom(unframe(from([good])).pipe(toArray()))).toHaveLength(1);
  });
});
