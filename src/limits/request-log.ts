export const WINDOW_MS = 60_000;

/**
 * The admitted requests of the last 60 s, oldest first: an exact sliding log in a ring that grows as needed. Every operation is
 * O(1), amortised over the entries that fall out. Times are milliseconds of any clock that never runs backwards.
 */
export class RequestLog {
  #times = new Float64Array(8);
  #head = 0;
  #count = 0;

  /** Requests inside the window that ends now. An entry leaves it exactly 60 s after it came. */
  countAt(now: number): number {
    while (this.#count > 0 && this.#at(0) <= now - WINDOW_MS) {
      this.#head = (this.#head + 1) & (this.#times.length - 1);
      this.#count--;
    }
    return this.#count;
  }

  add(now: number): void {
    if (this.#count === this.#times.length) this.#grow();
    this.#times[(this.#head + this.#count) & (this.#times.length - 1)] = now;
    this.#count++;
  }

  /** Milliseconds until fewer than `limit` (≥ 1) requests are in the window; 0 when a slot is free already. */
  freeAfter(now: number, limit: number): number {
    const excess = this.countAt(now) - limit;
    return excess < 0 ? 0 : this.#at(excess) + WINDOW_MS - now;
  }

  /** Milliseconds until the window is empty. */
  emptyAfter(now: number): number {
    return this.countAt(now) === 0 ? 0 : this.#at(this.#count - 1) + WINDOW_MS - now;
  }

  #at(index: number): number {
    return this.#times[(this.#head + index) & (this.#times.length - 1)] ?? 0;
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    for (let index = 0; index < this.#count; index++) times[index] = this.#at(index);
    this.#times = times;
    this.#head = 0;
  }
}
