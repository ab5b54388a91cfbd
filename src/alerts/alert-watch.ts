import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { ClientBase } from 'pg';
import { LedgerService } from '../billing/ledger.service.js';
import { Config } from '../config.js';
import { Database } from '../database/database.js';
import { RecordedAccounts } from '../usage/recorded-accounts.js';
import { spentIn } from '../usage/spend-query.js';
import { isCrossed, periodOf, type Watched } from './budget.js';
import { Courier } from './courier.js';
import { Outbox } from './outbox.js';
import { crossingEvent } from './webhook-event.js';

/** Between usage that was recorded and a look at the alerts of its accounts: one look for all batches of that time. */
const DELAY_MS = 500;
const SWEEP_MS = 30_000;
/** An alert that nobody has looked at for so long is looked at anyway: whoever should have may have died, or a quota changed. */
const STALE_SECONDS = 60;
const AT_ONCE = 100;

/**
 * Notices when a budget is crossed. An alert is looked at under a lock of its row, on figures that are read after the lock was had,
 * and its being told is written in the same transaction as the deliveries: so a crossing is told once, however many processes look.
 */
@Injectable()
export class AlertWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #log = new Logger(AlertWatch.name);
  #touched = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #sweeper: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isFailing = false;
  #isStopped = false;

  constructor(
    @Inject(Config) private readonly config: Pick<Config, 'billing'>,
    @Inject(Database) private readonly database: Pick<Database, 'pool'>,
    @Inject(LedgerService) private readonly ledger: Pick<LedgerService, 'balanceIn' | 'watch'>,
    private readonly recorded: RecordedAccounts,
    private readonly outbox: Outbox,
    @Inject(Courier) private readonly courier: Pick<Courier, 'run'>,
  ) {}

  onApplicationBootstrap(): void {
    this.recorded.watch(accountIds => this.touch(accountIds));
    this.ledger.watch(accountId => this.touch([accountId]));
    this.#sweeper = setInterval(() => this.#then(() => this.sweep()), SWEEP_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    clearInterval(this.#sweeper);
    await this.#running;
  }

  /** Something has changed about the money of these accounts. Returns at once. */
  touch(accountIds: Iterable<string>): void {
    if (this.#isStopped) return;
    for (const accountId of accountIds) this.#touched.add(accountId);
    if (this.#touched.size > 0) this.#timer ??= setTimeout(() => this.#lookAtTouched(), DELAY_MS).unref();
  }

  /** Looks at the alerts of these accounts. @returns how many were crossed */
  async look(accountIds: readonly string[]): Promise<number> {
    const { rows } = await this.database.pool.query<{ id: string }>(WATCHED, [accountIds]);
    let crossed = 0;
    for (let from = 0; from < rows.length; from += AT_ONCE) {
      const ids = rows.slice(from, from + AT_ONCE).map(({ id }) => id);
      crossed += (await this.#look(LOCK, [ids])).crossed;
    }
    return crossed;
  }

  /** Looks at every alert that nobody has looked at lately, and forgets deliveries of long ago. @returns how many were crossed */
  async sweep(): Promise<number> {
    let crossed = 0;
    for (;;) {
      const page = await this.#look(STALE, [STALE_SECONDS, AT_ONCE]);
      crossed += page.crossed;
      if (page.seen < AT_ONCE) break;
    }
    await this.outbox.prune();
    return crossed;
  }

  #lookAtTouched(): void {
    this.#timer = undefined;
    const accountIds = [...this.#touched].sort();
    this.#touched.clear();
    this.#then(() => this.look(accountIds));
  }

  /** One after another. What fails is made up for by a sweep. */
  #then(work: () => Promise<number>): void {
    this.#running = this.#running.then(async () => {
      try {
        if (this.#isStopped) return;
        if ((await work()) > 0) void this.courier.run();
        this.#isFailing = false;
      } catch (error) {
        if (!this.#isFailing) this.#log.warn(`budget alerts wait for PostgreSQL: ${String(error)}`);
        this.#isFailing = true;
      }
    });
  }

  async #look(lock: string, values: unknown[]): Promise<{ seen: number; crossed: number }> {
    const client = await this.database.pool.connect();
    let broken = true;
    try {
      await client.query('BEGIN');
      const { rows: locked } = await client.query<{ id: string }>(lock, values);
      const ids = locked.map(({ id }) => id);
      const crossed = ids.length === 0 ? 0 : await this.#judge(client, ids);
      await client.query('COMMIT');
      broken = false;
      return { seen: locked.length, crossed };
    } finally {
      client.release(broken); // in an unknown state it is closed, which also rolls back
    }
  }

  /** Their rows are locked. */
  async #judge(client: ClientBase, ids: readonly string[]): Promise<number> {
    const { rows } = await client.query<WatchedRow>(READ, [ids]);
    const at = rows[0]?.now ?? 0; // the database's clock: processes would not agree when a period begins
    const alerts = rows
      .map(watchedOf)
      .filter(({ kind }) => kind !== 'balance_below' || this.config.billing === 'prepaid');
    const figures = await this.#figures(client, alerts, at);
    let crossed = 0;
    for (const alert of alerts) {
      const [figure, period] = [figures.get(alert.id) ?? 0n, periodOf(alert, at)];
      const isNow = isCrossed(alert, figure);
      if (isNow && alert.crossedPeriod !== period) {
        await client.query(CROSSED, [alert.id, period]);
        await this.outbox.publish(client, crossingEvent(alert, figure, at), alert.accountId);
        crossed++;
      } else if (!isNow && alert.crossedPeriod !== null) await client.query(ARMED, [alert.id]);
    }
    await client.query(SEEN, [ids]);
    return crossed;
  }

  /** MicroUSD by alert. */
  async #figures(client: ClientBase, alerts: readonly Watched[], at: number): Promise<Map<string, bigint>> {
    const figures = new Map<string, bigint>();
    const spending = alerts.filter(({ kind }) => kind !== 'balance_below');
    const periods = spending.map(alert => ({ ...alert, since: periodOf(alert, at) }));
    const spent = await spentIn(client, periods);
    spending.forEach(({ id }, place) => figures.set(id, spent[place] ?? 0n));
    for (const { id, kind, accountId } of alerts) {
      if (kind === 'balance_below') figures.set(id, await this.ledger.balanceIn(client, accountId));
    }
    return figures;
  }
}

