import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import pg from 'pg';
import { Database } from './database.js';

/** What changes are told about. */
export type Topic = 'accounts' | 'api_keys' | 'admin_keys' | 'catalog' | 'channels';

/**
 * @param payload `<topic>:<row id>` (catalog: a model's or vendor's name, channels: the channel's id), or `<topic>:` alone when
 *   changes may have been missed: read everything of the topic anew
 */
export type ChangeListener = (payload: string) => void;

const POLL_MS = 1_000;
/** A notification may be on its way while the poll already sees its version. */
const GRACE_MS = 150;
const LONGEST_BACKOFF_MS = 5_000;

/**
 * Tells what other hosts (and this one) changed: by NOTIFY within milliseconds, and, should a notification be lost with its
 * connection, by the versions that the same triggers count and each host polls.
 */
@Injectable()
export class ChangeFeed {
  /** Date.now() of the last proof that nothing was missed: the beginning of the last poll that held no surprise, or told of it. */
  freshAt = 0;

  readonly #logger = new Logger(ChangeFeed.name);
  readonly #listeners = new Map<Topic, Set<ChangeListener>>();
  /** Newest version of each topic that the listeners were told of. */
  readonly #versions = new Map<Topic, bigint>();
  readonly #stop = new AbortController();
  #client: pg.Client | undefined;
  #lost: Promise<void> = Promise.resolve();
  #giveUp: () => void = () => undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #isAway = false;

  private constructor(private readonly database: Database) {}

  /** Listens first and reads the versions then, so that nothing falls between. */
  static async open(database: Database): Promise<ChangeFeed> {
    const feed = new ChangeFeed(database);
    await feed.#listen();
    await feed.#poll();
    feed.#ended = Promise.all([feed.#keepListening(), feed.#keepPolling()]);
    database.beforeClose(() => feed.close());
    return feed;
  }

  /** @returns ends the subscription */
  on(topic: Topic, listener: ChangeListener): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#giveUp();
    await this.#ended;
  }

  async #keepListening(): Promise<void> {
    for (;;) {
      await this.#lost;
      await this.#hangUp();
      if (!(await this.#reconnect())) return;
      // What came while nobody listened, or was cut off in the middle of a transaction's notifications, is not known.
      this.#versions.clear();
      await this.#attempt(() => this.#poll());
      for (const topic of this.#listeners.keys()) this.#tell(topic, `${topic}:`);
    }
  }

  /** @returns false when the feed was closed meanwhile */
  async #reconnect(): Promise<boolean> {
    for (let backoff = 100; !this.#stop.signal.aborted; backoff = Math.min(backoff * 2, LONGEST_BACKOFF_MS)) {
      if (await this.#attempt(() => this.#listen())) return true;
      await this.#sleep(backoff * (0.5 + Math.random() / 2));
    }
    return false;
  }

  async #listen(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.database.url,
      application_name: 'lazu-change-feed',
      connectionTimeoutMillis: 5_000,
      query_timeout: 5_000,
      keepAlive: true,
    });
    client.on('error', error => this.#logger.warn(`The change feed lost its connection: ${error.message}`));
    client.on('notification', ({ payload }) => this.#notified(payload ?? ''));
    this.#client = client;
    this.#lost = new Promise(resolve => {
      this.#giveUp = resolve;
      client.once('end', resolve);
    });
    await client.connect();
    await client.query('LISTEN lazu_changes');
  }

  async #hangUp(): Promise<void> {
    this.#client?.removeAllListeners('notification');
    // end() waits for the other side, which may be gone.
    await Promise.race([this.#client?.end().catch(() => undefined), sleep(1_000, undefined, { ref: false })]);
  }

  async #keepPolling(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#sleep(POLL_MS);
      if (!this.#stop.signal.aborted) await this.#attempt(() => this.#poll());
    }
  }

  async #poll(): Promise<void> {
    const begun = Date.now();
    const { rows } = await this.database.pool.query<{ topic: Topic; version: string }>(
      'SELECT topic, version FROM change_versions',
    );
    const missed = (): Topic[] =>
      rows.filter(row => BigInt(row.version) > this.#known(row.topic)).map(row => row.topic);
    for (const row of rows) if (!this.#versions.has(row.topic)) this.#versions.set(row.topic, BigInt(row.version));
    if (missed().length > 0) await sleep(GRACE_MS);
    const topics = missed();
    for (const row of rows) if (topics.includes(row.topic)) this.#versions.set(row.topic, BigInt(row.version));
    for (const topic of topics) this.#tell(topic, `${topic}:`);
    this.freshAt = begun;
    if (topics.length === 0) return;
    this.#logger.warn(`Notifications for ${topics.join(', ')} were missed; listening anew`);
    this.#giveUp();
  }

  /** `<topic>@<version>`, once for each transaction, before its rows' `<topic>:<row id>`. */
  #notified(payload: string): void {
    const mark = /^(\w+)@(\d+)$/.exec(payload);
    if (mark === null) return this.#tell(payload.slice(0, payload.indexOf(':')) as Topic, payload);
    const topic = mark[1] as Topic;
    const version = BigInt(mark[2]!);
    const skipped = this.#versions.has(topic) && version > this.#known(topic) + 1n;
    if (version > this.#known(topic)) this.#versions.set(topic, version);
    if (skipped) this.#tell(topic, `${topic}:`);
  }

  #known(topic: Topic): bigint {
    return this.#versions.get(topic) ?? 0n;
  }

  #tell(topic: Topic, payload: string): void {
    for (const listener of this.#listeners.get(topic) ?? []) {
      try {
        listener(payload);
      } catch (error) {
        this.#logger.error(`A listener for ${topic} failed: ${String(error)}`);
      }
    }
  }

  /** The database may be away for long: say so once, and once when it is back. */
  async #attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      if (this.#isAway) this.#logger.log('The database is back');
      this.#isAway = false;
      return true;
    } catch (error) {
      if (!this.#isAway && !this.#stop.signal.aborted)
        this.#logger.warn(`No news of changes: ${(error as Error).message}`);
      this.#isAway = true;
      return false;
    }
  }

  async #sleep(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}
