import { RequestLog } from '../limits/request-log.js';

const PER_MINUTE = 10;
/** Accounts whose logs are kept before those of the quiet ones are let go. */
const MANY = 1_000;

/** How many checkouts an account may start per rolling 60 s, in each process: each is a call to the provider. */
export class CheckoutPace {
  readonly #logs = new Map<string, RequestLog>();

  /** @returns milliseconds to wait; 0: go ahead, and it counts */
  take(accountId: string, now: number): number {
    let log = this.#logs.get(accountId);
    if (!log) {
      if (this.#logs.size >= MANY) this.#sweep(now);
      this.#logs.set(accountId, (log = new RequestLog()));
    }
    const wait = log.freeAfter(now, PER_MINUTE);
    if (wait === 0) log.add(now);
    return wait;
  }

  #sweep(now: number): void {
    for (const [accountId, log] of this.#logs) if (log.countAt(now) === 0) this.#logs.delete(accountId);
  }
}
