import { Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import { CredentialBox, CredentialUnreadable } from '../catalog/credential-box.js';
import { PrismaService } from '../database/prisma.service.js';
import type { Trail } from '../database/trail.js';
import { LazuError } from '../errors.js';
import type { Prisma, Webhook } from '../generated/prisma/client.js';
import type { EventType } from './webhook-event.js';
import { mintSecret } from './webhook-signature.js';

/** As on the wire. Absent: unchanged. */
export interface WebhookChanges {
  name?: string;
  url?: string;
  /** Empty: all. */
  events?: EventType[];
  enabled?: boolean;
}

export interface WebhookView {
  readonly id: string;
  readonly object: 'webhook';
  readonly name: string;
  readonly url: string;
  /** Null: events of every account. */
  readonly account_id: string | null;
  readonly events: readonly string[];
  readonly enabled: boolean;
  readonly created_at: string;
  readonly updated_at: string;
}

/** Where to post, and the sealed secret to sign with. */
export type WebhookTarget = Pick<Webhook, 'url' | 'secretCiphertext' | 'secretKeyId'>;

/** Where events are posted. The signing secret is made here, shown once, and kept sealed. */
@Injectable()
export class WebhooksService {
  constructor(
    private readonly prisma: PrismaService,
    private readonly box: CredentialBox,
  ) {}

  /** @returns the view with `secret`, this once. @throws LazuError `not_found` for an unknown account */
  async create(
    input: WebhookChanges & { name: string; url: string; account_id?: string | null },
    trail: Trail,
  ): Promise<WebhookView & { readonly secret: string }> {
    const { account_id: accountId = null, events = [], ...plain } = input;
    const [id, secret] = [`hook_${ulid()}`, mintSecret()];
    const { ciphertext, keyId } = this.box.seal(secret, id);
    const view = await this.prisma.$transaction(async tx => {
      if (accountId !== null && !(await tx.account.findUnique({ where: { id: accountId }, select: { id: true } }))) {
        throw new LazuError('not_found', `There is no account ${accountId}.`, { param: 'account_id' });
      }
      const data = { id, accountId, events, ...plain, secretCiphertext: ciphertext, secretKeyId: keyId };
      const created = this.map(await tx.webhook.create({ data }));
      await trail(tx, 'webhook.create', { type: 'webhook', id }, null, created);
      return created;
    });
    return { ...view, secret };
  }

  /** Newest first. */
  async list(slice: { after: string | undefined; take: number }): Promise<WebhookView[]> {
    const rows = await this.prisma.webhook.findMany({
      where: slice.after === undefined ? {} : { id: { lt: slice.after } },
      orderBy: { id: 'desc' },
      take: slice.take,
    });
    return rows.map(row => this.map(row));
  }

  /** @throws LazuError `not_found` */
  async get(id: string): Promise<WebhookView> {
    return this.map(await this.#find(this.prisma, id));
  }

  /** @throws LazuError `not_found` */
  target(id: string): Promise<WebhookTarget> {
    return this.#find(this.prisma, id);
  }

  /** Deliveries that wait go to where it points then; while it is off they go on waiting. @throws LazuError `not_found` */
  async update(id: string, changes: WebhookChanges, trail: Trail): Promise<WebhookView> {
    if (Object.values(changes).every(value => value === undefined)) return this.get(id);
    return this.prisma.$transaction(async tx => {
      const before = await this.#lock(tx, id);
      const after = this.map(await tx.webhook.update({ where: { id }, data: changes }));
      await trail(tx, 'webhook.update', { type: 'webhook', id }, before, after);
      return after;
    });
  }

  /** With what is still to be delivered. @throws LazuError `not_found` */
  async delete(id: string, trail: Trail): Promise<void> {
    await this.prisma.$transaction(async tx => {
      const before = await this.#lock(tx, id);
      await tx.webhook.delete({ where: { id } });
      await trail(tx, 'webhook.delete', { type: 'webhook', id }, before, null);
    });
  }

  async #lock(tx: Prisma.TransactionClient, id: string): Promise<WebhookView> {
    await tx.$queryRaw`SELECT 1 AS locked FROM webhooks WHERE id = ${id} FOR UPDATE`;
    return this.map(await this.#find(tx, id));
  }

  async #find(tx: Prisma.TransactionClient, id: string): Promise<Webhook> {
    const row = await tx.webhook.findUnique({ where: { id } });
    if (!row) throw new LazuError('not_found', `There is no webhook ${id}.`);
    return row;
  }

  private map(row: Webhook): WebhookView {
    return {
      id: row.id,
      object: 'webhook',
      name: row.name,
      url: row.url,
      account_id: row.accountId,
      events: row.events,
      enabled: row.enabled,
      created_at: row.createdAt.toISOString(),
      updated_at: row.updatedAt.toISOString(),
    };
  }
}

/** @throws Error that says why it does not open; never its value */
export function secretOf(id: string, sealed: Omit<WebhookTarget, 'url'>, box: CredentialBox): string {
  try {
    return box.open({ ciphertext: sealed.secretCiphertext, keyId: sealed.secretKeyId }, id);
  } catch (error) {
    if (!(error instanceof CredentialUnreadable)) throw error;
    throw new Error(`the signing secret ${error.message}: make the webhook anew`, { cause: error });
  }
}
