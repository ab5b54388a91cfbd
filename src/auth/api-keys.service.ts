import { Inject, Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import type { LanePreference } from '../catalog/route.js';
import { PrismaService } from '../database/prisma.service.js';
import type { Trail } from '../database/trail.js';
import { LazuError } from '../errors.js';
import { Prisma, type ApiKey } from '../generated/prisma/client.js';
import { LimitStore, type Revocation } from '../limits/limit-store.js';
import { mintKey } from './key-format.js';
import { KeyRing } from './key-ring.js';

/** As on the wire (contract §15). Absent: unchanged; null: cleared. */
export interface ApiKeyChanges {
  name?: string;
  disabled?: boolean;
  /** ISO 8601. */
  expires_at?: string | null;
  allowed_models?: string[] | null;
  ip_allowlist?: string[] | null;
  quota_micro_usd?: number | null;
  quota_period?: 'total' | 'day' | 'month' | null;
  lanes?: Record<string, LanePreference> | null;
  rpm?: number | null;
  tpm?: number | null;
  labels?: Record<string, string> | null;
}

export interface ApiKeyView {
  readonly id: string;
  readonly object: 'api_key';
  readonly account_id: string;
  readonly name: string;
  /** The first and last characters, for display. */
  readonly prefix: string;
  readonly last4: string;
  readonly disabled: boolean;
  readonly expires_at: string | null;
  readonly allowed_models: readonly string[] | null;
  readonly ip_allowlist: readonly string[] | null;
  readonly quota_micro_usd: number | null;
  readonly quota_period: string | null;
  readonly lanes: Readonly<Record<string, LanePreference>>;
  readonly rpm: number | null;
  readonly tpm: number | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly created_at: string;
  readonly updated_at: string;
}

/** Caller keys. What these methods change is in force on this host before they resolve; that a key is refused, on every other too. */
@Injectable()
export class ApiKeysService {
  constructor(
    private readonly prisma: PrismaService,
    private readonly ring: KeyRing,
    @Inject(LimitStore) private readonly limits: Pick<LimitStore, 'recount' | 'revoke'>,
  ) {}

  /** @returns the view with `key`, this once. @throws LazuError `not_found` for an unknown account */
  async create(
    accountId: string,
    input: ApiKeyChanges & { name: string },
    trail: Trail,
  ): Promise<ApiKeyView & { readonly key: string }> {
    const { key, fingerprint } = mintKey();
    const view = await this.prisma.$transaction(async tx => {
      const account = await tx.account.findUnique({ where: { id: accountId }, select: { id: true } });
      if (!account) throw new LazuError('not_found', `There is no account ${accountId}.`);
      const data = { id: `key_${ulid()}`, accountId, ...fingerprint, ...columns(input), name: input.name };
      const created = this.map(await tx.apiKey.create({ data }));
      await trail(tx, 'key.create', { type: 'api_key', id: created.id }, null, created);
      return created;
    });
    await this.ring.changed({ id: view.id });
    return { ...view, key };
  }

  /** Newest first; deleted ones are not listed. */
  async list(accountId: string, slice: { after: string | undefined; take: number }): Promise<ApiKeyView[]> {
    const rows = await this.prisma.apiKey.findMany({
      where: { accountId, deletedAt: null, ...(slice.after === undefined ? {} : { id: { lt: slice.after } }) },
      orderBy: { id: 'desc' },
      take: slice.take,
    });
    return rows.map(row => this.map(row));
  }

  /** @throws LazuError `not_found` */
  async get(id: string): Promise<ApiKeyView> {
    const row = await this.prisma.apiKey.findFirst({ where: { id, deletedAt: null } });
    if (!row) throw noKey(id);
    return this.map(row);
  }

  /** @throws LazuError `not_found` */
  async update(id: string, changes: ApiKeyChanges, trail: Trail): Promise<ApiKeyView> {
    if (Object.values(changes).every(value => value === undefined)) return this.get(id);
    const view = await this.prisma.$transaction(async tx => {
      const before = await this.#lock(tx, id);
      const after = this.map(await tx.apiKey.update({ where: { id }, data: columns(changes) }));
      await trail(tx, 'key.update', { type: 'api_key', id }, before, after);
      return after;
    });
    const mayRefuse = changes.disabled !== undefined || changes.expires_at !== undefined;
    await Promise.all([
      this.ring.changed({ id, ...(view.disabled && { refused: 'token_disabled' }) }),
      mayRefuse ? this.limits.revoke({ accountId: view.account_id, keyId: id }, refusalOf(view)) : undefined,
      changes.quota_micro_usd === undefined ? undefined : this.limits.recount(view.account_id),
    ]);
    return view;
  }

  /** The row stays, so that usage can name it; the key is refused from now on. @throws LazuError `not_found` */
  async delete(id: string, trail: Trail): Promise<void> {
    const accountId = await this.prisma.$transaction(async tx => {
      const before = await this.#lock(tx, id);
      await tx.apiKey.update({ where: { id }, data: { deletedAt: new Date() } });
      await trail(tx, 'key.delete', { type: 'api_key', id }, before, null);
      return before.account_id;
    });
    await Promise.all([
      this.ring.changed({ id, refused: 'invalid_api_key' }),
      this.limits.revoke({ accountId, keyId: id }, 'invalid_api_key'),
    ]);
  }

  async #lock(tx: Prisma.TransactionClient, id: string): Promise<ApiKeyView> {
    await tx.$queryRaw`SELECT 1 AS locked FROM api_keys WHERE id = ${id} FOR UPDATE`;
    const row = await tx.apiKey.findFirst({ where: { id, deletedAt: null } });
    if (!row) throw noKey(id);
    return this.map(row);
  }

  private map(row: ApiKey): ApiKeyView {
    return {
      id: row.id,
      object: 'api_key',
      account_id: row.accountId,
      name: row.name,
      prefix: row.prefix,
      last4: row.last4,
      disabled: row.disabled,
      expires_at: row.expiresAt?.toISOString() ?? null,
      allowed_models: row.allowedModels as string[] | null,
      ip_allowlist: row.ipAllowlist as string[] | null,
      quota_micro_usd: row.quotaMicroUsd === null ? null : Number(row.quotaMicroUsd),
      quota_period: row.quotaPeriod,
      lanes: row.lanes as Record<string, LanePreference>,
      rpm: row.rpm,
      tpm: row.tpm,
      labels: row.labels as Record<string, string>,
      created_at: row.createdAt.toISOString(),
      updated_at: row.updatedAt.toISOString(),
    };
  }
}

