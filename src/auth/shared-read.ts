import { setTimeout as sleep } from 'node:timers/promises';

/**
 * One read at a time. Who asks while one runs shares the next, which starts afterwards: so everybody's answer was read after the
 * question, results are applied in the order of reading, and however many ask, the database sees one query per `gapMs`.
 */
export class SharedRead {
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #endedAt = -Infinity;
  #waits = false;

  constructor(
    private readonly read: () => Promise<void>,
    private readonly gapMs = 0,
  ) {}

  run(): Promise<void> {
    if (this.#next) return this.#next;
    if (!this.#running) return this.#start();
    if (this.#waits) return this.#running; // it has not begun, so it will read what is asked now, and fail for who asks now
    this.#next = this.#running
      .catch(() => undefined) // whoever shared that one has heard
      .then(() => {
        this.#next = undefined;
        return this.#start();
      });
    return this.#next;
  }

  #start(): Promise<void> {
    this.#running = this.#once().finally(() => {
      this.#running = undefined;
      this.#endedAt = performance.now();
    });
    return this.#running;
  }

  async #once(): Promise<void> {
    const wait = this.#endedAt + this.gapMs - performance.now();
    if (wait > 0) {
      this.#waits = true;
      await sleep(wait);
      this.#waits = false;
    }
    await this.read();
  }
}
