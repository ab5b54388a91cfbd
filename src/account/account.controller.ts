import { Controller, Get, Inject } from '@nestjs/common';
import { AccountsService } from '../auth/accounts.service.js';
import type { Caller } from '../auth/caller.js';
import { CurrentCaller, ForCallers } from '../auth/caller.guard.js';
import { Config } from '../config.js';
import { LimitStore, type Left } from '../limits/limit-store.js';
import { periodEnd } from '../limits/quota-period.js';

/** `GET /api/account` (contract §14) */
export interface AccountStanding {
  readonly object: 'account_standing';
  readonly account_id: string;
  readonly key_id: string;
  readonly billing: 'off' | 'prepaid';
  /** The ledger's balance less the charges that are not posted yet; null with `BILLING=off`. */
  readonly balance_micro_usd: number | null;
  /** What requests under way hold of it. */
  readonly held_micro_usd: number | null;
  /** What a request can still take: balance less held. */
  readonly available_micro_usd: number | null;
  /** Null with `BILLING=off`, and before the first top-up was looked at. */
  readonly tier: string | null;
  /** Per rolling 60 s: the lower of key and account; null: none. */
  readonly limits: { readonly rpm: number | null; readonly tpm: number | null };
  /** The key's own cap; null: none. `day` and `month` are UTC. */
  readonly quota: {
    readonly limit_micro_usd: number;
    readonly period: 'total' | 'day' | 'month';
    readonly used_micro_usd: number;
    /** What requests under way hold of it. */
    readonly held_micro_usd: number;
    readonly remaining_micro_usd: number;
    /** When the next period begins; null: never. */
    readonly resets_at: string | null;
  } | null;
}

/** What a key has left, by the counters that refuse requests (trap 11). */
@Controller('api/account')
@ForCallers()
export class AccountController {
  constructor(
    @Inject(Config) private readonly config: Pick<Config, 'billing'>,
    @Inject(LimitStore) private readonly limits: LimitStore,
    private readonly accounts: AccountsService,
  ) {}

  @Get()
  async standing(@CurrentCaller() caller: Caller): Promise<AccountStanding> {
    const { accountId, keyId, quotaMicroUsd, quotaPeriod } = caller;
    const startedAt = Date.now();
    const [left, account] = await Promise.all([
      this.limits.left({ accountId, keyId, quotaMicroUsd, quotaPeriod, startedAt }),
      this.config.billing === 'prepaid' ? this.accounts.get(accountId) : null,
    ]);
    const balance = left.account ? Number(left.account.balanceMicroUsd) : null;
    const held = left.account ? Number(left.account.heldMicroUsd) : null;
    return {
      object: 'account_standing',
      account_id: accountId,
      key_id: keyId,
      billing: this.config.billing,
      balance_micro_usd: balance,
      held_micro_usd: held,
      available_micro_usd: balance === null || held === null ? null : balance - held,
      tier: account?.tier ?? null,
      limits: { rpm: caller.rpm ?? null, tpm: caller.tpm ?? null },
      quota: quotaOf(caller, left, startedAt),
    };
  }
}

function quotaOf(
  { quotaMicroUsd, quotaPeriod = 'total' }: Caller,
  { key }: Left,
  now: number,
): AccountStanding['quota'] {
  if (quotaMicroUsd === undefined || !key) return null;
  const limit = Number(quotaMicroUsd);
  const end = periodEnd(quotaPeriod, now);
  const [used, held] = [Number(key.spentMicroUsd), Number(key.heldMicroUsd)];
  return {
    limit_micro_usd: limit,
    period: quotaPeriod,
    used_micro_usd: used,
    held_micro_usd: held,
    remaining_micro_usd: Math.max(0, limit - used - held),
    resets_at: end === undefined ? null : new Date(end).toISOString(),
  };
}
