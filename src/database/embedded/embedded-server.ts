import { mkdir, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import pg from 'pg';
import { LazuError } from '../../errors.js';
import { findNative } from './binaries.js';
import { findRunning, launch, openCluster, type Cluster, type LaunchOptions } from './cluster.js';
import { DataLock } from './data-lock.js';
import { processIdentity, waitUntil } from './processes.js';

export interface EmbeddedOptions {
  readonly dataDir: string;
  /** PostgreSQL settings over the defaults. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Own session, so that a terminal's Ctrl-C passes it by (default); the tests' server dies with them. */
  readonly detached?: boolean;
  /** What an operator should know, a line each. */
  readonly noticed?: (line: string) => void;
  /** The folder with bin, lib and share; default: the npm package's for this platform. */
  readonly native?: string;
}

const DEFAULTS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '250',
  timezone: 'UTC',
};

/** How often a server that died (out of memory, killed by hand) is looked after. */
const WATCH_MS = 2_000;

/** A real PostgreSQL from npm under LAZU_DATA_DIR, for this Lazu alone. */
export class EmbeddedServer {
  readonly url: string;
  readonly #watch: NodeJS.Timeout;
  #pid: number;
  /** Told from a later process with the same number: a signal must not reach a stranger. */
  #identity: string | undefined;
  #stopping: Promise<void> | undefined;
  #restarting: Promise<void> | undefined;

  private constructor(
    private readonly cluster: Cluster,
    private readonly launching: LaunchOptions & { port: number },
    /** False: it was already there, left by a Lazu that was killed. */
    readonly wasStarted: boolean,
    pid: number,
    private readonly lock: DataLock,
    private readonly noticed: (line: string) => void,
  ) {
    this.url = urlOf(cluster, launching.port, 'lazu');
    this.#pid = pid;
    this.#identity = processIdentity(pid);
    // A start that fails further on ends by process.exit; only kill -9 leaves the server, for the next start to adopt.
    process.once('exit', this.#stopWithProcess);
    this.#watch = setInterval(() => (this.#restarting ??= this.#lookAfter()), WATCH_MS).unref();
  }

  /** @throws LazuError in one line when the folder is in use, or the server cannot run */
  static async start(options: EmbeddedOptions): Promise<EmbeddedServer> {
    await mkdir(resolve(options.dataDir), { recursive: true, mode: 0o700 });
    const dataDir = await realpath(resolve(options.dataDir));
    const noticed = options.noticed ?? (() => undefined);
    const launching = { settings: { ...DEFAULTS, ...options.settings }, detached: options.detached ?? true };
    const lock = await DataLock.acquire(dataDir);
    try {
      const cluster = await openCluster(dataDir, options.native ?? findNative(), noticed);
      const found = await findRunning(cluster);
      const { pid, port } = found ?? (await launch(cluster, launching));
      await ensureDatabase(cluster, port);
      return new EmbeddedServer(cluster, { ...launching, port }, found === undefined, pid, lock, noticed);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** The postmaster's. */
  get pid(): number {
    return this.#pid;
  }

  get #isAlive(): boolean {
    return this.#identity !== undefined && processIdentity(this.#pid) === this.#identity;
  }

  /** Fast shutdown: open transactions roll back, what was committed is on disk. Idempotent. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  async #stop(): Promise<void> {
    clearInterval(this.#watch);
    await this.#restarting;
    process.off('exit', this.#stopWithProcess);
    this.#signal('SIGINT');
    if (!(await waitUntil(() => !this.#isAlive, 30_000))) {
      this.#signal('SIGQUIT');
      await waitUntil(() => !this.#isAlive, 5_000);
    }
    this.lock.release();
  }

  async #lookAfter(): Promise<void> {
    try {
      if (this.#isAlive || this.#stopping !== undefined) return;
      this.noticed(`The embedded PostgreSQL (pid ${this.#pid}) has died, see ${this.cluster.log}; starting it again`);
      const { pid } = (await findRunning(this.cluster)) ?? (await launch(this.cluster, this.launching));
      this.#pid = pid;
      this.#identity = processIdentity(pid);
    } catch (error) {
      this.noticed((error as Error).message); // Tried again at the next look.
    } finally {
      this.#restarting = undefined;
    }
  }

  readonly #stopWithProcess = (): void => {
    this.#signal('SIGINT');
    this.lock.release();
  };

  /** https://www.postgresql.org/docs/current/server-shutdown.html */
  #signal(signal: 'SIGINT' | 'SIGQUIT'): void {
    try {
      if (this.#isAlive) process.kill(this.#pid, signal);
    } catch {
      // It has ended at this moment.
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
