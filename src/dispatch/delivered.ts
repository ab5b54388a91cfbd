import type { Upstream } from '../protocols/protocol.js';

/** Bytes of raw frames kept per stream before their text is taken out of them. */
const KEPT_BYTES = 32 * 1024;

/**
 * What a caller got of a stream, for the case that they leave before the vendor says what it cost. Frames are kept as they are and
 * read only when there are many, so that a stream that ends well pays nothing for it.
 */
export class Delivered {
  #frames: Uint8Array[] = [];
  #size = 0;
  #text = '';

  constructor(private readonly upstream: Upstream) {}

  add(frame: Uint8Array): void {
    this.#frames.push(frame);
    this.#size += frame.length;
    if (this.#size > KEPT_BYTES) this.#digest();
  }

  /** Output tokens by a real tokenizer (o200k); loaded when first needed, which is seldom. */
  async tokens(): Promise<number> {
    this.#digest();
    if (this.#text === '') return 0;
    const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base');
    return countTokens(this.#text, { disallowedSpecial: new Set() });
  }

  #digest(): void {
    this.#text += this.upstream.outputTextIn(Buffer.concat(this.#frames).toString('utf8'));
    this.#frames = [];
    this.#size = 0;
  }
}
