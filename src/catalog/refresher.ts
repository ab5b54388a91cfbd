import { Logger } from '@nestjs/common';

/** A burst of changes (a seed, an import) is read once. */
const DEBOUNCE_MS = 25;
const RETRY_MS = 1_000;

/** Runs one load at a time: together what comes together, again what came too late for the one under way. */
export class Refresher {
  readonly #logger = new Logger('Catalog');
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failing = false;
  #stopped = false;

  constructor(private readonly load: () => Promise<void>) {}

  /** A load that begins after this call. */
  now(): Promise<void> {
    if (!this.#running) return (this.#running = this.#run());
    return (this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return (this.#running = this.#run());
    }));
  }

  /** A load before long. */
  soon(delay = DEBOUNCE_MS): void {
    if (this.#stopped) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.now();
    }, delay).unref();
  }

  /** Resolves when nothing reads any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      await this.load();
      if (this.#failing) this.#logger.log('The catalog follows the database again');
      this.#failing = false;
    } catch (error) {
      if (!this.#failing && !this.#stopped) this.#logger.warn(`The catalog stays as it was: ${reasonOf(error)}`);
      this.#failing = true;
      this.soon(RETRY_MS);
    } finally {
      this.#running = undefined;
    }
  }
}

/** Prisma's messages tell the story first and the reason last. */
function reasonOf(error: unknown): string {
  return (
    String((error as Error).message)
      .trim()
      .split('\n')
      .at(-1) ?? ''
  );
}