interface WatchedRow extends Omit<Watched, 'thresholdMicroUsd' | 'quotaMicroUsd'> {
  /** pg gives BIGINT as text. */
  readonly thresholdMicroUsd: string | null;
  readonly quotaMicroUsd: string | null;
  /** Ms since 1970. */
  readonly now: number;
}

const watchedOf = (row: WatchedRow): Watched => ({
  ...row,
  thresholdMicroUsd: row.thresholdMicroUsd === null ? null : BigInt(row.thresholdMicroUsd),
  quotaMicroUsd: row.quotaMicroUsd === null ? null : BigInt(row.quotaMicroUsd),
});

/** Most accounts have none: that costs one query for all of them. */
const WATCHED = 'SELECT id FROM budget_alerts WHERE account_id = ANY($1::text[]) AND enabled ORDER BY id';

/** In one order, so that two who look never wait for each other. */
const LOCK = 'SELECT id FROM budget_alerts WHERE id = ANY($1::text[]) AND enabled ORDER BY id FOR NO KEY UPDATE';

/** What another process is looking at is not stale. */
const STALE = `
  SELECT id FROM budget_alerts WHERE enabled AND checked_at < now() - make_interval(secs => $1)
  ORDER BY id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED`;

const READ = `
  SELECT a.id, a.account_id AS "accountId", a.key_id AS "keyId", a.kind, a.threshold_micro_usd AS "thresholdMicroUsd",
    a.threshold_percent AS "thresholdPercent", a.period, a.crossed_period AS "crossedPeriod",
    k.quota_micro_usd AS "quotaMicroUsd", k.quota_period AS "quotaPeriod",
    floor(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now
  FROM budget_alerts a LEFT JOIN api_keys k ON k.id = a.key_id AND k.deleted_at IS NULL
  WHERE a.id = ANY($1::text[]) ORDER BY a.id`;

const CROSSED = `UPDATE budget_alerts SET crossed_period = $2, crossed_at = clock_timestamp() WHERE id = $1`;
const ARMED = `UPDATE budget_alerts SET crossed_period = NULL WHERE id = $1`;
const SEEN = `UPDATE budget_alerts SET checked_at = now() WHERE id = ANY($1::text[])`;
