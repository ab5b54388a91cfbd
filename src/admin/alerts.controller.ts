import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { AlertsService, type AlertView } from '../alerts/alerts.service.js';
import { AdminRole, CurrentActor } from '../auth/admin.guard.js';
import { AuditService } from '../auth/audit.service.js';
import type { Actor } from '../auth/request.js';
import { CreateAlertDto, UpdateAlertDto } from './alerts.dto.js';
import { pageOf, PageQuery, sliceOf, type Page } from './page.js';
import { RowId } from './row-id.js';

@Controller('api/admin')
@AdminRole('admin')
export class AlertsController {
  constructor(
    private readonly alerts: AlertsService,
    private readonly audit: AuditService,
  ) {}

  @Post('accounts/:id/alerts')
  create(
    @Param('id', RowId) accountId: string,
    @Body() body: CreateAlertDto,
    @CurrentActor() actor: Actor,
  ): Promise<AlertView> {
    return this.alerts.create(accountId, body, this.audit.trailOf(actor));
  }

  @Get('accounts/:id/alerts')
  @AdminRole('viewer')
  async list(@Param('id', RowId) accountId: string, @Query() query: PageQuery): Promise<Page<AlertView>> {
    return pageOf(await this.alerts.list(accountId, sliceOf(query)), query);
  }

  @Get('alerts/:id')
  @AdminRole('viewer')
  get(@Param('id', RowId) id: string): Promise<AlertView> {
    return this.alerts.get(id);
  }

  @Patch('alerts/:id')
  update(
    @Param('id', RowId) id: string,
    @Body() body: UpdateAlertDto,
    @CurrentActor() actor: Actor,
  ): Promise<AlertView> {
    return this.alerts.update(id, body, this.audit.trailOf(actor));
  }

  @Delete('alerts/:id')
  async delete(@Param('id', RowId) id: string, @CurrentActor() actor: Actor) {
    await this.alerts.delete(id, this.audit.trailOf(actor));
    return { id, object: 'budget_alert', deleted: true };
  }
}
