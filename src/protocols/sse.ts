const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const NOTHING: Buffer = Buffer.alloc(0);
const BLANK_LINE: Buffer = Buffer.from('\n\n');

/**
 * Where the last complete frame of these bytes ends: behind the last blank line, 0 when there is none.
 * Lines end in LF or CRLF; a lone CR, which the standard allows and no vendor sends, ends nothing.
 */
export function endOfLastFrame(bytes: Buffer): number {
  for (let at = bytes.lastIndexOf(LINE_FEED); at > 0; at = bytes.lastIndexOf(LINE_FEED, at - 1)) {
    if (bytes[at - 1] === LINE_FEED) return at + 1;
    if (bytes[at - 1] === CARRIAGE_RETURN && bytes[at - 2] === LINE_FEED) return at + 1;
  }
  return 0;
}

/** Gathers bytes into complete frames, so that a mark is never seen in halves. Bytes pass unchanged, and uncopied when frames are whole. */
export class FrameGatherer {
  #rest: Buffer[] = [];
  #size = 0;
  #tail = NOTHING;

  /** @param limit bytes of one frame; beyond it `push` throws a RangeError */
  constructor(private readonly limit: number) {}

  /** @returns all complete frames so far, possibly none */
  push(chunk: Uint8Array): Buffer {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#size === 0) {
      const end = endOfLastFrame(bytes);
      if (end === bytes.length) return bytes;
      this.#keep(bytes.subarray(end));
      return bytes.subarray(0, end);
    }
    // The blank line may straddle the seam: up to three bytes of it lie in what was kept.
    if (endOfLastFrame(Buffer.concat([this.#tail, bytes])) === 0) {
      this.#keep(bytes);
      return NOTHING;
    }
    const all = Buffer.concat([...this.#rest, bytes]);
    const end = endOfLastFrame(all);
    this.#rest = [];
    this.#size = 0;
    this.#tail = NOTHING;
    if (end < all.length) this.#keep(all.subarray(end));
    return all.subarray(0, end);
  }

  /**
   * The last frame, when the bytes ended without the blank line behind it: closed, as another may follow it. Empty when nothing was
   * left, or only half a frame, of which no reader could make anything.
   */
  end(): Buffer {
    const rest = Buffer.concat(this.#rest);
    this.#rest = [];
    if (!isWhole(rest)) return NOTHING;
    return Buffer.concat([rest, rest.at(-1) === LINE_FEED ? BLANK_LINE.subarray(1) : BLANK_LINE]);
  }

  #keep(bytes: Buffer): void {
    this.#size += bytes.length;
    if (this.#size > this.limit) throw new RangeError(`a frame is larger than ${this.limit} bytes`);
    this.#rest.push(bytes);
    this.#tail = Buffer.concat([this.#tail, bytes.subarray(-3)]).subarray(-3);
  }
}

/** The frames in bytes that hold only complete ones, each with the blank line that ends it. */
export function* eachFrame(frames: Buffer): Generator<Buffer> {
  let start = 0;
  let line = 0;
  for (let end = frames.indexOf(LINE_FEED); end >= 0; end = frames.indexOf(LINE_FEED, line)) {
    const blank = end === line || (end === line + 1 && frames[line] === CARRIAGE_RETURN);
    line = end + 1;
    if (!blank) continue;
    yield frames.subarray(start, line);
    start = line;
  }
  if (start < frames.length) yield frames.subarray(start);
}

/** The data of one frame; undefined: a comment, or an event without data. */
export const dataOf = (frame: Buffer): string | undefined => dataIn(frame)[0];

/**
 * The data of every event in bytes that hold only complete frames; several data lines of one event are one text. All bytes are decoded
 * at once: by frames it would be dearer than all the rest of reading them.
 */
export function dataIn(frames: Buffer): string[] {
  const text = frames.toString('utf8');
  const all: string[] = [];
  let data: string | undefined;
  for (let start = 0; start < text.length;) {
    const feed = text.indexOf('\n', start);
    const stop = feed < 0 ? text.length : feed;
    const end = stop > start && text.charCodeAt(stop - 1) === CARRIAGE_RETURN ? stop - 1 : stop;
    if (end === start) {
      if (data !== undefined) all.push(data);
      data = undefined;
    } else if (text.startsWith('data:', start)) {
      const value = text.slice(text[start + 5] === ' ' ? start + 6 : start + 5, end);
      data = data === undefined ? value : `${data}\n${value}`;
    }
    start = stop + 1;
  }
  if (data !== undefined) all.push(data);
  return all;
}

/** All protocols send JSON, but for one mark of the end. */
function isWhole(frame: Buffer): boolean {
  const data = dataOf(frame);
  if (data === undefined || data === '[DONE]') return data !== undefined;
  try {
    JSON.parse(data);
    return true;
  } catch {
    return false;
  }
}
