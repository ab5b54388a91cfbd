import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { ulid } from 'ulid';
import type { LedgerService } from '../billing/ledger.service.js';
import type { Database } from '../database/database.js';
import type { Backlog } from './backlog.js';
import type { ChargeBook } from './charge-book.js';
import { insertRecords } from './insert-records.js';
import type { Journal } from './journal/journal.js';
import { accountIdOf, requestIdOf } from './journal/line.js';
import { usageMetrics } from './metrics.js';
import type { RecordQueue } from './record-queue.js';
import type { RecordedAccounts } from './recorded-accounts.js';
import { repair } from './repair.js';

const BATCH_ROWS = 1_000;
const BATCH_DELAY_MS = 100;
const ADOPT_MS = 30_000;
const RETRY_MS = { first: 100, most: 2_000 };
const ANYTHING = 2n ** 63n;
const FLUSH_DEADLINE_MS = 5_000;

export interface RecorderParts {
  readonly database: Pick<Database, 'pool'>;
  readonly queue: RecordQueue;
  readonly journal: Journal;
  readonly backlog: Backlog;
  /** Undefined with `BILLING=off`. */
  readonly ledger: Pick<LedgerService, 'postUsage'> | undefined;
  readonly charges: ChargeBook;
  readonly recorded?: Pick<RecordedAccounts, 'tell'>;
  /** Directory for records that PostgreSQL refuses for good. */
  readonly root: string;
}

/**
 * Brings records from the journal to PostgreSQL in batches. One runs at a time; while the database is away it tries again and
 * callers do not notice.
 */
export class Recorder {
  readonly #log = new Logger(Recorder.name);
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #adoptTimer: NodeJS.Timeout | undefined;
  #failing = false;
  /** An attempt failed, and nobody knows whether it committed. */
  #unsure = false;
  #adopting: Promise<void> = Promise.resolve();
  /** Resolves when what dead processes left is recorded. */
  #catchingUp: Promise<void> = Promise.resolve();
  #caughtUp: (() => void) | undefined;

  constructor(private readonly parts: RecorderParts) {}

  /**
   * Begins with what dead processes left, and looks again from time to time.
   * @param adopts false: somebody else on this host does
   */
  async start(adopts = true): Promise<void> {
    this.parts.queue.onPush = () => this.#soon();
    const look = (): Promise<void> => {
      usageMetrics.journalBytes.set(this.parts.journal.bytes);
      return adopts ? this.#adopt() : Promise.resolve();
    };
    await look();
    this.#adoptTimer = setInterval(() => void look(), ADOPT_MS).unref();
  }

  /** A process has died just now. Resolves when what it left is recorded, which may take as long as the database is away. */
  async adopt(): Promise<void> {
    await this.#adopt();
    await this.#catchingUp;
  }

