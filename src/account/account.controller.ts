import { Controller, Get, Inject } from '@nestjs/common';
import { AccountsService } from '../auth/accounts.service.js';
import type { Caller } from '../auth/caller.js';
import { CurrentCaller, ForCallers } from '../auth/caller.guard.js';
import { LedgerService } from '../billing/ledger.service.js';
import { Config } from '../config.js';
import { dayOf } from '../usage/day-range.js';
import { UsageService } from '../usage/usage.service.js';

/** `GET /api/account` (contract §14) */
export interface AccountStanding {
  readonly object: 'account_standing';
  readonly account_id: string;
  readonly key_id: string;
  readonly billing: 'off' | 'prepaid';
  /** Null with `BILLING=off`. */
  readonly balance_micro_usd: number | null;
  /** Null with `BILLING=off`, and before the first top-up was looked at. */
  readonly tier: string | null;
  /** Per rolling 60 s: the lower of key and account; null: none. */
  readonly limits: { readonly rpm: number | null; readonly tpm: number | null };
  /** The key's own cap; null: none. `day` and `month` are UTC. */
  readonly quota: {
    readonly limit_micro_usd: number;
    readonly period: 'total' | 'day' | 'month';
    readonly used_micro_usd: number;
    readonly remaining_micro_usd: number;
  } | null;
}

/** What a key has left. */
@Controller('api/account')
@ForCallers()
export class AccountController {
  constructor(
    @Inject(Config) private readonly config: Pick<Config, 'billing'>,
    private readonly accounts: AccountsService,
    private readonly ledger: LedgerService,
    private readonly usage: UsageService,
  ) {}

  @Get()
  async standing(@CurrentCaller() caller: Caller): Promise<AccountStanding> {
    const prepaid = this.config.billing === 'prepaid';
    const [balance, account, quota] = await Promise.all([
      prepaid ? this.ledger.balance(caller.accountId) : null,
      prepaid ? this.accounts.get(caller.accountId) : null,
      this.#quota(caller),
    ]);
    return {
      object: 'account_standing',
      account_id: caller.accountId,
      key_id: caller.keyId,
      billing: this.config.billing,
      balance_micro_usd: balance === null ? null : Number(balance),
      tier: account?.tier ?? null,
      limits: { rpm: caller.rpm ?? null, tpm: caller.tpm ?? null },
      quota,
    };
  }

  async #quota(caller: Caller): Promise<AccountStanding['quota']> {
    const { quotaMicroUsd, quotaPeriod = 'total' } = caller;
    if (quotaMicroUsd === undefined) return null;
    const today = dayOf(Date.now());
    const from = { total: '2000-01-01', month: `${today.slice(0, 8)}01`, day: today }[quotaPeriod];
    const own = { from, to: '9999-12-31', accountId: caller.accountId, keyId: caller.keyId };
    const [spent] = await this.usage.sums(own, []);
    const limit = Number(quotaMicroUsd);
    const used = spent?.charge_micro_usd ?? 0;
    return {
      limit_micro_usd: limit,
      period: quotaPeriod,
      used_micro_usd: used,
      remaining_micro_usd: Math.max(0, limit - used),
    };
  }
}
