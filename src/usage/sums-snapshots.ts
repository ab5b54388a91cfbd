import { Injectable } from '@nestjs/common';
import type { ClientBase } from 'pg';
import { LedgerService } from '../billing/ledger.service.js';
import { Database } from '../database/database.js';
import { dayOf } from './day-range.js';

/** Sums as they were at one moment. All in microUSD. */
export interface SumsSnapshot {
  balance(accountId: string): Promise<bigint>;
  /** Of the requests of a key that started since then (ms since 1970, the first of a UTC day). */
  spent(accountId: string, keyId: string, since: number): Promise<bigint>;
  /** Which of these requests are in the sums. */
  recorded(requestIds: readonly string[]): Promise<readonly string[]>;
}

/** The bounds are for the planner: it reads the partitions between them alone. */
const RECORDED = `
  SELECT request_id FROM usage_records
  WHERE request_id = ANY($1::text[]) AND request_id BETWEEN $2 AND $3`;

const SPENT = `
  SELECT coalesce(sum(charge_micro_usd), 0)::text AS spent FROM usage_rollups
  WHERE account_id = $1 AND key_id = $2 AND day >= $3`;

/** Ledger, rollups and records, read together: what one shows, the others do. */
@Injectable()
export class SumsSnapshots {
  constructor(
    private readonly database: Database,
    private readonly ledger: LedgerService,
  ) {}

  async read<T>(work: (sums: SumsSnapshot) => Promise<T>): Promise<T> {
    const client = await this.database.pool.connect();
    let broken = true;
    try {
      await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const result = await work(this.#sums(client));
      await client.query('COMMIT');
      broken = false;
      return result;
    } finally {
      client.release(broken);
    }
  }

  #sums(client: ClientBase): SumsSnapshot {
    return {
      balance: accountId => this.ledger.balanceIn(client, accountId),
      async spent(accountId, keyId, since) {
        const { rows } = await client.query<{ spent: string }>(SPENT, [accountId, keyId, dayOf(since)]);
        return BigInt(rows[0]?.spent ?? 0);
      },
      async recorded(requestIds) {
        if (requestIds.length === 0) return [];
        const sorted = [...requestIds].sort();
        const { rows } = await client.query<{ request_id: string }>(RECORDED, [sorted, sorted[0], sorted.at(-1)]);
        return rows.map(row => row.request_id);
      },
    };
  }
}
