import { Inject, Injectable } from '@nestjs/common';
import type { ClientBase } from 'pg';
import { ulid } from 'ulid';
import { Database } from '../database/database.js';
import { PrismaService } from '../database/prisma.service.js';
import type { WebhookDelivery } from '../generated/prisma/client.js';
import type { WebhookEvent } from './webhook-event.js';

/**
 * Seconds from each attempt to the next, give or take a tenth; then it is given up. As Standard Webhooks recommends:
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#deliverability-and-reliability
 */
const RETRY_SECONDS = [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600];
/** How long a process may be silent about what it has claimed before another may try: longer than an attempt can take. */
const LEASE_SECONDS = 60;
const KEPT_DAYS = 30;

/** A delivery that this process is to make now. */
export interface Claimed {
  readonly id: string;
  readonly webhookId: string;
  readonly url: string;
  readonly secretCiphertext: Uint8Array<ArrayBuffer>;
  readonly secretKeyId: string;
  readonly event: { readonly id: string; readonly body: string };
  /** This one included. */
  readonly attempts: number;
}

export interface DeliveryView {
  readonly id: string;
  readonly object: 'webhook_delivery';
  readonly webhook_id: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly status: string;
  readonly attempts: number;
  /** Null: it is over. */
  readonly next_attempt_at: string | null;
  /** HTTP status of the last answer; null: there was none. */
  readonly last_status: number | null;
  readonly last_error: string | null;
  readonly created_at: string;
  readonly finished_at: string | null;
}

/** Events on their way to webhooks: written with what they tell of, sent by whichever process claims them first. */
@Injectable()
export class Outbox {
  constructor(
    @Inject(Database) private readonly database: Pick<Database, 'pool'>,
    private readonly prisma: PrismaService,
  ) {}

  /**
   * For every webhook that wants it; in the caller's transaction.
   * @returns to how many
   */
  async publish(client: ClientBase, event: WebhookEvent, accountId: string): Promise<number> {
    const { rows } = await client.query<{ id: string }>(WANTING, [accountId, event.type]);
    if (rows.length === 0) return 0;
    const ids = rows.map(() => `dlv_${ulid()}`);
    await client.query(INSERT, [ids, rows.map(({ id }) => id), event.id, event.type, event.body]);
    return rows.length;
  }

  /** Takes deliveries that are due, the longest due first. Who has claimed some and falls silent loses them to the next. */
  async claim(most: number): Promise<Claimed[]> {
    const { rows } = await this.database.pool.query<ClaimedRow>(CLAIM, [most, LEASE_SECONDS]);
    return rows.map(({ event_id, body, ...row }) => ({ ...row, event: { id: event_id, body } }));
  }

  async delivered(id: string, status: number): Promise<void> {
    await this.database.pool.query(DELIVERED, [id, status]);
  }

  /**
   * To be tried again, or given up. Passed over when another process has claimed it meanwhile.
   * @returns whether it was given up
   */
  async failed(of: Claimed, status: number | undefined, error: string): Promise<boolean> {
    const wait = RETRY_SECONDS[of.attempts - 1];
    const values = [of.id, of.attempts, status ?? null, error.replaceAll('\0', '\ufffd')];
    if (wait === undefined) await this.database.pool.query(GIVE_UP, values);
    else await this.database.pool.query(RETRY, [...values, wait * (0.9 + Math.random() * 0.2)]);
    return wait === undefined;
  }

  /** Newest first. */
  async list(webhookId: string, slice: { after: string | undefined; take: number }): Promise<DeliveryView[]> {
    const rows = await this.prisma.webhookDelivery.findMany({
      where: { webhookId, ...(slice.after === undefined ? {} : { id: { lt: slice.after } }) },
      orderBy: { id: 'desc' },
      take: slice.take,
    });
    return rows.map(row => this.map(row));
  }

  /** Forgets what was over weeks ago. */
  async prune(): Promise<void> {
    await this.database.pool.query(PRUNE, [KEPT_DAYS]);
  }

  private map(row: WebhookDelivery): DeliveryView {
    return {
      id: row.id,
      object: 'webhook_delivery',
      webhook_id: row.webhookId,
      event_id: row.eventId,
      event_type: row.eventType,
      status: row.status,
      attempts: row.attempts,
      next_attempt_at: row.status === 'pending' ? row.nextAttemptAt.toISOString() : null,
      last_status: row.lastStatus,
      last_error: row.lastError,
      created_at: row.createdAt.toISOString(),
      finished_at: row.finishedAt?.toISOString() ?? null,
    };
  }
}

type ClaimedRow = Omit<Claimed, 'event'> & { readonly event_id: string; readonly body: string };

/** Locked, so that none of them is deleted before its delivery is in. */
const WANTING = `
  SELECT id FROM webhooks
  WHERE enabled AND (account_id IS NULL OR account_id = $1) AND (events = '{}' OR $2 = ANY(events))
  ORDER BY id FOR KEY SHARE`;

const INSERT = `
  INSERT INTO webhook_deliveries (id, webhook_id, event_id, event_type, body)
  SELECT id, webhook_id, $3, $4, $5 FROM unnest($1::text[], $2::text[]) AS delivery(id, webhook_id)`;

/** The column is rounded to ms, maybe up: what was written just now is due all the same. */
const CLAIM = `
  WITH due AS (
    SELECT d.id FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id
    WHERE d.status = 'pending' AND d.next_attempt_at <= now() + interval '1 ms' AND w.enabled
    ORDER BY d.next_attempt_at LIMIT $1
    FOR UPDATE OF d SKIP LOCKED
  )
  UPDATE webhook_deliveries d SET attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => $2)
  FROM due, webhooks w
  WHERE d.id = due.id AND w.id = d.webhook_id
  RETURNING d.id, d.webhook_id AS "webhookId", w.url, w.secret_ciphertext AS "secretCiphertext",
    w.secret_key_id AS "secretKeyId", d.event_id, d.body, d.attempts`;

const DELIVERED = `
  UPDATE webhook_deliveries SET status = 'delivered', last_status = $2, last_error = NULL, finished_at = now()
  WHERE id = $1 AND status = 'pending'`;

const RETRY = `
  UPDATE webhook_deliveries SET last_status = $3, last_error = $4, next_attempt_at = now() + make_interval(secs => $5)
  WHERE id = $1 AND attempts = $2 AND status = 'pending'`;

const GIVE_UP = `
  UPDATE webhook_deliveries SET last_status = $3, last_error = $4, status = 'failed', finished_at = now()
  WHERE id = $1 AND attempts = $2 AND status = 'pending'`;

const PRUNE = `
  DELETE FROM webhook_deliveries WHERE status <> 'pending' AND created_at < now() - make_interval(days => $1)`;
