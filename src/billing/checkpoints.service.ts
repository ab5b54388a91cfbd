import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Config } from '../config.js';
import { Database } from '../database/database.js';
import { CUSTOMER } from './balance-query.js';
import { claimJob } from './claim-job.js';

const JOB = 'ledger-checkpoints';
const EVERY_MS = 5 * 60_000;
const LOOK_MS = 60_000;
/** Postings that one statement takes, so that the first run over an old ledger does not meet the connection's time limit. */
const STEP = 500_000;
/** https://www.postgresql.org/docs/current/errcodes-appendix.html: lock_not_available */
const LOCK_TIMEOUT = '55P03';

export interface Run {
  /** Accounts whose checkpoint moved on. */
  readonly accounts: number;
  /** Up to which position. */
  readonly position: bigint;
}

/**
 * Moves the checkpoints of balances on, so that a balance costs what was posted in the last minutes, not since the account was made.
 *
 * A posting gets its position when it is written and is seen when its transaction commits, so a low one may appear after a high one. A
 * checkpoint must not be past a posting that is still to appear. So the job first waits, in a transaction of its own, for a lock that no
 * writer of postings lets it have (SHARE): once it has it, every position given so far is decided, and the last of them is where the
 * checkpoints may go. The lock is let go of at once; the sums are made without it, and never change any more.
 */
@Injectable()
export class CheckpointsService implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger(CheckpointsService.name);
  #timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(Config) private readonly config: Pick<Config, 'billing'>,
    private readonly database: Database,
  ) {}

  onModuleInit(): void {
    if (this.config.billing !== 'prepaid') return;
    const look = () => {
      this.run(Date.now()).catch((error: unknown) =>
        this.#logger.warn({ err: error }, 'Checkpoints of the ledger were not made; again in a minute.'),
      );
    };
    look();
    this.#timer = setInterval(look, LOOK_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  /**
   * Every five minutes, on whichever process looks first.
   * @param now ms since 1970
   * @returns undefined: it is not due, another process does it, or a writer did not end in time
   */
  async run(now: number): Promise<Run | undefined> {
    const position = await this.#decided(now);
    if (position === undefined) return undefined;
    const { rows } = await this.database.pool.query<{ position: string }>(REACHED);
    let accounts = 0;
    for (let from = BigInt(rows[0]!.position); from < position;) {
      const to = from + BigInt(STEP) < position ? from + BigInt(STEP) : position;
      accounts += (await this.database.pool.query(MOVE_ON, [from.toString(), to.toString()])).rowCount ?? 0;
      from = to;
    }
    return { accounts, position };
  }

  /** Claims the run. @returns the last position given; every posting up to it is there, or never will be */
  async #decided(now: number): Promise<bigint | undefined> {
    const client = await this.database.pool.connect();
    try {
      await client.query('BEGIN');
      const isMine = await claimJob(client, JOB, now - EVERY_MS, now);
      const position = isMine ? await this.#lastGiven(client) : undefined;
      await client.query('COMMIT');
      return position;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      if ((error as { code?: unknown }).code === LOCK_TIMEOUT) return undefined; // with the next look
      throw error;
    } finally {
      client.release();
    }
  }

  async #lastGiven(client: { query: Database['pool']['query'] }): Promise<bigint> {
    // Longer than deadlock_timeout, after which a vacuum in the way gives up; writers that come meanwhile wait as long.
    await client.query("SET LOCAL lock_timeout = '2s'");
    await client.query('LOCK TABLE ledger_postings IN SHARE MODE');
    const { rows } = await client.query<{ position: string }>(LAST_GIVEN);
    return BigInt(rows[0]!.position);
  }
}

/** Of the sequence, not of the table: also what was rolled back counts as given. */
const LAST_GIVEN = `
  SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('ledger_postings', 'position')::regclass), 0)::text AS position`;

/** Where the last run came to: each moves every account on that was posted to. */
const REACHED = 'SELECT coalesce(max(position), 0)::text AS position FROM ledger_checkpoints';

/**
 * $1 from (exclusive), $2 to. Each account from where its own checkpoint stands, so a checkpoint that is lost, or a run that ended half-way,
 * costs time and no money.
 */
const MOVE_ON = `
  WITH posted AS (
    SELECT DISTINCT ledger_account FROM ledger_postings
    WHERE position > $1::bigint AND position <= $2::bigint AND ledger_account LIKE '${CUSTOMER}%'
  )
  INSERT INTO ledger_checkpoints AS known (ledger_account, position, balance_micro_usd)
  SELECT posted.ledger_account, $2::bigint, coalesce(before.balance_micro_usd, 0) + later.amount
  FROM posted LEFT JOIN ledger_checkpoints AS before USING (ledger_account)
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount_micro_usd), 0) AS amount FROM ledger_postings
    WHERE ledger_account = posted.ledger_account AND position > coalesce(before.position, 0) AND position <= $2::bigint
  ) AS later
  ON CONFLICT (ledger_account) DO UPDATE
    SET position = excluded.position, balance_micro_usd = excluded.balance_micro_usd, created_at = now()
    WHERE known.position < excluded.position`;
