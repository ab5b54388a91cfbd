import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { PoolClient } from 'pg';
import { encodeTime } from 'ulid';
import { Config } from '../config.js';
import { Database } from '../database/database.js';
import { usageMetrics } from './metrics.js';

const DAY_MS = 24 * 3600 * 1000;
const HOUR_MS = 3600 * 1000;
/** https://www.postgresql.org/docs/current/errcodes-appendix.html: lock_not_available */
const LOCK_TIMEOUT = '55P03';
/** Yesterday too: a host whose clock lags, a request from before midnight. */
const DAYS_BEHIND = 1;
const DAYS_AHEAD = 7;
/** Held while partitions change; the same two numbers on every host (the first spells LAZU). */
const LOCK = [0x4c415a55, 3];

/**
 * One partition of `usage_records` per UTC day of the ids (trap 21). Made ahead, so that no row has to wait for one; old days are
 * dropped whole. Any number of hosts may do this at once.
 */
@Injectable()
export class Partitions implements OnApplicationShutdown {
  readonly #log = new Logger(Partitions.name);
  #timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(Config) private readonly config: Pick<Config, 'usageRetentionDays'>,
    private readonly database: Database,
  ) {}

  /** Now, and from now on each hour. */
  async begin(): Promise<void> {
    await this.#try();
    this.#timer = setInterval(() => void this.#try(), HOUR_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  /** @param now milliseconds since the epoch */
  async maintain(now: number): Promise<void> {
    const client = await this.database.pool.connect();
    let broken = true;
    try {
      await client.query('BEGIN');
      await client.query('SELECT pg_advisory_xact_lock($1, $2)', LOCK);
      // Changing the parent waits for every writer of it; nobody may queue behind that for long.
      await client.query("SET LOCAL lock_timeout = '2s'");
      const existing = await this.#existing(client);
      await this.#makeAhead(client, existing, now);
      await this.#dropOld(client, existing, now);
      await client.query('COMMIT');
      await this.#checkDefault(client);
      broken = false;
    } finally {
      client.release(broken);
    }
  }

  async #try(): Promise<void> {
    try {
      await this.maintain(Date.now());
    } catch (error) {
      this.#log.error(`the partitions of usage_records could not be maintained, next try in an hour: ${String(error)}`);
    }
  }

  async #existing(client: PoolClient): Promise<Set<string>> {
    const { rows } = await client.query<{ name: string }>(
      `SELECT child.relname AS name FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
       WHERE inhparent = 'usage_records'::regclass`,
    );
    return new Set(rows.map(row => row.name));
  }

  async #makeAhead(client: PoolClient, existing: ReadonlySet<string>, now: number): Promise<void> {
    for (let offset = -DAYS_BEHIND; offset <= DAYS_AHEAD; offset++) {
      const day = startOfDay(now) + offset * DAY_MS;
      const name = partitionOf(day);
      if (existing.has(name)) continue;
      await client.query('SAVEPOINT partition');
      try {
        // ATTACH takes a weaker lock than CREATE … PARTITION OF:
        // https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE
        await client.query(`CREATE TABLE ${name} (LIKE usage_records INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`);
        await client.query(
          `ALTER TABLE usage_records ATTACH PARTITION ${name} FOR VALUES FROM ('${boundOf(day)}') TO ('${boundOf(day + DAY_MS)}')`,
        );
      } catch (error) {
        await client.query('ROLLBACK TO SAVEPOINT partition');
        this.#log.error(`${name} could not be made: ${String(error)}`);
        if ((error as { code?: unknown }).code === LOCK_TIMEOUT) return; // the others would wait just as long
      }
    }
  }

  async #dropOld(client: PoolClient, existing: ReadonlySet<string>, now: number): Promise<void> {
    const { usageRetentionDays } = this.config;
    if (usageRetentionDays === 0) return;
    const oldest = partitionOf(startOfDay(now) - usageRetentionDays * DAY_MS);
    for (const name of existing) {
      if (!/^usage_records_\d{8}$/.test(name) || name >= oldest) continue;
      await client.query(`DROP TABLE ${name}`);
      this.#log.log(`dropped ${name}: older than USAGE_RETENTION_DAYS (${usageRetentionDays})`);
    }
  }

  async #checkDefault(client: PoolClient): Promise<void> {
    const { rows } = await client.query<{ stray: boolean }>(
      'SELECT EXISTS (SELECT FROM usage_records_default) AS stray',
    );
    const stray = rows[0]?.stray === true;
    usageMetrics.strayRows.set(stray ? 1 : 0);
    if (!stray) return;
    this.#log.error(
      'usage_records_default is not empty: some rows lie outside their day and outlive retention. Look at their request ids: a clock was wrong, or Lazu was down for more than a week.',
    );
  }
}

function startOfDay(ms: number): number {
  return Math.floor(ms / DAY_MS) * DAY_MS;
}

function partitionOf(day: number): string {
  return `usage_records_${new Date(day).toISOString().slice(0, 10).replaceAll('-', '')}`;
}

/** The least id of a day: the time part of its ULID. */
export function boundOf(ms: number): string {
  return `req_lazu_${encodeTime(ms)}`;
}
