import { Injectable, Logger } from '@nestjs/common';
import { ulid } from 'ulid';
import { Database } from './database.js';

const BEAT_MS = 5_000;
/** Three missed beats: dead. */
const LIVE_SECONDS = 15;

/**
 * Says "here I am" to hosts on the same database and counts the others: without Redis each host has its own limits, so a second
 * one doubles them. Only a beat that came after our own start counts, so a killed predecessor is no alarm.
 */
@Injectable()
export class Instances {
  readonly id = `inst_${ulid()}`;
  /** Other live hosts at the last beat. */
  otherInstances = 0;

  readonly #logger = new Logger(Instances.name);
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();

  private constructor(private readonly database: Database) {}

  static async open(database: Database): Promise<Instances> {
    const instances = new Instances(database);
    await instances.beat();
    instances.#timer = setInterval(() => (instances.#beating = instances.#beatQuietly()), BEAT_MS).unref();
    database.beforeClose(() => instances.close());
    return instances;
  }

  async beat(): Promise<void> {
    const { pool } = this.database;
    await pool.query('INSERT INTO instances (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET seen_at = now()', [
      this.id,
    ]);
    const { rows } = await pool.query<{ others: number }>(
      `SELECT count(*)::int AS others FROM instances mine JOIN instances other
         ON other.id <> mine.id AND other.seen_at > greatest(mine.started_at, now() - make_interval(secs => $2))
       WHERE mine.id = $1`,
      [this.id, LIVE_SECONDS],
    );
    const others = rows[0]?.others ?? 0;
    if (others > this.otherInstances) {
      this.#logger.error(
        `${others} other Lazu instance(s) use this database, each with limits of its own. Stop them, or give them a database of their own.`,
      );
    }
    this.otherInstances = others;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    const old = `seen_at < now() - interval '1 day'`;
    await this.database.pool.query(`DELETE FROM instances WHERE id = $1 OR ${old}`, [this.id]);
  }

  /** The change feed already says that the database is away. */
  async #beatQuietly(): Promise<void> {
    await this.beat().catch(() => undefined);
  }
}
