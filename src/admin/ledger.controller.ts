import { Controller, Get, Inject } from '@nestjs/common';
import { AdminRole } from '../auth/admin.guard.js';
import { checkLedger, MOST, type LedgerCheck, type LedgerProblem } from '../billing/ledger-check.js';
import { Config } from '../config.js';
import { Database } from '../database/database.js';
import { LimitStore } from '../limits/limit-store.js';
import type { Discrepancy } from '../limits/proof.js';

@Controller('api/admin/ledger')
@AdminRole('viewer')
export class LedgerController {
  constructor(
    @Inject(Config) private readonly config: Pick<Config, 'usageRetentionDays'>,
    private readonly database: Database,
    @Inject(LimitStore) private readonly limits: Pick<LimitStore, 'prove'>,
  ) {}

  /** Of the store too by which requests are admitted. 200 also when something does not add up: that is the result. */
  @Get('check')
  async check(): Promise<LedgerCheck> {
    const [check, proof] = [await this.#checkLedger(), await this.limits.prove()];
    if (!proof) return check;
    const problems = [...check.problems, ...proof.discrepancies.map(problemOf)].slice(0, MOST);
    return { ...check, ok: problems.length === 0, limits: { accounts: proof.accounts }, problems };
  }

  async #checkLedger(): Promise<LedgerCheck> {
    const client = await this.database.pool.connect();
    let broken = true;
    try {
      const check = await checkLedger(client, this.config.usageRetentionDays);
      broken = false;
      return check;
    } finally {
      client.release(broken);
    }
  }
}

function problemOf({ kind, accountId, expected, found }: Discrepancy): LedgerProblem {
  return { kind, id: accountId, account_id: accountId, expected: Number(expected), found: Number(found) };
}
