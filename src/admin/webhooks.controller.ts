import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { Courier, type WebhookTestResult } from '../alerts/courier.js';
import { Outbox, type DeliveryView } from '../alerts/outbox.js';
import { WebhooksService, type WebhookView } from '../alerts/webhooks.service.js';
import { AdminRole, CurrentActor } from '../auth/admin.guard.js';
import { AuditService } from '../auth/audit.service.js';
import type { Actor } from '../auth/request.js';
import { CreateWebhookDto, UpdateWebhookDto } from './alerts.dto.js';
import { pageOf, PageQuery, sliceOf, type Page } from './page.js';
import { RowId } from './row-id.js';

@Controller('api/admin/webhooks')
@AdminRole('admin')
export class WebhooksController {
  constructor(
    private readonly webhooks: WebhooksService,
    private readonly outbox: Outbox,
    private readonly courier: Courier,
    private readonly audit: AuditService,
  ) {}

  /** `secret` is in this answer and never again. */
  @Post()
  create(
    @Body() body: CreateWebhookDto,
    @CurrentActor() actor: Actor,
  ): Promise<WebhookView & { readonly secret: string }> {
    return this.webhooks.create(body, this.audit.trailOf(actor));
  }

  @Get()
  @AdminRole('viewer')
  async list(@Query() query: PageQuery): Promise<Page<WebhookView>> {
    return pageOf(await this.webhooks.list(sliceOf(query)), query);
  }

  @Get(':id')
  @AdminRole('viewer')
  get(@Param('id', RowId) id: string): Promise<WebhookView> {
    return this.webhooks.get(id);
  }

  @Patch(':id')
  update(
    @Param('id', RowId) id: string,
    @Body() body: UpdateWebhookDto,
    @CurrentActor() actor: Actor,
  ): Promise<WebhookView> {
    return this.webhooks.update(id, body, this.audit.trailOf(actor));
  }

  @Delete(':id')
  async delete(@Param('id', RowId) id: string, @CurrentActor() actor: Actor) {
    await this.webhooks.delete(id, this.audit.trailOf(actor));
    return { id, object: 'webhook', deleted: true };
  }

  /** An event of its own, now: what the receiver answers is the result, not an error. */
  @Post(':id/test')
  @HttpCode(200)
  test(@Param('id', RowId) id: string): Promise<WebhookTestResult> {
    return this.courier.test(id);
  }

  @Get(':id/deliveries')
  @AdminRole('viewer')
  async deliveries(@Param('id', RowId) id: string, @Query() query: PageQuery): Promise<Page<DeliveryView>> {
    await this.webhooks.get(id);
    return pageOf(await this.outbox.list(id, sliceOf(query)), query);
  }
}
