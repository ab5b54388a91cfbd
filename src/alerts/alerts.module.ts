import { Module } from '@nestjs/common';
import { BillingModule } from '../billing/billing.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { UsageModule } from '../usage/usage.module.js';
import { AlertWatch } from './alert-watch.js';
import { AlertsService } from './alerts.service.js';
import { Courier } from './courier.js';
import { Outbox } from './outbox.js';
import { WebhooksService } from './webhooks.service.js';

/** WHO is told when money runs low: budgets, and the webhooks that hear of them. */
@Module({
  imports: [BillingModule, CatalogModule, UsageModule],
  providers: [AlertsService, AlertWatch, Courier, Outbox, WebhooksService],
  exports: [AlertsService, Courier, Outbox, WebhooksService],
})
export class AlertsModule {}
