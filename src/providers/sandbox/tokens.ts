/** The part of `gpt-tokenizer` that the sandbox uses, with the encoding of gpt-4o and later. */
export interface Tokenizer {
  count(text: string): number;
  /** Whole characters in token-sized pieces; joined they are the text, or its first `limit` tokens. */
  pieces(text: string, limit?: number): string[];
}

/** A run without a space longer than this is cut before encoding: merging is quadratic in the length of a run. */
const LONGEST_RUN = 64;
const LONG_RUNS = new RegExp(`(\\S{${LONGEST_RUN}})(?=\\S)`);

/** `<|endoftext|>` in a text is text. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };

/** Loads two megabytes of vocabulary on first use; Node keeps the module, so later calls cost nothing. */
export async function loadTokenizer(): Promise<Tokenizer> {
  const { encode, decodeGenerator } = await import('gpt-tokenizer/encoding/o200k_base');
  const tokensOf = (text: string): number[] => text.split(LONG_RUNS).flatMap(run => encode(run, AS_TEXT));
  return {
    count: text => tokensOf(text).length,
    pieces: (text, limit) => [...decodeGenerator(tokensOf(text).slice(0, limit))],
  };
}
