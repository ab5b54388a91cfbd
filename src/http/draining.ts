import { Inject, Injectable, Logger, OnModuleDestroy } from '@nestjs/common';
import { Config } from '../config.js';

/**
 * SIGTERM and SIGINT: from here on nothing new is taken, and what runs may finish until `DRAIN_MS`. It is the first of the shutdown
 * hooks, so that journal and database are still there while answers end.
 */
@Injectable()
export class Draining implements OnModuleDestroy {
  readonly #logger = new Logger(Draining.name);
  #running = 0;
  #started = false;
  #idle: (() => void) | undefined;

  constructor(@Inject(Config) private readonly config: Config) {}

  get started(): boolean {
    return this.#started;
  }

  get running(): number {
    return this.#running;
  }

  /** A request runs. @returns what to call when it is over, once */
  begin(): () => void {
    this.#running++;
    return () => {
      if (--this.#running === 0) this.#idle?.();
    };
  }

  async onModuleDestroy(): Promise<void> {
    this.#started = true;
    if (this.#running === 0) return;
    this.#logger.log(`waiting for ${this.#running} requests to end, ${this.config.drainMs} ms at most`);
    let deadline: NodeJS.Timeout | undefined;
    await Promise.race([
      new Promise<void>(resolve => (this.#idle = resolve)),
      new Promise<void>(resolve => (deadline = setTimeout(resolve, this.config.drainMs))),
    ]);
    clearTimeout(deadline);
    if (this.#running > 0) this.#logger.warn(`${this.#running} requests are cut off by the shutdown`);
  }
}
