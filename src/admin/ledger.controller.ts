import { Controller, Get, Inject } from '@nestjs/common';
import { AdminRole } from '../auth/admin.guard.js';
import { checkLedger, type LedgerCheck } from '../billing/ledger-check.js';
import { Config } from '../config.js';
import { Database } from '../database/database.js';

@Controller('api/admin/ledger')
@AdminRole('viewer')
export class LedgerController {
  constructor(
    @Inject(Config) private readonly config: Pick<Config, 'usageRetentionDays'>,
    private readonly database: Database,
  ) {}

  /** 200 also when something does not add up: that is the result. */
  @Get('check')
  async check(): Promise<LedgerCheck> {
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
