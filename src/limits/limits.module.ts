import { Injectable, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { BillingModule } from '../billing/billing.module.js';
import { LedgerService } from '../billing/ledger.service.js';
import { Config } from '../config.js';
import { dayOf } from '../usage/day-range.js';
import { UnflushedCharges } from '../usage/unflushed-charges.js';
import { UsageModule } from '../usage/usage.module.js';
import { UsageService } from '../usage/usage.service.js';
import { Host } from '../workers/host.js';
import type { FundsSource } from './funds.js';
import { LimitStore } from './limit-store.js';
import { MemoryLimitStore } from './memory-limit-store.js';
import { RemoteLimitStore } from './remote-limit-store.js';

const SWEEP_MS = 60_000;
/** A request that has reached its deadline ends within this. */
const OVERTIME_MS = 60_000;
const FOREVER = '9999-12-31';

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

function sourceOf(
  { billing }: Config,
  charges: UnflushedCharges,
  ledger: LedgerService,
  usage: UsageService,
): FundsSource {
  return {
    prepaid: billing === 'prepaid',
    read: work => charges.read(work),
    balance: accountId => ledger.balance(accountId),
    async spent(accountId, keyId, since) {
      const [sums] = await usage.sums({ from: dayOf(since), to: FOREVER, accountId, keyId }, []);
      return BigInt(sums?.charge_micro_usd ?? 0);
    },
    unflushedOfAccount: accountId => charges.ofAccount(accountId),
    unflushedOfKey: (keyId, since) => charges.ofKey(keyId, since),
    add: (requestId, charge) => charges.add(requestId, charge),
  };
}

/** HOW MUCH may they: rate windows and holds, behind the `LimitStore` port. */
@Module({
  imports: [BillingModule, UsageModule],
  providers: [
    {
      provide: MemoryLimitStore,
      inject: [Config, UnflushedCharges, LedgerService, UsageService],
      useFactory: (config: Config, charges: UnflushedCharges, ledger: LedgerService, usage: UsageService) => {
        const store = new MemoryLimitStore(undefined, {
          source: sourceOf(config, charges, ledger, usage),
          holdExpiresMs: config.totalTimeoutMs + OVERTIME_MS,
        });
        charges.watch(accountId => store.forget(accountId));
        ledger.watch(accountId => store.forget(accountId));
        return store;
      },
    },
    {
      provide: LimitStore,
      inject: [Host, MemoryLimitStore, LedgerService],
      useFactory: ({ primary }: Host, memory: MemoryLimitStore, ledger: LedgerService): LimitStore => {
        if (!primary) return memory;
        const remote = new RemoteLimitStore(primary);
        ledger.watch(accountId => remote.forget(accountId));
        return remote;
      },
    },
    LimitSweeper,
  ],
  exports: [LimitStore],
})
export class LimitsModule {}
