import { Inject, Injectable, Module, Optional, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { BillingModule } from '../billing/billing.module.js';
import { LedgerService } from '../billing/ledger.service.js';
import { Config } from '../config.js';
import { SumsSnapshots } from '../usage/sums-snapshots.js';
import { UnflushedCharges } from '../usage/unflushed-charges.js';
import { UsageModule } from '../usage/usage.module.js';
import { UsageService } from '../usage/usage.service.js';
import { Host } from '../workers/host.js';
import { LimitStore } from './limit-store.js';
import { inMemory, inRedis } from './limit-stores.js';
import { MemoryLimitStore } from './memory-limit-store.js';
import { RedisLimitStore } from './redis/redis-limit-store.js';
import { RemoteLimitStore } from './remote-limit-store.js';

const SWEEP_MS = 60_000;

/** Keeps memory in proportion to the callers of the last minute, and Redis connected from the start to the last record. */
@Injectable()
export class LimitLife implements OnModuleInit, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly memory: MemoryLimitStore,
    @Optional() @Inject(RedisLimitStore) private readonly redis: RedisLimitStore | undefined,
  ) {}

  async onModuleInit(): Promise<void> {
    this.#timer = setInterval(() => (this.redis ?? this.memory).sweep(), SWEEP_MS).unref();
    await this.redis?.start();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.redis?.close();
  }
}

/** HOW MUCH may they: rate windows and holds, behind the `LimitStore` port. */
@Module({
  imports: [BillingModule, UsageModule],
  providers: [
    {
      provide: MemoryLimitStore,
      inject: [Config, UnflushedCharges, LedgerService, UsageService],
      useFactory: inMemory,
    },
    {
      provide: RedisLimitStore,
      inject: [Config, UnflushedCharges, LedgerService, SumsSnapshots],
      useFactory: (config: Config, charges: UnflushedCharges, ledger: LedgerService, sums: SumsSnapshots) =>
        config.redisUrl === undefined ? undefined : inRedis(config.redisUrl, config, charges, ledger, sums),
    },
    {
      provide: LimitStore,
      inject: [Host, MemoryLimitStore, { token: RedisLimitStore, optional: true }, LedgerService],
      useFactory: (
        { primary }: Host,
        memory: MemoryLimitStore,
        redis: RedisLimitStore | undefined,
        ledger: LedgerService,
      ): LimitStore => {
        if (redis) return redis;
        if (!primary) return memory;
        const remote = new RemoteLimitStore(primary);
        ledger.watch(accountId => remote.forget(accountId));
        return remote;
      },
    },
    LimitLife,
  ],
  exports: [LimitStore, RedisLimitStore],
})
export class LimitsModule {}
