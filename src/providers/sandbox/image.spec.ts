import { pictureIn } from './image.js';

/** Bytes from text in latin1 and lists of numbers. */
const bytes = (...parts: (string | number[])[]): Buffer =>
  Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))));

describe('pictureIn', () => {
  it.each([
    ['PNG', bytes('\x89PNG\r\n\x1a\n', [0, 0, 0, 13], 'IHDR', [0, 0, 1, 64], [0, 0, 0, 200]), 320, 200],
    ['GIF', bytes('GIF89a', [64, 1, 200, 0]), 320, 200],
    // A segment and a fill byte before the frame header, height before width.
    ['JPEG', bytes([0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xff, 0xc0, 0, 11, 8, 0, 200, 1, 64]), 320, 200],
    [
      'WebP',
      bytes('RIFF', [0, 0, 0, 0], 'WEBPVP8 ', [0, 0, 0, 0, 0, 0, 0, 0x9d, 0x01, 0x2a], [64, 1, 200, 0]),
      320,
      200,
    ],
    ['WebP', bytes('RIFF', [0, 0, 0, 0], 'WEBPVP8L', [0, 0, 0, 0, 0x2f], [0x3f, 0xc1, 0x31, 0]), 320, 200],
    ['WebP', bytes('RIFF', [0, 0, 0, 0], 'WEBPVP8X', [0, 0, 0, 0, 0, 0, 0, 0], [63, 1, 0], [199, 0, 0]), 320, 200],
  ])('reads a %s', (type, header, width, height) => {
    expect(pictureIn(header)).toEqual({ type, width, height });
  });

  it.each([
    ['nothing', bytes('')],
    ['text', bytes('hello world, this is no picture')],
    ['a PNG that is cut off', bytes('\x89PNG\r\n\x1a\n', [0, 0])],
    ['a JPEG without a frame header', bytes([0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0])],
    ['a WebP of no kind', bytes('RIFF', [0, 0, 0, 0], 'WEBPXXXX', [0, 0, 0, 0])],
  ])('says nothing about %s', (_, header) => {
    expect(pictureIn(header)).toBeUndefined();
  });
});
