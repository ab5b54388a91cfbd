import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Upstream } from '../protocols/protocol.js';

/** Bytes of raw frames kept per stream before their text is taken out of them. */
const KEPT_BYTES = 32 * 1024;
/** Characters that are kept and really counted; what a longer answer has beyond them is taken to be as dense. */
const SAMPLE = 64 * 1024;
/** Characters that are counted before others get their turn: some 5 ms at worst. */
const PORTION = 4 * 1024;
/** A run without a space longer than this is cut before encoding: merging is quadratic in the length of a run. */
const LONG_RUNS = /(\S{64})(?=\S)/;

/** `<|endoftext|>` in a text is text. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };

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
    if (this.#length === 0) return 0;
    const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base');
    let count = 0;
    for (let at = 0; at < this.#sample.length; at += PORTION) {
      for (const run of this.#sample.slice(at, at + PORTION).split(LONG_RUNS)) count += countTokens(run, AS_TEXT);
      await nextTurn();
    }
    return Math.round((count * this.#length) / this.#sample.length);
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
