import type { LimitStore, Shortage } from '../limits/limit-store.js';

const PICO_PER_MICRO = 1_000_000n;
/** Output tokens that a hold grows by. */
export const STEP_TOKENS = 1_024;

/** What a hold was taken for. */
export interface Cover {
  /** Of all answers together. */
  readonly outputTokens: number;
  /** The dearest candidate's. */
  readonly picoUsdPerToken: bigint;
}

/**
 * Lets the hold of one stream grow with what it delivers beyond what was held for (contract §13). Delivered output is estimated, as
 * nothing may be tokenized while it streams; what counts in the end is the vendor's usage.
 */
export class Growth {
  #covered: number;
  #asking = false;

  /** @param refused there is no money for more; called once */
  constructor(
    private readonly limits: Pick<LimitStore, 'extend'>,
    private readonly requestId: string,
    private readonly cover: Cover,
    private readonly refused: (short: Shortage) => void,
  ) {
    this.#covered = cover.outputTokens;
  }

  /** @param tokens delivered so far */
  reached(tokens: number): void {
    if (tokens <= this.#covered || this.#asking) return;
    const more = Math.ceil((tokens - this.#covered) / STEP_TOKENS) * STEP_TOKENS;
    const picoUsd = BigInt(more) * this.cover.picoUsdPerToken;
    const answer = this.limits.extend(this.requestId, (picoUsd + PICO_PER_MICRO - 1n) / PICO_PER_MICRO);
    this.#asking = true;
    if (!(answer instanceof Promise)) return this.#take(answer, more);
    answer.then(
      short => this.#take(short, more),
      () => (this.#asking = false), // cannot be said now: asked again with the next output
    );
  }

  #take(short: Shortage | undefined, more: number): void {
    if (short) return this.refused(short); // and asks no more
    this.#asking = false;
    this.#covered += more;
  }
}
