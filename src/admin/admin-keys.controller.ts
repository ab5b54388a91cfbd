import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { AdminKeysService, type AdminKeyView } from '../auth/admin-keys.service.js';
import { AdminRole, CurrentActor } from '../auth/admin.guard.js';
import { AuditService } from '../auth/audit.service.js';
import type { Actor } from '../auth/request.js';
import { CreateAdminKeyDto } from './keys.dto.js';
import { RowId } from './row-id.js';
import { pageOf, PageQuery, sliceOf, type Page } from './page.js';

@Controller('api/admin/admin-keys')
@AdminRole('owner')
export class AdminKeysController {
  constructor(
    private readonly keys: AdminKeysService,
    private readonly audit: AuditService,
  ) {}

  /** `key` is in this answer and never again. */
  @Post()
  create(
    @Body() body: CreateAdminKeyDto,
    @CurrentActor() actor: Actor,
  ): Promise<AdminKeyView & { readonly key: string }> {
    return this.keys.create(body, this.audit.trailOf(actor));
  }

  @Get()
  async list(@Query() query: PageQuery): Promise<Page<AdminKeyView>> {
    return pageOf(await this.keys.list(sliceOf(query)), query);
  }

  @Delete(':id')
  async delete(@Param('id', RowId) id: string, @CurrentActor() actor: Actor) {
    await this.keys.delete(id, this.audit.trailOf(actor));
    return { id, object: 'admin_key', deleted: true };
  }
}
