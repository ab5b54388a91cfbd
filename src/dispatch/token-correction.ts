import type { LimitStore } from '../limits/limit-store.js';

/** Least time between two corrections of one stream, ms (contract §12: asynchronous, at most one a second). */
const EVERY_MS = 1_000;

/**
 * Tells the token windows of one stream that has become longer than it was admitted with, while it runs: others must not be let in
 * for tokens that are being taken (trap 15). What is less than was admitted is put right at the end.
 */
export class TokenCorrection {
  #counted: number;
  #toldAt = -Infinity;

  /**
   * @param inputTokens likely, of all calls together
   * @param admitted tokens that count for it already
   */
  constructor(
    private readonly limits: Pick<LimitStore, 'correct'>,
    private readonly requestId: string,
    private readonly inputTokens: number,
    admitted: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#counted = admitted;
  }

  /** @param outputTokens delivered so far */
  reached(outputTokens: number): void {
    const tokens = this.inputTokens + outputTokens;
    if (tokens <= this.#counted) return;
    const now = this.now();
    if (now - this.#toldAt < EVERY_MS) return;
    this.#toldAt = now;
    this.#counted = tokens;
    this.limits.correct(this.requestId, tokens);
  }
}
