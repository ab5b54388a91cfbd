import { WINDOW_MS } from './request-log.js';

/** Admissions of so many milliseconds are one sum (contract §12, architecture §6). */
export const SLICE_MS = 250;
/** A power of two that holds every slice of a window: 240, and the two that its ends cut. */
const SLICES = 256;

/**
 * The admitted tokens of the last 60 s, in sums of 250 ms. A slice counts whole until the last admission in it is 60 s old, so the
 * true sum of any rolling window is never more than what is counted. Times are milliseconds of any clock that never runs backwards.
 */
export class TokenLog {
  readonly #sums = new Float64Array(SLICES);
  /** When the last admission of a slice came. */
  readonly #lasts = new Float64Array(SLICES);
  #oldest = 0;
  #newest = -1;
  #total = 0;

  /** Tokens that count now. */
  countAt(now: number): number {
    while (this.#oldest <= this.#newest) {
      const index = this.#oldest % SLICES;
      if (this.#sums[index] !== 0 && this.#lasts[index]! > now - WINDOW_MS) break;
      this.#total -= this.#sums[index]!;
      this.#sums[index] = 0;
      this.#oldest++;
    }
    return this.#total;
  }

  /** @returns the slice they count in, for `correct` */
  add(now: number, tokens: number): number {
    this.countAt(now);
    const slice = Math.floor(now / SLICE_MS);
    if (this.#oldest > this.#newest) this.#oldest = slice;
    this.#newest = slice;
    this.#sums[slice % SLICES]! += tokens;
    this.#lasts[slice % SLICES] = now;
    this.#total += tokens;
    return slice;
  }

  /** What was admitted took so many tokens more, or fewer; nothing when its slice counts no longer. */
  correct(slice: number, by: number): void {
    if (slice < this.#oldest || slice > this.#newest) return;
    this.#sums[slice % SLICES]! += by;
    this.#total += by;
  }

  /** Milliseconds until so many tokens fit under the limit: 0 when they fit now (none always do), Infinity when they never will. */
  freeAfter(now: number, limit: number, tokens: number): number {
    if (tokens > limit) return Infinity;
    if (tokens === 0) return 0;
    let count = this.countAt(now);
    let wait = 0;
    for (let slice = this.#oldest; count + tokens > limit && slice <= this.#newest; slice++) {
      if (this.#sums[slice % SLICES] === 0) continue;
      count -= this.#sums[slice % SLICES]!;
      wait = this.#lasts[slice % SLICES]! + WINDOW_MS - now;
    }
    return wait;
  }

  /** Milliseconds until nothing counts. */
  emptyAfter(now: number): number {
    return this.countAt(now) === 0 ? 0 : this.#lasts[this.#newest % SLICES]! + WINDOW_MS - now;
  }
}
