import { Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import { PrismaService } from '../database/prisma.service.js';
import type { Trail } from '../database/trail.js';
import { LazuError } from '../errors.js';
import type { AdminKey } from '../generated/prisma/client.js';
import { AdminKeyRing } from './admin-key-ring.js';
import { ADMIN_KEY_MARK, mintKey } from './key-format.js';
import type { AdminRoleName } from './request.js';

export interface AdminKeyView {
  readonly id: string;
  readonly object: 'admin_key';
  readonly name: string;
  readonly role: string;
  readonly prefix: string;
  readonly last4: string;
  readonly created_at: string;
}

@Injectable()
export class AdminKeysService {
  constructor(
    private readonly prisma: PrismaService,
    private readonly ring: AdminKeyRing,
  ) {}

  /** @returns the view with `key`, this once */
  async create(
    input: { name: string; role: AdminRoleName },
    trail: Trail,
  ): Promise<AdminKeyView & { readonly key: string }> {
    const { key, fingerprint } = mintKey(ADMIN_KEY_MARK);
    const view = await this.prisma.$transaction(async tx => {
      const data = { id: `adm_${ulid()}`, name: input.name, role: input.role, ...fingerprint };
      const created = this.map(await tx.adminKey.create({ data }));
      await trail(tx, 'admin_key.create', { type: 'admin_key', id: created.id }, null, created);
      return created;
    });
    return { ...view, key };
  }

  /** Newest first; deleted ones are not listed. */
  async list(slice: { after: string | undefined; take: number }): Promise<AdminKeyView[]> {
    const rows = await this.prisma.adminKey.findMany({
      where: { deletedAt: null, ...(slice.after === undefined ? {} : { id: { lt: slice.after } }) },
      orderBy: { id: 'desc' },
      take: slice.take,
    });
    return rows.map(row => this.map(row));
  }

  /** @throws LazuError `not_found`, or `conflict` for the last owner: nobody could make another */
  async delete(id: string, trail: Trail): Promise<void> {
    await this.prisma.$transaction(async tx => {
      // All owners are locked, so that two owners who delete each other at once do not both succeed.
      const owners = await tx.$queryRaw<{ id: string }[]>`
        SELECT id FROM admin_keys WHERE role = 'owner' AND deleted_at IS NULL ORDER BY id FOR UPDATE`;
      await tx.$queryRaw`SELECT 1 AS locked FROM admin_keys WHERE id = ${id} FOR UPDATE`;
      const row = await tx.adminKey.findFirst({ where: { id, deletedAt: null } });
      if (!row) throw new LazuError('not_found', `There is no admin key ${id}.`);
      if (row.role === 'owner' && owners.length === 1) {
        throw new LazuError('conflict', 'This is the last owner key. Make another owner key first.');
      }
      await tx.adminKey.update({ where: { id }, data: { deletedAt: new Date() } });
      await trail(tx, 'admin_key.delete', { type: 'admin_key', id }, this.map(row), null);
    });
    await this.ring.revoke(id);
  }

  private map(row: AdminKey): AdminKeyView {
    return {
      id: row.id,
      object: 'admin_key',
      name: row.name,
      role: row.role,
      prefix: row.prefix,
      last4: row.last4,
      created_at: row.createdAt.toISOString(),
    };
  }
}
