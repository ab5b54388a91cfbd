/**
 * Says once that something is no longer wanted, and why. Cheaper than an AbortSignal, of which one per request shows in a profile.
 * One listener at a time: what is under way now replaces what was under way before.
 */
export class Cancel {
  #reason: Error | undefined;
  #listener: ((reason: Error) => void) | undefined;

  get reason(): Error | undefined {
    return this.#reason;
  }

  /** Called at once when it is cancelled already. */
  listen(listener: ((reason: Error) => void) | undefined): void {
    this.#listener = listener;
    if (this.#reason) listener?.(this.#reason);
  }

  cancel(reason: Error): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#listener?.(reason);
  }
}
