import { setImmediate as nextTurn } from 'node:timers/promises';

/** Characters that are really counted; what a longer text has beyond them is taken to be as dense. */
export const SAMPLE = 64 * 1024;
/** Characters that are counted before others get their turn: some 5 ms at worst. */
const PORTION = 4 * 1024;
/** A run without a space longer than this is cut before encoding: merging is quadratic in the length of a run. */
const LONG_RUNS = /(\S{64})(?=\S)/;

/** `<|endoftext|>` in a text is text. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };

/**
 * Tokens by a real tokenizer (o200k), loaded when first needed, which is seldom.
 * @param length characters of the whole text, of which `text` is the beginning
 */
export async function countTokens(text: string, length = text.length): Promise<number> {
  if (length === 0) return 0;
  const { countTokens: count } = await import('gpt-tokenizer/encoding/o200k_base');
  const sample = text.slice(0, SAMPLE + PORTION);
  let tokens = 0;
  for (let at = 0; at < sample.length; at += PORTION) {
    for (const run of sample.slice(at, at + PORTION).split(LONG_RUNS)) tokens += count(run, AS_TEXT);
    await nextTurn();
  }
  return Math.round((tokens * length) / sample.length);
}
