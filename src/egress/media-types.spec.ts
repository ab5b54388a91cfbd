import { mayBe, mediaTypeOf, type PartKind } from './media-types.js';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const PNG = bytes('\x89PNG\r\n\x1a\n....');
const WAV = bytes('RIFF\x10\0\0\0WAVEfmt ');

describe('trap 38: what a fetched file is', () => {
  it.each<[PartKind, string, Buffer, string]>([
    ['image', 'image/png', PNG, 'image/png'],
    ['image', 'Image/PNG; charset=binary', PNG, 'image/png'],
    ['image', 'image/jpg', bytes('\xff\xd8\xff\xe0'), 'image/jpeg'],
    ['image', 'image/gif', bytes('GIF89a'), 'image/gif'],
    ['image', 'image/gif', bytes('GIF87a'), 'image/gif'],
    ['image', 'image/webp', bytes('RIFF\x10\0\0\0WEBPVP8 '), 'image/webp'],
    ['image', 'binary/octet-stream', PNG, 'image/png'],
    ['image', '', bytes('GIF89a'), 'image/gif'],
    ['document', 'application/pdf', bytes('%PDF-1.7'), 'application/pdf'],
    ['document', 'application/octet-stream', bytes('%PDF-1.7'), 'application/pdf'],
    ['audio', 'audio/x-wav', WAV, 'audio/wav'],
    ['audio', 'audio/mpeg', bytes('ID3\x04'), 'audio/mpeg'],
    ['audio', 'audio/mp3', bytes('\xff\xfb\x90\x44'), 'audio/mpeg'],
    ['audio', '', bytes('\xff\xf1\x50\x80'), 'audio/aac'],
    ['audio', '', bytes('\xff\xfb\x90\x44'), 'audio/mpeg'],
    ['audio', 'audio/flac', bytes('fLaC'), 'audio/flac'],
    ['audio', 'audio/ogg', bytes('OggS'), 'audio/ogg'],
    ['audio', 'audio/x-m4a', bytes('\0\0\0\x20ftypM4A '), 'audio/mp4'],
    ['audio', 'audio/webm', bytes('\x1a\x45\xdf\xa3'), 'audio/webm'],
  ])('%s %s', (kind, contentType, content, name) => {
    expect(mayBe(kind, contentType)).toBe(true);
    expect(mediaTypeOf(kind, contentType, content)).toBe(name);
  });

  it.each<[PartKind, string, string, Buffer]>([
    ['image', 'image/png', 'header and bytes differ', bytes('GIF89a')],
    ['image', 'image/png', 'not what the header says', bytes('<html>')],
    ['image', 'image/png', 'cut off', bytes('\x89PN')],
    ['image', 'image/webp', 'another RIFF', WAV],
    ['image', 'image/png', 'empty', Buffer.alloc(0)],
    ['image', 'application/octet-stream', 'credentials', bytes('{"AccessKeyId":"…"}')],
    ['image', 'application/octet-stream', 'another kind', bytes('%PDF-1.7')],
    ['audio', 'audio/mpeg', 'AAC as MP3', bytes('\xff\xf1\x50\x80')],
    ['document', 'application/pdf', 'not at the start', bytes('x%PDF-1.7')],
  ])('%s %s no (%s)', (kind, contentType, _why, content) => {
    expect(mediaTypeOf(kind, contentType, content)).toBeUndefined();
  });

  it.each<[PartKind, string]>([
    ['image', 'text/html'],
    ['image', 'image/svg+xml'],
    ['image', 'application/json'],
    ['image', 'application/pdf'],
    ['image', 'image/png,image/gif'],
    ['document', 'image/png'],
    ['audio', 'video/mp4'],
  ])('%s is not taken from %s', (kind, contentType) => {
    expect(mayBe(kind, contentType)).toBe(false);
  });
});
