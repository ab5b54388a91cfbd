/**
 * Hashes that are known to be nobody's: what was asked for in vain (for a short while) and what was deleted (for ever). Bounded:
 * the oldest is forgotten, which costs one more look-up.
 */
export class UnknownKeys {
  readonly #until = new Map<string, number>();

  constructor(
    private readonly capacity: number,
    private readonly ttlMs: number,
  ) {}

  get size(): number {
    return this.#until.size;
  }

  has(hash: string, now: number): boolean {
    const until = this.#until.get(hash);
    if (until === undefined) return false;
    if (now < until) return true;
    this.#until.delete(hash);
    return false;
  }

  add(hash: string, now: number): void {
    this.#put(hash, now + this.ttlMs);
  }

  /** A deletion is never taken back. */
  bury(hash: string): void {
    this.#put(hash, Infinity);
  }

  isBuried(hash: string): boolean {
    return this.#until.get(hash) === Infinity;
  }

  forget(hash: string): void {
    this.#until.delete(hash);
  }

  #put(hash: string, until: number): void {
    this.#until.delete(hash);
    this.#until.set(hash, until);
    if (this.#until.size <= this.capacity) return;
    const oldest = this.#until.keys().next();
    if (!oldest.done) this.#until.delete(oldest.value);
  }
}
