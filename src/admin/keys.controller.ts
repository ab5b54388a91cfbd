import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { AccountsService } from '../auth/accounts.service.js';
import { AdminRole, CurrentActor } from '../auth/admin.guard.js';
import { ApiKeysService, type ApiKeyView } from '../auth/api-keys.service.js';
import { AuditService } from '../auth/audit.service.js';
import type { Actor } from '../auth/request.js';
import { CreateKeyDto, UpdateKeyDto } from './keys.dto.js';
import { RowId } from './row-id.js';
import { pageOf, PageQuery, sliceOf, type Page } from './page.js';

@Controller('api/admin')
@AdminRole('admin')
export class KeysController {
  constructor(
    private readonly keys: ApiKeysService,
    private readonly accounts: AccountsService,
    private readonly audit: AuditService,
  ) {}

  /** `key` is in this answer and never again. */
  @Post('accounts/:id/keys')
  create(
    @Param('id', RowId) accountId: string,
    @Body() body: CreateKeyDto,
    @CurrentActor() actor: Actor,
  ): Promise<ApiKeyView & { readonly key: string }> {
    return this.keys.create(accountId, body, this.audit.trailOf(actor));
  }

  @Get('accounts/:id/keys')
  @AdminRole('viewer')
  async list(@Param('id', RowId) accountId: string, @Query() query: PageQuery): Promise<Page<ApiKeyView>> {
    await this.accounts.get(accountId);
    return pageOf(await this.keys.list(accountId, sliceOf(query)), query);
  }

  @Get('keys/:id')
  @AdminRole('viewer')
  get(@Param('id', RowId) id: string): Promise<ApiKeyView> {
    return this.keys.get(id);
  }

  @Patch('keys/:id')
  update(
    @Param('id', RowId) id: string,
    @Body() body: UpdateKeyDto,
    @CurrentActor() actor: Actor,
  ): Promise<ApiKeyView> {
    return this.keys.update(id, body, this.audit.trailOf(actor));
  }

  @Delete('keys/:id')
  async delete(@Param('id', RowId) id: string, @CurrentActor() actor: Actor) {
    await this.keys.delete(id, this.audit.trailOf(actor));
    return { id, object: 'api_key', deleted: true };
  }
}
