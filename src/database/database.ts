import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import type { Config } from '../config.js';
import { LazuError } from '../errors.js';
import { EmbeddedServer } from './embedded/embedded-server.js';
import { migrate, pendingMigrations } from './migrate.js';
import { isUnavailable } from './unavailable.js';

/** How long a start waits for a database that is not up yet, as when both were started together. */
const START_PATIENCE_MS = 20_000;

const logger = new Logger('Database');

/** The one way to PostgreSQL: up and migrated when it can be injected, and the last to stop. */
export class Database implements OnApplicationShutdown {
  readonly url: string;
  readonly pool: pg.Pool;
  readonly #server: EmbeddedServer | undefined;
  readonly #closers: (() => Promise<void>)[] = [];
  #closed: Promise<void> | undefined;

  private constructor(url: string, connections: number, server: EmbeddedServer | undefined) {
    this.url = url;
    this.#server = server;
    this.pool = new pg.Pool({
      connectionString: url,
      application_name: 'lazu',
      max: connections,
      keepAlive: true,
      connectionTimeoutMillis: 5_000, // Also the longest wait for a free connection.
      idleTimeoutMillis: 30_000,
      allowExitOnIdle: true, // end() leaves the idle timers running: they would hold up the exit.
      statement_timeout: 30_000,
      query_timeout: 35_000, // A server that vanished without a word.
      idle_in_transaction_session_timeout: 60_000,
    });
    // A connection in use that is lost fails its query, and says so by an event too, which without a listener ends the process.
    this.pool.on('connect', client => client.on('error', () => undefined));
    // Without a listener the loss of an idle connection would end the process; the pool replaces it by itself.
    this.pool.on('error', error => logger.warn(`An idle connection was lost: ${error.message}`));
  }

  /** @throws LazuError in one line when there is no database, or it lacks migrations that may not be applied */
  static async open(config: Config): Promise<Database> {
    const notice = (line: string): void => logger.log(line);
    const server =
      config.databaseUrl === undefined
        ? await EmbeddedServer.start({ dataDir: config.dataDir, noticed: notice })
        : undefined;
    const database = new Database(server?.url ?? config.databaseUrl!, connectionsOf(config), server);
    try {
      await database.#reach();
      if (config.migrateOnStart) await database.#migrate();
      else await database.#requireMigrated();
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** What hangs on the database (a listener, a heartbeat) and must end before its connections do. */
  beforeClose(close: () => Promise<void>): void {
    this.#closers.push(close);
  }

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  /** Idempotent. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    for (const close of this.#closers.reverse()) await close().catch(error => logger.warn(String(error)));
    await this.pool.end();
    await this.#server?.stop();
  }

  async #reach(): Promise<void> {
    const deadline = Date.now() + START_PATIENCE_MS;
    for (let tries = 0; ; tries++) {
      try {
        await this.pool.query('SELECT 1');
        return;
      } catch (cause) {
        const reason = (cause as Error).message || String((cause as NodeJS.ErrnoException).code);
        if (!isUnavailable(cause) || Date.now() > deadline) {
          throw new LazuError('service_unavailable', `DATABASE_URL cannot be used: ${reason}`, { cause });
        }
        if (tries === 0) logger.warn(`Waiting for the database (${reason})`);
        await sleep(500);
      }
    }
  }

  async #migrate(): Promise<void> {
    const applied = await migrate(this.url);
    if (applied.length > 0) logger.log(`Applied ${applied.length} migration(s), up to ${applied.at(-1)}`);
  }

  async #requireMigrated(): Promise<void> {
    const pending = await pendingMigrations(this.pool);
    if (pending.length === 0) return;
    throw new LazuError(
      'service_unavailable',
      `The database lacks ${pending.length} migration(s) and MIGRATE_ON_START is off: run \`npm run migrate\``,
    );
  }
}

/** One of the process' connections listens for changes. */
const connectionsOf = (config: Config): number => Math.max(1, config.databasePool - 1);
