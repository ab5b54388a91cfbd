import type { Upstream } from '../protocols/protocol.js';
import { countTokens, SAMPLE } from './tokenizer.js';

/** Bytes of raw frames kept per stream before their text is taken out of them. */
const KEPT_BYTES = 32 * 1024;

/**
 * What a caller got of a stream, for the case that they leave before the vendor says what it cost. Frames are kept as they are and
 * read only when there are many, so that a stream that ends well pays nothing for it.
 */
export class Delivered {
  #frames: Uint8Array[] = [];
  #size = 0;
  #sample = '';
  /** UTF-16 units of all the text, of which `#sample` is the beginning. */
  #length = 0;
  #bytes = 0;

  constructor(private readonly upstream: Pick<Upstream, 'outputTextIn'>) {}

  add(frame: Uint8Array): void {
    this.#frames.push(frame);
    this.#size += frame.length;
    if (this.#size > KEPT_BYTES) this.#digest();
  }

  /** About how many tokens have gone by, cheaply, and up to date within some frames: four bytes of text are taken for one. */
  get likelyTokens(): number {
    return Math.ceil(this.#bytes / 4);
  }

  /** Output tokens by a real tokenizer (o200k); loaded when first needed, which is seldom. */
  async tokens(): Promise<number> {
    this.#digest();
    return countTokens(this.#sample, this.#length);
  }

  #digest(): void {
    const text = this.upstream.outputTextIn(Buffer.concat(this.#frames).toString('utf8'));
    this.#length += text.length;
    this.#bytes += Buffer.byteLength(text);
    if (this.#sample.length < SAMPLE) this.#sample += text;
    this.#frames = [];
    this.#size = 0;
  }
}
