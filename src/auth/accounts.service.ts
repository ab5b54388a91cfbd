import { Inject, Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import { Config } from '../config.js';
import { PrismaService } from '../database/prisma.service.js';
import type { Trail } from '../database/trail.js';
import { LazuError } from '../errors.js';
import type { Account, Prisma } from '../generated/prisma/client.js';
import { LimitStore } from '../limits/limit-store.js';
import { KeyRing } from './key-ring.js';

/** As on the wire (contract §15). Absent: unchanged; null: cleared. */
export interface AccountChanges {
  name?: string;
  status?: 'active' | 'suspended';
  /** Null: no longer an admin's; it stays until spend and top-ups say otherwise. */
  tier?: string | null;
  rpm?: number | null;
  tpm?: number | null;
}

export interface AccountView {
  readonly id: string;
  readonly object: 'account';
  readonly name: string;
  readonly status: string;
  /** Null with `BILLING=off`, unless an admin set one. */
  readonly tier: string | null;
  /** An admin has set it; it does not follow spend and top-ups. */
  readonly tier_pinned: boolean;
  readonly rpm: number | null;
  readonly tpm: number | null;
  readonly created_at: string;
  readonly updated_at: string;
}

@Injectable()
export class AccountsService {
  constructor(
    @Inject(Config) private readonly config: Pick<Config, 'billing' | 'tiers'>,
    private readonly prisma: PrismaService,
    private readonly ring: KeyRing,
    @Inject(LimitStore) private readonly limits: Pick<LimitStore, 'revoke'>,
  ) {}

  create(input: AccountChanges & { name: string }, trail: Trail): Promise<AccountView> {
    return this.prisma.$transaction(async tx => {
      const view = this.map(await tx.account.create({ data: { id: `acct_${ulid()}`, ...input, ...tierOf(input) } }));
      await trail(tx, 'account.create', { type: 'account', id: view.id }, null, view);
      return view;
    });
  }

  /** Newest first. */
  async list(slice: { after: string | undefined; take: number }): Promise<AccountView[]> {
    const rows = await this.prisma.account.findMany({
      where: slice.after === undefined ? {} : { id: { lt: slice.after } },
      orderBy: { id: 'desc' },
      take: slice.take,
    });
    return rows.map(row => this.map(row));
  }

  /** @throws LazuError `not_found` */
  async get(id: string): Promise<AccountView> {
    const row = await this.prisma.account.findUnique({ where: { id } });
    if (!row) throw noAccount(id);
    return this.map(row);
  }

  /** In force here before this resolves, on other hosts with the change feed; a suspension there too. @throws LazuError `not_found` */
  async update(id: string, changes: AccountChanges, trail: Trail): Promise<AccountView> {
    if (Object.values(changes).every(value => value === undefined)) return this.get(id);
    const view = await this.prisma.$transaction(async tx => {
      const before = await this.#lock(tx, id);
      const after = this.map(await tx.account.update({ where: { id }, data: { ...changes, ...tierOf(changes) } }));
      await trail(tx, 'account.update', { type: 'account', id }, before, after);
      return after;
    });
    const why = view.status === 'active' ? undefined : 'account_suspended';
    await Promise.all([
      this.ring.changed({ accountId: id, ...(why && { refused: why }) }),
      changes.status === undefined ? undefined : this.limits.revoke({ accountId: id }, why),
    ]);
    return view;
  }

  /** Something that belongs to another room has changed the account: in force here before this resolves. */
  async changed(id: string): Promise<void> {
    await this.ring.changed({ accountId: id });
  }

  async #lock(tx: Prisma.TransactionClient, id: string): Promise<AccountView> {
    await tx.$queryRaw`SELECT 1 AS locked FROM accounts WHERE id = ${id} FOR UPDATE`;
    const row = await tx.account.findUnique({ where: { id } });
    if (!row) throw noAccount(id);
    return this.map(row);
  }

  private map(row: Account): AccountView {
    return {
      id: row.id,
      object: 'account',
      name: row.name,
      status: row.status,
      tier: row.tier ?? (this.config.billing === 'prepaid' ? (this.config.tiers[0]?.name ?? null) : null),
      tier_pinned: row.tierPinned,
      rpm: row.rpm,
      tpm: row.tpm,
      created_at: row.createdAt.toISOString(),
      updated_at: row.updatedAt.toISOString(),
    };
  }
}

/** What a change of the tier means for the row. */
function tierOf({ tier }: AccountChanges): { tier?: string; tierPinned?: boolean } {
  return tier === null
    ? { tier: undefined, tierPinned: false }
    : { tier, tierPinned: tier === undefined ? undefined : true };
}

function noAccount(id: string): LazuError {
  return new LazuError('not_found', `There is no account ${id}.`);
}
