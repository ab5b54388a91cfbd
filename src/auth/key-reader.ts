import type { Pool } from 'pg';
import { LazuError } from '../errors.js';
import { readKeyPage, readKeys, type KeyRow } from './key-row.js';
import { SharedRead } from './shared-read.js';

/** Look-ups that wait for one query; more at once is a flood of invented keys. */
const MOST_WAITING = 1000;
/** Least time between two queries: at most 200 a second, whatever comes in. */
const GAP_MS = 5;
const RETRY_MS = 250;
const PAGE = 5000;

export interface KeySink {
  /** Tick that marks what is read from now on; called before a query. */
  tick(): number;
  /** @param asked the row was looked up by hash, so it is wanted even when the ring is full */
  apply(row: KeyRow, readAt: number, asked: boolean): void;
  /** A whole snapshot has been applied. @returns ids that it did not name; they are read once more */
  unseenSince(readAt: number): string[];
  /** These ids are in no row at all. */
  vanished(ids: readonly string[], readAt: number): void;
  readonly capacity: number;
}

/** Every read of keys, one after the other, so that a ring never goes back in time. What cannot be read is tried again. */
export class KeyReader {
  #hashes = new Set<string>();
  #ids = new Set<string>();
  #accountIds = new Set<string>();
  #everything = false;
  #behindSince: number | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;
  readonly #shared = new SharedRead(() => this.#read(), GAP_MS);

  constructor(
    private readonly pool: Pool,
    private readonly sink: KeySink,
  ) {}

  /** `Date.now()` since when a known change could not be read; undefined: nothing is outstanding. */
  get behindSince(): number | undefined {
    return this.#behindSince;
  }

  /** @throws LazuError `service_unavailable` when too many wait or the database does not answer: never a refusal of the key */
  async lookUp(hash: string): Promise<void> {
    if (this.#hashes.size >= MOST_WAITING) throw unavailable('Too many unknown keys are being looked up.');
    this.#hashes.add(hash);
    try {
      await this.#shared.run();
    } catch (cause) {
      throw unavailable('This key could not be looked up, because the database does not answer.', cause);
    }
  }

  /** Read what changed. Rejects when that failed, and tries again by itself. */
  refresh(what: { id?: string; accountId?: string } | 'everything'): Promise<void> {
    if (what === 'everything') this.#everything = true;
    else {
      if (what.id !== undefined) this.#ids.add(what.id);
      if (what.accountId !== undefined) this.#accountIds.add(what.accountId);
    }
    return this.#shared.run();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
  }

  async #read(): Promise<void> {
    if (this.#closed) return;
    const [hashes, ids, accountIds, everything] = [this.#hashes, this.#ids, this.#accountIds, this.#everything];
    [this.#hashes, this.#ids, this.#accountIds, this.#everything] = [new Set(), new Set(), new Set(), false];
    try {
      if (everything) await this.#readEverything();
      if (hashes.size + ids.size + accountIds.size > 0) {
        await this.#readSome({ hashes: [...hashes], ids: [...ids], accountIds: [...accountIds] });
      }
      if (!this.#everything && this.#ids.size + this.#accountIds.size === 0) this.#behindSince = undefined;
    } catch (error) {
      for (const id of ids) this.#ids.add(id);
      for (const id of accountIds) this.#accountIds.add(id);
      this.#everything ||= everything;
      if (everything || ids.size + accountIds.size > 0) this.#retryLater();
      throw error;
    }
  }

  async #readSome(filter: { hashes: string[]; ids: string[]; accountIds: string[] }): Promise<void> {
    const readAt = this.sink.tick();
    const rows = await readKeys(this.pool, filter);
    const asked = new Set(filter.hashes);
    for (const row of rows) this.sink.apply(row, readAt, asked.has(row.hash));
  }

  async #readEverything(): Promise<void> {
    const since = this.sink.tick();
    let before: string | undefined;
    for (let read = 0; read < this.sink.capacity;) {
      const readAt = this.sink.tick();
      const rows = await readKeyPage(this.pool, before, Math.min(PAGE, this.sink.capacity - read));
      for (const row of rows) this.sink.apply(row, readAt, false);
      read += rows.length;
      before = rows.at(-1)?.id;
      if (rows.length < PAGE) break;
    }
    const unseen = this.sink.unseenSince(since);
    for (let i = 0; i < unseen.length; i += PAGE) {
      const ids = unseen.slice(i, i + PAGE);
      const readAt = this.sink.tick();
      const rows = await readKeys(this.pool, { hashes: [], ids, accountIds: [] });
      for (const row of rows) this.sink.apply(row, readAt, false);
      const found = new Set(rows.map(row => row.id));
      this.sink.vanished(
        ids.filter(id => !found.has(id)),
        readAt,
      );
    }
  }

  #retryLater(): void {
    this.#behindSince ??= Date.now();
    if (this.#closed || this.#retry) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#shared.run().catch(() => undefined); // it has put itself down for another retry
    }, RETRY_MS).unref();
  }
}

function unavailable(message: string, cause?: unknown): LazuError {
  return new LazuError('service_unavailable', `${message} Please try again shortly.`, { retryAfter: 1, cause });
}
