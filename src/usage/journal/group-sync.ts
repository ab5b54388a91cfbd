import type { Segment } from './segment.js';

interface Waiter {
  readonly segment: Segment;
  readonly done: (error: Error | null) => void;
}

/** One fdatasync for everybody who waits on a file: while one runs, those who come share the next. */
export class GroupSync {
  #waiting: Waiter[] = [];
  #running = false;

  after(segment: Segment, done: (error: Error | null) => void): void {
    this.#waiting.push({ segment, done });
    if (!this.#running) this.#next();
  }

  #next(): void {
    const segment = this.#waiting[0]?.segment;
    if (!segment) return;
    const group = this.#waiting.filter(waiter => waiter.segment === segment);
    this.#waiting = this.#waiting.filter(waiter => waiter.segment !== segment);
    this.#running = true;
    segment.sync(error => {
      this.#running = false;
      for (const waiter of group) waiter.done(error);
      this.#next();
    });
  }
}
