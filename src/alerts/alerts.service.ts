import { Inject, Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import { Config } from '../config.js';
import { PrismaService } from '../database/prisma.service.js';
import type { Trail } from '../database/trail.js';
import { LazuError } from '../errors.js';
import type { BudgetAlert, Prisma } from '../generated/prisma/client.js';
import { AlertWatch } from './alert-watch.js';
import { checkBudget, type AlertKind, type Budget } from './budget.js';

/** As on the wire. Absent: unchanged. */
export interface AlertChanges extends Omit<Budget, 'key_id'> {
  readonly enabled?: boolean;
}

export interface AlertView {
  readonly id: string;
  readonly object: 'budget_alert';
  readonly account_id: string;
  readonly key_id: string | null;
  readonly kind: string;
  readonly threshold_micro_usd: number | null;
  readonly threshold_percent: number | null;
  readonly period: string | null;
  readonly enabled: boolean;
  /** It has been told and is not armed again, when it was last looked at. */
  readonly crossed: boolean;
  /** When it was last told. */
  readonly crossed_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** What admins want to be told of an account's money. What is made or changed here is looked at within a second. */
@Injectable()
export class AlertsService {
  constructor(
    @Inject(Config) private readonly config: Pick<Config, 'billing'>,
    private readonly prisma: PrismaService,
    @Inject(AlertWatch) private readonly watch: Pick<AlertWatch, 'touch'>,
  ) {}

  /** @throws LazuError not_found (account, key of this account), missing_required_parameter, unsupported_parameter */
  async create(
    accountId: string,
    input: Budget & { readonly kind: AlertKind; readonly enabled?: boolean },
    trail: Trail,
  ): Promise<AlertView> {
    const { kind, key_id: keyId = null, enabled } = input;
    checkBudget(kind, input, true);
    if (kind === 'balance_below' && this.config.billing !== 'prepaid') {
      throw new LazuError('invalid_value', 'There are no balances with BILLING=off.', { param: 'kind' });
    }
    const id = `alert_${ulid()}`;
    const view = await this.prisma.$transaction(async tx => {
      await this.#assertOwner(tx, accountId, keyId);
      const data = { id, accountId, keyId, kind, enabled, ...columns(input) };
      const created = this.map(await tx.budgetAlert.create({ data }));
      await trail(tx, 'alert.create', { type: 'budget_alert', id }, null, created);
      return created;
    });
    this.watch.touch([accountId]);
    return view;
  }

  /** Newest first. @throws LazuError not_found (account) */
  async list(accountId: string, slice: { after: string | undefined; take: number }): Promise<AlertView[]> {
    await this.#assertOwner(this.prisma, accountId, null);
    const rows = await this.prisma.budgetAlert.findMany({
      where: { accountId, ...(slice.after === undefined ? {} : { id: { lt: slice.after } }) },
      orderBy: { id: 'desc' },
      take: slice.take,
    });
    return rows.map(row => this.map(row));
  }

  /** @throws LazuError not_found */
  async get(id: string): Promise<AlertView> {
    return this.map(await this.#find(this.prisma, id));
  }

  /** With another threshold it is armed again. @throws LazuError not_found, unsupported_parameter */
  async update(id: string, changes: AlertChanges, trail: Trail): Promise<AlertView> {
    if (Object.values(changes).every(value => value === undefined)) return this.get(id);
    const view = await this.prisma.$transaction(async tx => {
      const row = await this.#lock(tx, id);
      checkBudget(row.kind as AlertKind, changes, false);
      const data = { ...columns(changes), enabled: changes.enabled, crossedPeriod: null };
      const after = this.map(await tx.budgetAlert.update({ where: { id }, data }));
      await trail(tx, 'alert.update', { type: 'budget_alert', id }, this.map(row), after);
      return after;
    });
    this.watch.touch([view.account_id]);
    return view;
  }

  /** @throws LazuError not_found */
  async delete(id: string, trail: Trail): Promise<void> {
    await this.prisma.$transaction(async tx => {
      const before = this.map(await this.#lock(tx, id));
      await tx.budgetAlert.delete({ where: { id } });
      await trail(tx, 'alert.delete', { type: 'budget_alert', id }, before, null);
    });
  }

  async #assertOwner(tx: Prisma.TransactionClient, accountId: string, keyId: string | null): Promise<void> {
    const account = await tx.account.findUnique({ where: { id: accountId }, select: { id: true } });
    if (!account) throw new LazuError('not_found', `There is no account ${accountId}.`);
    if (keyId === null) return;
    const key = await tx.apiKey.findFirst({ where: { id: keyId, accountId, deletedAt: null }, select: { id: true } });
    if (!key) throw new LazuError('not_found', `${accountId} has no key ${keyId}.`, { param: 'key_id' });
  }

  async #lock(tx: Prisma.TransactionClient, id: string): Promise<BudgetAlert> {
    await tx.$queryRaw`SELECT 1 AS locked FROM budget_alerts WHERE id = ${id} FOR UPDATE`;
    return this.#find(tx, id);
  }

  async #find(tx: Prisma.TransactionClient, id: string): Promise<BudgetAlert> {
    const row = await tx.budgetAlert.findUnique({ where: { id } });
    if (!row) throw new LazuError('not_found', `There is no alert ${id}.`);
    return row;
  }

  private map(row: BudgetAlert): AlertView {
    return {
      id: row.id,
      object: 'budget_alert',
      account_id: row.accountId,
      key_id: row.keyId,
      kind: row.kind,
      threshold_micro_usd: row.thresholdMicroUsd === null ? null : Number(row.thresholdMicroUsd),
      threshold_percent: row.thresholdPercent,
      period: row.period,
      enabled: row.enabled,
      crossed: row.crossedPeriod !== null,
      crossed_at: row.crossedAt?.toISOString() ?? null,
      created_at: row.createdAt.toISOString(),
      updated_at: row.updatedAt.toISOString(),
    };
  }
}

/** Wire → columns: absent stays absent. */
function columns({ threshold_micro_usd, threshold_percent, period }: Budget) {
  return { thresholdMicroUsd: threshold_micro_usd, thresholdPercent: threshold_percent, period };
}
