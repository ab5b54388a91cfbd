import { mkdir, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import pg from 'pg';
import { LazuError } from '../../errors.js';
import { findRunning, launch, openCluster, type Cluster } from './cluster.js';
import { DataLock } from './data-lock.js';
import { isAlive, waitUntil } from './processes.js';

export interface EmbeddedOptions {
  readonly dataDir: string;
  /** PostgreSQL settings over the defaults. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Own session, so that a terminal's Ctrl-C passes it by (default); the tests' server dies with them. */
  readonly detached?: boolean;
  readonly noticed?: (line: string) => void;
}

const DEFAULTS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '250',
  timezone: 'UTC',
};

/** A real PostgreSQL from npm under LAZU_DATA_DIR, for this Lazu alone. */
export class EmbeddedServer {
  readonly url: string;
  /** False: it was already there, left by a Lazu that was killed. */
  readonly wasStarted: boolean;
  readonly pid: number;
  readonly #lock: DataLock;
  readonly #stopWithProcess = (): void => {
    this.#signal('SIGINT');
    this.#lock.release();
  };

  private constructor(url: string, pid: number, wasStarted: boolean, lock: DataLock) {
    this.url = url;
    this.pid = pid;
    this.wasStarted = wasStarted;
    this.#lock = lock;
    // A start that fails further on ends by process.exit; only kill -9 leaves the server, for the next start to adopt.
    process.once('exit', this.#stopWithProcess);
  }

  /** @throws LazuError in one line when the folder is in use, or the server cannot run */
  static async start(options: EmbeddedOptions): Promise<EmbeddedServer> {
    await mkdir(resolve(options.dataDir), { recursive: true, mode: 0o700 });
    const dataDir = await realpath(resolve(options.dataDir));
    const lock = await DataLock.acquire(dataDir);
    try {
      const cluster = await openCluster(dataDir, options.noticed ?? (() => undefined));
      const found = await findRunning(cluster);
      const server = found ?? (await launch(cluster, { ...DEFAULTS, ...options.settings }, options.detached ?? true));
      await ensureDatabase(cluster, server.port);
      return new EmbeddedServer(urlOf(cluster, server.port, 'lazu'), server.pid, found === undefined, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Fast shutdown: open transactions roll back, what was committed is on disk. Idempotent. */
  async stop(): Promise<void> {
    process.off('exit', this.#stopWithProcess);
    this.#signal('SIGINT');
    if (!(await waitUntil(() => !isAlive(this.pid), 30_000))) {
      this.#signal('SIGQUIT');
      await waitUntil(() => !isAlive(this.pid), 5_000);
    }
    this.#lock.release();
  }

  /** https://www.postgresql.org/docs/current/server-shutdown.html */
  #signal(signal: 'SIGINT' | 'SIGQUIT'): void {
    try {
      process.kill(this.pid, signal);
    } catch {
      // It has ended already.
    }
  }
}

const urlOf = (cluster: Cluster, port: number, database: string): string =>
  `postgresql://lazu:${cluster.password}@127.0.0.1:${port}/${database}`;

async function ensureDatabase(cluster: Cluster, port: number): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf(cluster, port, 'postgres'), connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
    const { rowCount } = await client.query(`SELECT 1 FROM pg_database WHERE datname = 'lazu'`);
    if (rowCount === 0) await client.query('CREATE DATABASE lazu');
  } catch (cause) {
    throw new LazuError('service_unavailable', `The embedded PostgreSQL refuses us: ${(cause as Error).message}`, {
      cause,
    });
  } finally {
    await client.end().catch(() => undefined);
  }
}
