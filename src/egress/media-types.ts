export type PartKind = 'image' | 'document' | 'audio';

interface MediaType {
  readonly name: string;
  /** Other names that servers give it. */
  readonly aliases?: readonly string[];
  /** Do the bytes begin as this type does? */
  readonly begins: (bytes: Buffer) => boolean;
}

const at =
  (offset: number, ...signature: string[]) =>
  (bytes: Buffer): boolean =>
    signature.some(mark => {
      const wanted = Buffer.from(mark, 'latin1');
      return bytes.subarray(offset, offset + wanted.length).equals(wanted);
    });

const riff = (form: string) => (bytes: Buffer) => at(0, 'RIFF')(bytes) && at(8, form)(bytes);

/** MPEG audio frames begin with eleven set bits; the layer bits tell MP3 from AAC (ADTS), where they are zero. */
const frameSync = (bytes: Buffer) => bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xe0) === 0xe0;
const layer = (bytes: Buffer) => ((bytes[1] ?? 0) >> 1) & 3;

/**
 * What may be fetched, by what it is for, with its magic bytes (https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern and
 * below). No SVG: it is a program.
 */
const TYPES: Record<PartKind, readonly MediaType[]> = {
  image: [
    { name: 'image/png', begins: at(0, '\x89PNG\r\n\x1a\n') },
    { name: 'image/jpeg', aliases: ['image/jpg', 'image/pjpeg'], begins: at(0, '\xff\xd8\xff') },
    { name: 'image/gif', begins: at(0, 'GIF87a', 'GIF89a') },
    { name: 'image/webp', begins: riff('WEBPVP') },
  ],
  document: [{ name: 'application/pdf', aliases: ['application/x-pdf'], begins: at(0, '%PDF-') }],
  audio: [
    { name: 'audio/wav', aliases: ['audio/x-wav', 'audio/wave', 'audio/vnd.wave'], begins: riff('WAVE') },
    {
      name: 'audio/mpeg',
      aliases: ['audio/mp3', 'audio/x-mp3', 'audio/mpeg3'],
      begins: bytes => at(0, 'ID3')(bytes) || (frameSync(bytes) && layer(bytes) !== 0),
    },
    {
      name: 'audio/aac',
      aliases: ['audio/x-aac', 'audio/aacp'],
      begins: bytes => frameSync(bytes) && ((bytes[1] ?? 0) & 0xf6) === 0xf0,
    },
    { name: 'audio/flac', aliases: ['audio/x-flac'], begins: at(0, 'fLaC') },
    { name: 'audio/ogg', aliases: ['audio/opus', 'audio/vorbis', 'application/ogg'], begins: at(0, 'OggS') },
    { name: 'audio/mp4', aliases: ['audio/x-m4a', 'audio/m4a'], begins: at(4, 'ftyp') },
    { name: 'audio/webm', begins: at(0, '\x1a\x45\xdf\xa3') },
  ],
};

/** Storage that was not told a type says one of these (S3's own default is the second): then the bytes alone decide. */
const SAYS_NOTHING = new Set(['', 'application/octet-stream', 'binary/octet-stream']);

/** For the `accept` header, and for messages. */
export function namesOf(kind: PartKind): string[] {
  return TYPES[kind].map(({ name }) => name);
}

/** Judged before the body is read. @param contentType the header as it came */
export function mayBe(kind: PartKind, contentType: string): boolean {
  const said = essence(contentType);
  return SAYS_NOTHING.has(said) || TYPES[kind].some(type => isCalled(type, said));
}

/** The type that header and bytes agree on; undefined when they do not, or it is none that is wanted. */
export function mediaTypeOf(kind: PartKind, contentType: string, bytes: Buffer): string | undefined {
  const said = essence(contentType);
  return TYPES[kind].find(type => (SAYS_NOTHING.has(said) || isCalled(type, said)) && type.begins(bytes))?.name;
}

function isCalled(type: MediaType, said: string): boolean {
  return type.name === said || (type.aliases?.includes(said) ?? false);
}

/** Without parameters: `image/png; charset=binary` is `image/png`. */
function essence(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
}
