import type { LedgerService } from '../billing/ledger.service.js';
import type { Config } from '../config.js';
import { dayOf } from '../usage/day-range.js';
import type { SumsSnapshots } from '../usage/sums-snapshots.js';
import type { UnflushedCharges } from '../usage/unflushed-charges.js';
import type { UsageService } from '../usage/usage.service.js';
import type { FundsSource } from './funds.js';
import { MemoryLimitStore } from './memory-limit-store.js';
import { RedisLimitStore } from './redis/redis-limit-store.js';
import { RedisLink } from './redis/redis-link.js';
import type { SharedFunds } from './redis/shared-funds.js';

/** A request that has reached its deadline ends within this. */
const OVERTIME_MS = 60_000;
const FOREVER = '9999-12-31';

const holdExpiresMs = ({ totalTimeoutMs }: Config): number => totalTimeoutMs + OVERTIME_MS;

/** Limits of this host alone. */
export function inMemory(
  config: Config,
  charges: UnflushedCharges,
  ledger: LedgerService,
  usage: UsageService,
): MemoryLimitStore {
  const source: FundsSource = {
    prepaid: config.billing === 'prepaid',
    read: work => charges.read(work),
    balance: accountId => ledger.balance(accountId),
    async spent(accountId, keyId, since) {
      const { total } = await usage.report({ from: dayOf(since), to: FOREVER, accountId, keyId }, []);
      return BigInt(total.charge_micro_usd);
    },
    unflushedOfAccount: accountId => charges.ofAccount(accountId),
    unflushedOfKey: (keyId, since) => charges.ofKey(keyId, since),
    add: (requestId, charge) => charges.add(requestId, charge),
  };
  const store = new MemoryLimitStore(undefined, { source, holdExpiresMs: holdExpiresMs(config) });
  charges.watch(accountId => store.forget(accountId));
  ledger.watch(accountId => store.forget(accountId));
  return store;
}

/** Limits of all hosts on this Redis. */
export function inRedis(
  url: string,
  config: Config,
  charges: UnflushedCharges,
  ledger: LedgerService,
  sums: SumsSnapshots,
): RedisLimitStore {
  const funds: SharedFunds = {
    prepaid: config.billing === 'prepaid',
    caughtUp: () => charges.caughtUp,
    snapshot: work => sums.read(work),
    add: (requestId, charge) => charges.add(requestId, charge),
    unflushed: () => charges.all(),
  };
  const revokedForMs = config.keyStalenessMaxMs + OVERTIME_MS;
  const store = new RedisLimitStore(new RedisLink(url), { funds, holdExpiresMs: holdExpiresMs(config), revokedForMs });
  charges.before(() => store.settled());
  charges.watch(accountId => {
    if (accountId !== undefined) void store.changed(accountId);
  });
  charges.watchPosted((posted, isRejected) => {
    if (!isRejected) return store.posted(posted);
    for (const [requestId, charge] of posted) void store.rejected(requestId, charge);
  });
  charges.watchEnded((accountId, requestIds) => store.ended(accountId, requestIds));
  ledger.watch(accountId => store.changed(accountId));
  return store;
}
