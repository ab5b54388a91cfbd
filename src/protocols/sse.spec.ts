import fc from 'fast-check';
import { dataIn, dataOf, eachFrame, endOfLastFrame, FrameGatherer } from './sse.js';

const splitAt = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const places = [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length));
};

describe('server-sent events', () => {
  it('finds the end of the last complete frame, with LF and CRLF', () => {
    expect(endOfLastFrame(Buffer.from('data: a\n\ndata: b'))).toBe(9);
    expect(endOfLastFrame(Buffer.from('data: a\r\n\r\ndata: b\r\n'))).toBe(11);
    expect(endOfLastFrame(Buffer.from('data: a\n'))).toBe(0);
    expect(endOfLastFrame(Buffer.from('\n'))).toBe(0);
  });

  it('passes whole frames on without copying them', () => {
    const bytes = Buffer.from('data: a\n\n');
    expect(new FrameGatherer(100).push(bytes).buffer).toBe(bytes.buffer);
  });

  it('gives the same bytes and the same frames however they are split', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 }).map(value => value.replace(/[\r\n]/g, ''));
    const frame = fc.tuple(text, fc.constantFrom('\n', '\r\n')).map(([value, line]) => `data: ${value}${line}${line}`);
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 12 }), (frames, cuts) => {
        const whole = Buffer.from(frames.join(''));
        const gatherer = new FrameGatherer(10_000);
        const pieces = splitAt(whole, cuts).map(piece => gatherer.push(piece));
        expect(Buffer.concat([...pieces, gatherer.end()]).equals(whole)).toBe(true);
        expect(gatherer.end()).toHaveLength(0);
        const seen = pieces.flatMap(piece => [...eachFrame(piece)].map(dataOf));
        expect(seen).toEqual([...eachFrame(whole)].map(dataOf));
        expect(dataIn(whole)).toEqual(seen);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['data: {"a":1}', 'data: {"a":1}\n\n'],
    ['data: {"a":1}\n', 'data: {"a":1}\n\n'],
    ['data: {"a":1}\r\n', 'data: {"a":1}\r\n\n'],
    ['data: [DONE]', 'data: [DONE]\n\n'],
    ['data: {"a":', ''],
    [': a comment', ''],
    ['', ''],
  ])('ends %j as %j: the next frame must not run into it', (left, closed) => {
    const gatherer = new FrameGatherer(100);
    expect(gatherer.push(Buffer.from(`data: first\n\n${left}`)).toString()).toBe('data: first\n\n');
    expect(gatherer.end().toString()).toBe(closed);
    expect(gatherer.end()).toHaveLength(0);
  });

  it('refuses a frame that never ends', () => {
    const gatherer = new FrameGatherer(10);
    expect(() => gatherer.push(Buffer.from('data: more than ten'))).toThrow(RangeError);
  });

  it('joins data lines, and knows comments', () => {
    expect(dataOf(Buffer.from('event: x\ndata: a\ndata:b\n\n'))).toBe('a\nb');
    expect(dataOf(Buffer.from(': keep-alive\n\n'))).toBeUndefined();
    expect(dataIn(Buffer.from(': x\n\nevent: y\ndata: a\r\ndata: b\r\n\r\nevent: z\n\ndata:\n\n\ndata:  c\n'))).toEqual(
      ['a\nb', '', ' c'],
    );
  });
});
