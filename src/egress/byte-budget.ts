import { LazuError } from '../errors.js';

interface Waiting {
  readonly bytes: number;
  readonly grant: () => void;
}

/** What one request keeps of the budget. Open it, fetch with it, release it in `finally`: when the parts are no longer in memory. */
export interface Hold {
  /** Waits for its turn. @throws LazuError `service_unavailable` when there was no room in time; the signal's reason when aborted */
  take(bytes: number, signal: AbortSignal): Promise<void>;
  /** Gives a part back: what was taken and turned out not to be needed. */
  give(bytes: number): void;
  /** Gives back the rest, and whatever it is still given after that. Idempotent. */
  release(): void;
}

/** Memory that all requests of this process share for fetched parts, in bytes. First come, first served, with a deadline. */
export class ByteBudget {
  #free: number;
  readonly #queue: Waiting[] = [];

  constructor(
    readonly total: number,
    private readonly patienceMs: number,
  ) {
    this.#free = total;
  }

  get free(): number {
    return this.#free;
  }

  open(): Hold {
    let held = 0;
    let released = false;
    const give = (bytes: number) => {
      held -= bytes;
      this.#give(bytes);
    };
    return {
      take: async (bytes, signal) => {
        await this.#take(bytes, signal);
        held += bytes;
        if (released) give(bytes);
      },
      give: bytes => give(Math.min(bytes, held)),
      release: () => {
        released = true;
        give(held);
      },
    };
  }

  #take(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#queue.length === 0 && bytes <= this.#free) {
      this.#free -= bytes;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const leave = (error: Error) => {
        settle();
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        this.#admit(); // what stood behind may fit
        reject(error);
      };
      const aborted = () => leave(signal.reason as Error);
      const timer = setTimeout(() => leave(noRoom()), this.patienceMs);
      const settle = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', aborted);
      };
      const waiting: Waiting = {
        bytes,
        grant: () => {
          settle();
          resolve();
        },
      };
      signal.addEventListener('abort', aborted, { once: true });
      this.#queue.push(waiting);
    });
  }

  #give(bytes: number): void {
    this.#free += bytes;
    this.#admit();
  }

  /** In order of arrival: a large ask is not overtaken for ever by small ones. */
  #admit(): void {
    for (let first = this.#queue[0]; first && first.bytes <= this.#free; first = this.#queue[0]) {
      this.#queue.shift();
      this.#free -= first.bytes;
      first.grant();
    }
  }
}

function noRoom(): LazuError {
  return new LazuError('service_unavailable', 'Too many files are being fetched right now. Please try again.', {
    retryAfter: 5,
  });
}
