import type { CallDimension } from './usage.js';

/**
 * Tokens of one image at most, whoever answers: GPT-4o's tiles of a 2048 × 2048 image in high detail are 1,105, Claude's at most 4,784, and
 * older mini models bill 36,835 at worst: https://platform.openai.com/docs/guides/images-vision#calculating-costs
 * The dialect of a request does not tell who answers it.
 */
export const IMAGE_TOKENS_BOUND = 36_835;

/** A tool that the vendor brings along. */
export interface VendorTool {
  /** What a call of it is charged in; undefined: in its tokens alone, or the caller runs it. */
  readonly dimension: CallDimension | undefined;
  /** How often the vendor runs it at most; undefined: nobody has said. 0: the caller runs it. */
  readonly uses: number | undefined;
}

/** More than this nobody means. */
const MOST_USES = 1_000;

/** @param said by the caller, and not checked */
export const usesOf = (said: unknown): number | undefined =>
  typeof said === 'number' && said >= 0 ? Math.min(MOST_USES, Math.ceil(said)) : undefined;
