import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { decodeTime } from 'ulid';
import { Database } from '../database/database.js';
import { isUnavailable } from '../database/unavailable.js';
import { LazuError } from '../errors.js';
import { alone, Host } from '../workers/host.js';
import { topic } from '../workers/topic.js';
import { RecordQueue } from './record-queue.js';
import { reportOf, rollupQuery, type Grouping, type RollupFilter, type UsageReport } from './rollup-query.js';
import { recordOf, RECORD_COLUMNS, searchQuery, type RecordFilter, type StoredRecord } from './record-query.js';
import type { UsageRecord } from './usage-record.js';

const YOUNG_MS = 5_000;
const WAIT_MS = 2_000;
const POLL_MS = 100;
const REQUEST_ID = /^req_lazu_[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const ONE_RECORD = `SELECT ${RECORD_COLUMNS} FROM usage_records WHERE request_id = $1 AND key_id = $2`;

/** A request, and the key that asks for its record. */
interface RecordName {
  readonly requestId: string;
  readonly keyId: string;
}

/** A record that a sibling served and that is not in PostgreSQL yet, as JSON text. */
const HELD_RECORD = topic<RecordName, string | undefined>('usage.held-record');

/** Reads what was metered. */
@Injectable()
export class UsageService implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly queue: RecordQueue,
    @Inject(Host) private readonly host: Pick<Host, 'siblings'> = alone(),
  ) {}

  onModuleInit(): Promise<void> {
    return this.host.siblings.follow(HELD_RECORD, ({ requestId, keyId }) => this.queue.find(requestId, keyId));
  }

  /**
   * A record of this key, wherever it is by now. One that was made on another host a moment ago may still be on its way: a look-up of
   * an unknown id younger than 5 s waits up to 2 s. Another key's record is unknown, in what is answered and in how long that takes.
   * @throws service_unavailable when it is not held here and the database is away
   */
  async record(requestId: string, keyId: string): Promise<UsageRecord | undefined> {
    if (!REQUEST_ID.test(requestId)) return undefined;
    for (const deadline = Date.now() + WAIT_MS; ; await sleep(POLL_MS)) {
      const found = await this.#lookUp({ requestId, keyId });
      if (found) return found;
      const age = Date.now() - decodeTime(requestId.slice('req_lazu_'.length));
      if (age > YOUNG_MS || age < -YOUNG_MS || Date.now() >= deadline) return undefined;
    }
  }

  /** Sums of whole days, from the rollups (trap 22). Without groupings `data` is the total alone. */
  async report(filter: RollupFilter, groupings: readonly Grouping[]): Promise<UsageReport> {
    const { text, values } = rollupQuery(filter, groupings);
    return reportOf(await this.#query(text, values), groupings);
  }

  /** Newest first. */
  async search(filter: RecordFilter): Promise<StoredRecord[]> {
    const { text, values } = searchQuery(filter);
    return (await this.#query(text, values)).map(row => recordOf(row) as StoredRecord);
  }

  async #lookUp(name: RecordName): Promise<UsageRecord | undefined> {
    const own = this.queue.find(name.requestId, name.keyId);
    if (own !== undefined) return JSON.parse(own) as UsageRecord;
    const stored = this.#query(ONE_RECORD, [name.requestId, name.keyId]);
    stored.catch(() => undefined); // awaited below, unless a sibling has it
    const [held] = (await this.host.siblings.ask(HELD_RECORD, name)).filter(record => record !== undefined);
    if (held !== undefined) return JSON.parse(held) as UsageRecord;
    const [row] = await stored;
    return row && recordOf(row);
  }

  async #query(text: string, values: readonly unknown[]): Promise<Record<string, unknown>[]> {
    try {
      return (await this.database.pool.query<Record<string, unknown>>(text, [...values])).rows;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      throw new LazuError('service_unavailable', 'Usage cannot be read right now. Please try again shortly.', {
        retryAfter: 2,
        cause: error,
      });
    }
  }
}
