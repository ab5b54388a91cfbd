import { Injectable, Logger } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { alone, type Host } from '../workers/host.js';
import { Database } from './database.js';

const BEAT_MS = 5_000;
/** Three missed beats: dead. */
const LIVE_SECONDS = 15;

const otherInstances = new Gauge({
  name: 'lazu_other_instances',
  help: 'Other live hosts on this database; without REDIS_URL each has limits of its own',
  aggregator: 'max',
});

/**
 * Says "here I am" to hosts on the same database and counts the others: without Redis each host has its own limits, so a second
 * one doubles them. Only a beat that came after our own start counts, so a killed predecessor is no alarm. The processes of one host are
 * one instance: its primary beats, its workers only look.
 */
@Injectable()
export class Instances {
  /** Other live hosts at the last beat. */
  otherInstances = 0;

  readonly #logger = new Logger(Instances.name);
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();

  private constructor(
    private readonly database: Database,
    private readonly host: Pick<Host, 'role' | 'instanceId'>,
    private readonly sharesLimits: boolean,
  ) {}

  /** @param sharesLimits through Redis: other hosts are welcome */
  static async open(
    database: Database,
    host: Pick<Host, 'role' | 'instanceId'> = alone(),
    sharesLimits = false,
  ): Promise<Instances> {
    const instances = new Instances(database, host, sharesLimits);
    await instances.beat();
    instances.#timer = setInterval(() => (instances.#beating = instances.#beatQuietly()), BEAT_MS).unref();
    database.beforeClose(() => instances.close());
    return instances;
  }

  get id(): string {
    return this.host.instanceId;
  }

  async beat(): Promise<void> {
    const { pool } = this.database;
    if (!this.#onlyLooks) {
      const upsert = 'INSERT INTO instances (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET seen_at = now()';
      await pool.query(upsert, [this.id]);
    }
    const { rows } = await pool.query<{ others: number }>(
      `SELECT count(*)::int AS others FROM instances mine JOIN instances other
         ON other.id <> mine.id AND other.seen_at > greatest(mine.started_at, now() - make_interval(secs => $2))
       WHERE mine.id = $1`,
      [this.id, LIVE_SECONDS],
    );
    const others = rows[0]?.others ?? 0;
    if (others > this.otherInstances && !this.#onlyLooks && !this.sharesLimits) {
      this.#logger.error(
        `${others} other Lazu instance(s) use this database, each with limits of its own. Set REDIS_URL on all of them, or stop the others.`,
      );
    }
    this.otherInstances = others;
    otherInstances.set(others);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    if (this.#onlyLooks) return;
    const old = `seen_at < now() - interval '1 day'`;
    await this.database.pool.query(`DELETE FROM instances WHERE id = $1 OR ${old}`, [this.id]);
  }

  get #onlyLooks(): boolean {
    return this.host.role === 'worker';
  }

  /** The change feed already says that the database is away. */
  async #beatQuietly(): Promise<void> {
    await this.beat().catch(() => undefined);
  }
}
