import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ClientBase } from 'pg';
import { Config } from '../config.js';
import { Database } from '../database/database.js';
import type { Prisma } from '../generated/prisma/client.js';
import { claimJob } from './claim-job.js';
import { latestTime } from './latest-time.js';

const LOOK_MS = 30_000;
const JOB = 'tiers';

/**
 * Sets the tiers of prepaid accounts (contract §12): the higher of what was spent and what was topped up in 30 days, once a day, and at once
 * on a top-up, which only lifts. A tier that an admin has set stays.
 */
@Injectable()
export class TiersService implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger(TiersService.name);
  readonly #names: string[];
  readonly #from: (string | null)[];
  #timer: NodeJS.Timeout | undefined;
  /** The time of day, ms since 1970, that is known to be done. */
  #doneFor = 0;

  constructor(
    @Inject(Config) private readonly config: Config,
    private readonly database: Database,
  ) {
    this.#names = config.tiers.map(({ name }) => name);
    this.#from = config.tiers.map(({ fromMicroUsd }) => fromMicroUsd?.toString() ?? null);
  }

  onModuleInit(): void {
    if (this.config.billing !== 'prepaid') return;
    const look = () => {
      this.daily(Date.now()).catch((error: unknown) =>
        this.#logger.warn({ err: error }, 'Tiers were not set; again soon.'),
      );
    };
    look();
    this.#timer = setInterval(look, LOOK_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  /**
   * Once for each time of day that has come, whichever process looks first; a time that was slept through is made up for.
   * @returns accounts that changed; undefined: it was done already
   */
  async daily(now: number): Promise<number | undefined> {
    const due = latestTime(now, this.config.tierTime);
    if (due <= this.#doneFor) return undefined;
    const client = await this.database.pool.connect();
    try {
      await client.query('BEGIN');
      const changed = (await claimJob(client, JOB, due, now)) ? await this.#retier(client) : undefined;
      await client.query('COMMIT');
      this.#doneFor = due;
      return changed;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      client.release();
    }
  }

  /** In the top-up's own transaction. */
  async lift(tx: Prisma.TransactionClient, accountId: string): Promise<void> {
    if (this.config.billing !== 'prepaid') return;
    await tx.$executeRawUnsafe(LIFT, this.#names, this.#from, accountId);
  }

  async #retier(client: ClientBase): Promise<number> {
    const { rowCount } = await client.query(RETIER, [this.#names, this.#from]);
    return rowCount ?? 0;
  }
}

/** $1 names of the tiers, lowest first, $2 what lifts an account there, microUSD; the first tier's is null. */
const earned = (only: string) => `
  WITH tier AS (
    SELECT * FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS tier(name, from_micro_usd, rank)
  ), paid AS (
    SELECT t.account_id, sum(p.amount_micro_usd) AS ever,
      sum(p.amount_micro_usd) FILTER (WHERE t.created_at > now() - interval '30 days') AS lately
    FROM ledger_transactions t
    JOIN ledger_postings p ON p.transaction_id = t.id AND p.ledger_account = 'customer:' || t.account_id
    WHERE t.kind IN ('topup', 'refund') ${only && `AND t.account_id = ${only}`} GROUP BY 1
  ), spent AS (
    SELECT account_id, sum(charge_micro_usd) AS lately FROM usage_rollups
    WHERE day > (now() AT TIME ZONE 'UTC')::date - 30 ${only && `AND account_id = ${only}`} GROUP BY 1
  ), earned AS (
    SELECT DISTINCT ON (a.id) a.id, tier.name, tier.rank,
      (SELECT rank FROM tier old WHERE old.name = a.tier) AS old_rank
    FROM accounts a LEFT JOIN paid ON paid.account_id = a.id LEFT JOIN spent ON spent.account_id = a.id
    JOIN tier ON tier.rank = 1
      OR (paid.ever > 0 AND tier.from_micro_usd <= greatest(paid.lately, spent.lately, 0))
    WHERE NOT a.tier_pinned ${only && `AND a.id = ${only}`}
    ORDER BY a.id, tier.rank DESC
  )`;

const SET = 'UPDATE accounts SET tier = earned.name, updated_at = now() FROM earned WHERE accounts.id = earned.id';

const RETIER = `${earned('')} ${SET} AND accounts.tier IS DISTINCT FROM earned.name`;

/** $3 the account. */
const LIFT = `${earned('$3')} ${SET} AND (earned.old_rank IS NULL OR earned.rank > earned.old_rank)`;
