import { Inject, Injectable, Logger, OnModuleDestroy } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { Config } from '../config.js';
import { LazuError } from '../errors.js';

/** New requests go elsewhere, on another connection. @returns what they are refused with */
export function refuseWhenDraining(response: ServerResponse): LazuError {
  response.setHeader('connection', 'close');
  return new LazuError('service_unavailable', 'This host is shutting down. Please try again.', { retryAfter: 1 });
}

/**
 * SIGTERM and SIGINT: from here on nothing new is taken, and what runs may finish until `DRAIN_MS`. It is the first of the shutdown
 * hooks, so that journal and database are still there while answers end.
 */
@Injectable()
export class Draining implements OnModuleDestroy {
  readonly #logger = new Logger(Draining.name);
  #running = 0;
  #started = false;
  #over: (() => void) | undefined;

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
      if (--this.#running === 0) this.#over?.();
    };
  }

  /** An operator who does not want to wait: what still runs is cut off now. */
  hurry(): void {
    this.#over?.();
  }

  async onModuleDestroy(): Promise<void> {
    this.#started = true;
    if (this.#running === 0) return;
    this.#logger.log(`waiting for ${this.#running} requests to end, ${this.config.drainMs} ms at most`);
    const deadline = setTimeout(() => this.#over?.(), this.config.drainMs);
    await new Promise<void>(resolve => (this.#over = resolve));
    clearTimeout(deadline);
    if (this.#running > 0) this.#logger.warn(`${this.#running} requests are cut off by the shutdown`);
  }
}
