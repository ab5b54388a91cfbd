import { Body, Controller, Get, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { AccountsService, type AccountView } from '../auth/accounts.service.js';
import { AdminRole, CurrentActor } from '../auth/admin.guard.js';
import { AuditService } from '../auth/audit.service.js';
import type { Actor } from '../auth/request.js';
import { LedgerService, type LedgerEntryView } from '../billing/ledger.service.js';
import { Config } from '../config.js';
import { LazuError } from '../errors.js';
import { AdjustmentDto, CreateAccountDto, TopUpDto, UpdateAccountDto } from './accounts.dto.js';
import { RowId } from './row-id.js';
import { pageOf, PageQuery, sliceOf, type Page } from './page.js';

type AccountWithBalance = AccountView & { readonly balance_micro_usd: number };

@Controller('api/admin/accounts')
@AdminRole('admin')
export class AccountsController {
  constructor(
    @Inject(Config) private readonly config: Pick<Config, 'tiers'>,
    private readonly accounts: AccountsService,
    private readonly ledger: LedgerService,
    private readonly audit: AuditService,
  ) {}

  @Post()
  async create(@Body() body: CreateAccountDto, @CurrentActor() actor: Actor): Promise<AccountWithBalance> {
    this.#checkTier(body);
    return this.#withBalance(await this.accounts.create(body, this.audit.trailOf(actor)));
  }

  @Get()
  @AdminRole('viewer')
  async list(@Query() query: PageQuery): Promise<Page<AccountWithBalance>> {
    const page = pageOf(await this.accounts.list(sliceOf(query)), query);
    const balances = await this.ledger.balances(page.data.map(account => account.id));
    const data = page.data.map(account => ({ ...account, balance_micro_usd: Number(balances.get(account.id) ?? 0n) }));
    return { ...page, data };
  }

  @Get(':id')
  @AdminRole('viewer')
  async get(@Param('id', RowId) id: string): Promise<AccountWithBalance> {
    return this.#withBalance(await this.accounts.get(id));
  }

  @Patch(':id')
  async update(
    @Param('id', RowId) id: string,
    @Body() body: UpdateAccountDto,
    @CurrentActor() actor: Actor,
  ): Promise<AccountWithBalance> {
    this.#checkTier(body);
    return this.#withBalance(await this.accounts.update(id, body, this.audit.trailOf(actor)));
  }

  /** The tier that it lifts the account to is in force when this answers. */
  @Post(':id/topups')
  async topUp(
    @Param('id', RowId) id: string,
    @Body() body: TopUpDto,
    @CurrentActor() actor: Actor,
  ): Promise<LedgerEntryView> {
    const posting = { ...body, amountMicroUsd: body.amount_micro_usd };
    const entry = await this.ledger.topUp(id, posting, this.audit.trailOf(actor));
    await this.accounts.changed(id);
    return entry;
  }

  @Post(':id/adjustments')
  adjust(
    @Param('id', RowId) id: string,
    @Body() body: AdjustmentDto,
    @CurrentActor() actor: Actor,
  ): Promise<LedgerEntryView> {
    return this.ledger.adjust(id, { ...body, amountMicroUsd: body.amount_micro_usd }, this.audit.trailOf(actor));
  }

  @Get(':id/ledger')
  @AdminRole('viewer')
  async entries(@Param('id', RowId) id: string, @Query() query: PageQuery): Promise<Page<LedgerEntryView>> {
    return pageOf(await this.ledger.list(id, sliceOf(query)), query);
  }

  /** @throws LazuError `invalid_value` */
  #checkTier({ tier }: Pick<CreateAccountDto, 'tier'>): void {
    const names = this.config.tiers.map(({ name }) => name);
    if (tier === undefined || tier === null || names.includes(tier)) return;
    throw new LazuError('invalid_value', `\`tier\` must be one of ${names.join(', ')}.`, { param: 'tier' });
  }

  async #withBalance(account: AccountView): Promise<AccountWithBalance> {
    return { ...account, balance_micro_usd: Number(await this.ledger.balance(account.id)) };
  }
}
