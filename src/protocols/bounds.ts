import type { CallDimension } from './usage.js';

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