  /** Records everything that is in the journal by then. Gives up after a deadline; the next start goes on. */
  async stop(): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    clearInterval(this.#adoptTimer);
    const deadline = Date.now() + FLUSH_DEADLINE_MS;
    const giveUp = setTimeout(() => this.#stopped.abort(), FLUSH_DEADLINE_MS);
    const givenUp = new Promise<void>(resolve => this.#stopped.signal.addEventListener('abort', () => resolve()));
    while (Date.now() < deadline && (this.parts.journal.segments.openCount > 0 || this.parts.queue.held > 0)) {
      await Promise.race([this.#run(), givenUp]);
      if (this.parts.journal.segments.openCount > 0) await sleep(20);
    }
    this.#stopped.abort();
    clearTimeout(giveUp);
    clearTimeout(this.#timer);
    await Promise.race([this.#running, sleep(500)]); // a server that hangs holds up nobody
  }

  /** One at a time, so that who has asked finds everything taken. */
  #adopt(): Promise<void> {
    return (this.#adopting = this.#adopting.then(() => this.#adoptOnce()));
  }

  async #adoptOnce(): Promise<void> {
    try {
      if (!(await this.parts.backlog.adopt())) return;
      if (!this.#caughtUp) {
        this.#catchingUp = new Promise<void>(resolve => (this.#caughtUp = resolve));
        this.parts.charges.catchUp(this.#catchingUp);
      }
      this.#soon();
    } catch (error) {
      this.#log.error(`journals of dead processes cannot be adopted: ${String(error)}`);
    }
  }

  #soon(): void {
    if (this.parts.queue.held >= BATCH_ROWS) void this.#run();
    else this.#timer ??= setTimeout(() => void this.#run(), BATCH_DELAY_MS);
  }

  #run(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running ??= this.#drain()
      .catch((error: unknown) => {
        if (!this.#stopped.signal.aborted) this.#log.error(`recording stopped: ${String(error)}`);
      })
      .finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** New records and old ones in turn, so that neither waits for all of the other. */
  async #drain(): Promise<void> {
    const { queue, journal, backlog } = this.parts;
    let portions = backlog.portions(BATCH_ROWS);
    try {
      for (;;) {
        const fresh = queue.take(BATCH_ROWS);
        if (fresh) {
          await this.#batch(fresh.records);
          fresh.done();
        }
        if (journal.segments.current.spilled && queue.relaxed) journal.rotate();
        const old = await portions.next();
        if (old.done && !backlog.waits) this.#isCaughtUp();
        if (!old.done) await this.#batch(old.value);
        else if (queue.held === 0 && journal.segments.spilled.length === 0 && !backlog.waits) return;
        else portions = backlog.portions(BATCH_ROWS);
      }
    } finally {
      await portions.return(undefined);
    }
  }

  #isCaughtUp(): void {
    this.#caughtUp?.();
    this.#caughtUp = undefined;
  }

  /** While nobody reads the sums. */
  #batch(records: readonly string[]): Promise<void> {
    return this.parts.charges.record(() => this.#record(records));
  }

  /** @throws only when the recorder is stopped before they are in */
  async #record(records: readonly string[]): Promise<void> {
    for (let wait = RETRY_MS.first; ; wait = Math.min(wait * 2, RETRY_MS.most)) {
      this.#stopped.signal.throwIfAborted();
      try {
        await this.#insert(records);
        if (this.#failing) this.#log.log('usage records reach PostgreSQL again');
        this.#failing = false;
        return;
      } catch (error) {
        if (isRefusal(error)) return this.#recordOneByOne(records, error);
        usageMetrics.retries.inc();
        this.#unsure = true;
        if (!this.#failing) this.#log.warn(`usage records wait in the journal for PostgreSQL: ${String(error)}`);
        this.#failing = true;
        await sleep(wait, undefined, { signal: this.#stopped.signal });
      }
    }
  }

  /** One transaction; with a ledger, its posting is in it. A batch that is tried again has a new id, and passes over what is in. */
  async #insert(records: readonly string[]): Promise<void> {
    const { database, ledger } = this.parts;
    const batchId = `batch_${ulid()}`;
    const client = await database.pool.connect();
    let broken = true;
    try {
      if (ledger) await client.query('BEGIN');
      const { count, charges } = await insertRecords(client, records, batchId);
      if (ledger) {
        await ledger.postUsage(client, batchId, charges);
        await client.query('COMMIT');
      }
      usageMetrics.recorded.inc(count);
      broken = false;
      const changed = this.#unsure ? everyAccountIn(records) : charges;
      this.parts.charges.recorded(records.map(requestIdOf), changed);
      this.parts.recorded?.tell(changed.keys());
      this.#unsure = false;
    } finally {
      client.release(broken); // in an unknown state it is closed, which also rolls back
    }
  }

  /** Halves until the record at fault stands alone; it must not hold up the others. */
  async #recordOneByOne(records: readonly string[], error: unknown): Promise<void> {
    if (records.length > 1) {
      const middle = records.length >> 1;
      await this.#record(records.slice(0, middle));
      await this.#record(records.slice(middle));
      return;
    }
    const [record = ''] = records;
    const repaired = repair(record);
    if (repaired !== record) return this.#record([repaired]);
    usageMetrics.rejected.inc();
    this.parts.charges.rejected(requestIdOf(record));
    const path = join(this.parts.root, 'rejected.jsonl');
    this.#log.error(
      `PostgreSQL refuses the usage record ${requestIdOf(record)} (${String(error)}); it is kept in ${path}`,
    );
    appendFileSync(path, `${record}\n`, { mode: 0o600 });
  }
}

/** What each may have been charged when nobody knows: anything. */
function everyAccountIn(records: readonly string[]): Map<string, bigint> {
  return new Map(records.map(record => [accountIdOf(record), ANYTHING]));
}

/** Data exceptions, integrity violations and exceeded limits: https://www.postgresql.org/docs/current/errcodes-appendix.html */
function isRefusal(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^(22|23|54)\w{3}$/.test(code);
}
