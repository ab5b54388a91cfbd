/**
 * An Observable cannot be paused; a Flow lets the writing end (the sink) hold back the reading end (the upstream socket).
 * It works because every operator between the two ends is synchronous: put no `delay`, `observeOn` or awaiting `concatMap` there.
 */
export class Flow {
  #held = false;
  #onHold: (() => void) | undefined;
  #onResume: (() => void) | undefined;

  /** The writing end has more than it can take. */
  hold(): void {
    if (this.#held) return;
    this.#held = true;
    this.#onHold?.();
  }

  /** The writing end has drained, or is gone. Idempotent. */
  resume(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#onResume?.();
  }

  get held(): boolean {
    return this.#held;
  }

  /** The reading end says how it pauses. One source at a time: a failover's new attempt replaces the old one's. */
  drive(source: { pause(): void; resume(): void }): void {
    this.#onHold = () => source.pause();
    this.#onResume = () => source.resume();
    if (this.#held) source.pause();
  }
}