/** Wire → columns: absent stays absent, null clears. A quota without a period is one for the key's whole life. */
function columns(changes: ApiKeyChanges) {
  const { expires_at, allowed_models, ip_allowlist, quota_micro_usd, quota_period, lanes, labels, ...plain } = changes;
  return {
    ...plain,
    ...(expires_at === undefined ? {} : { expiresAt: expires_at === null ? null : new Date(expires_at) }),
    ...(allowed_models === undefined ? {} : { allowedModels: allowed_models ?? Prisma.DbNull }),
    ...(ip_allowlist === undefined ? {} : { ipAllowlist: ip_allowlist ?? Prisma.DbNull }),
    ...(quota_micro_usd === undefined ? {} : { quotaMicroUsd: quota_micro_usd }),
    ...(quota_period === undefined ? {} : { quotaPeriod: quota_period }),
    ...(lanes === undefined ? {} : { lanes: lanes ?? {} }),
    ...(labels === undefined ? {} : { labels: labels ?? {} }),
  };
}

function refusalOf({ disabled, expires_at }: ApiKeyView): Revocation | undefined {
  if (disabled) return 'token_disabled';
  return expires_at !== null && Date.parse(expires_at) <= Date.now() ? 'token_expired' : undefined;
}

function noKey(id: string): LazuError {
  return new LazuError('not_found', `There is no key ${id}.`);
}
