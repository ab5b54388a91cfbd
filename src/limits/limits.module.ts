import { Injectable, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { LimitStore } from './limit-store.js';
import { MemoryLimitStore } from './memory-limit-store.js';

const SWEEP_MS = 60_000;

/** Keeps memory in proportion to the callers of the last minute. */
@Injectable()
export class LimitSweeper implements OnModuleInit, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly store: MemoryLimitStore) {}

  onModuleInit(): void {
    this.#timer = setInterval(() => this.store.sweep(), SWEEP_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }
}

/** HOW MUCH may they: rate windows and holds, behind the `LimitStore` port. */
@Module({
  providers: [
    { provide: MemoryLimitStore, useFactory: () => new MemoryLimitStore() },
    { provide: LimitStore, useExisting: MemoryLimitStore },
    LimitSweeper,
  ],
  exports: [LimitStore],
})
export class LimitsModule {}
