import { Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import { PrismaService } from '../database/prisma.service.js';
import type { Target, Trail } from '../database/trail.js';
import { Prisma, type AuditEvent } from '../generated/prisma/client.js';
import type { Actor } from './request.js';

export interface AuditView {
  readonly id: string;
  readonly object: 'audit_event';
  readonly at: string;
  readonly actor: { readonly key_id: string; readonly name: string };
  readonly action: string;
  readonly target: Target;
  readonly before: unknown;
  readonly after: unknown;
  readonly ip: string | null;
}

/** An admin key, or what else may change things. */
export type AuditActor = Pick<Actor, 'keyId' | 'name' | 'ip'>;

export interface AuditSearch {
  readonly after: string | undefined;
  readonly take: number;
  readonly action?: string;
  readonly targetType?: string;
  readonly targetId?: string;
}

/** Who changed what, from where: one event per change, in the change's own transaction. Append-only. */
@Injectable()
export class AuditService {
  constructor(private readonly prisma: PrismaService) {}

  async record(
    tx: Prisma.TransactionClient,
    actor: AuditActor,
    action: string,
    target: Target,
    before: unknown,
    after: unknown,
  ): Promise<void> {
    await tx.auditEvent.create({
      data: {
        id: `audit_${ulid()}`,
        actorKeyId: actor.keyId,
        actorName: withoutSecrets(actor.name),
        action,
        targetType: target.type,
        targetId: target.id,
        before: jsonOf(before),
        after: jsonOf(after),
        ip: actor.ip,
      },
    });
  }

  /** What a service is given to write its changes down in this actor's name. */
  trailOf(actor: AuditActor): Trail {
    return (tx, action, target, before, after) => this.record(tx, actor, action, target, before, after);
  }

  /** Newest first. */
  async list(search: AuditSearch): Promise<AuditView[]> {
    const rows = await this.prisma.auditEvent.findMany({
      where: {
        ...(search.after === undefined ? {} : { id: { lt: search.after } }),
        action: search.action,
        targetType: search.targetType,
        targetId: search.targetId,
      },
      orderBy: { id: 'desc' },
      take: search.take,
    });
    return rows.map(row => this.map(row));
  }

  private map(row: AuditEvent): AuditView {
    return {
      id: row.id,
      object: 'audit_event',
      at: row.at.toISOString(),
      actor: { key_id: row.actorKeyId, name: row.actorName },
      action: row.action,
      target: { type: row.targetType, id: row.targetId },
      before: row.before,
      after: row.after,
      ip: row.ip,
    };
  }
}

/** Fields that never belong into an audit event, whoever puts them there. */
const SECRET_FIELDS = new Set(['hash', 'secret', 'credential', 'credentialCiphertext', 'credential_ciphertext']);

function jsonOf(value: unknown): Prisma.InputJsonValue | typeof Prisma.DbNull {
  if (value === null || value === undefined) return Prisma.DbNull;
  const text = JSON.stringify(value, (name, field: unknown) => {
    if (SECRET_FIELDS.has(name)) return undefined;
    if (typeof field === 'bigint') return field.toString();
    return typeof field === 'string' ? withoutSecrets(field) : field;
  });
  return JSON.parse(text) as Prisma.InputJsonValue;
}

/** People paste keys where names belong. */
function withoutSecrets(text: string): string {
  return text.replace(/\bsk-[\w-]{16,}/g, 'sk-…');
}
