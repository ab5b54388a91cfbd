import { Module } from '@nestjs/common';
import { AlertsModule } from '../alerts/alerts.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { BillingModule } from '../billing/billing.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { PaymentsModule } from '../payments/payments.module.js';
import { UsageModule } from '../usage/usage.module.js';
import { AccountCheckoutController } from './account-checkout.controller.js';
import { AccountsController } from './accounts.controller.js';
import { AdminKeysController } from './admin-keys.controller.js';
import { AlertsController } from './alerts.controller.js';
import { AuditController } from './audit.controller.js';
import { ChannelsController } from './channels.controller.js';
import { FirstStart } from './first-start.js';
import { KeysController } from './keys.controller.js';
import { LedgerController } from './ledger.controller.js';
import { ModelsController } from './models.controller.js';
import { PriceRulesController } from './price-rules.controller.js';
import { PriceSyncController } from './price-sync.controller.js';
import { RequestsController } from './requests.controller.js';
import { AdminUsageController } from './usage.controller.js';
import { WebhooksController } from './webhooks.controller.js';

/** WHO may change things. */
@Module({
  imports: [
    AlertsModule,
    AuthModule,
    BillingModule,
    CatalogModule,
    DispatchModule,
    LimitsModule,
    PaymentsModule,
    UsageModule,
  ],
  controllers: [
    AccountsController,
    AccountCheckoutController,
    AlertsController,
    KeysController,
    AdminKeysController,
    AuditController,
    ChannelsController,
    LedgerController,
    ModelsController,
    PriceRulesController,
    PriceSyncController,
    AdminUsageController,
    RequestsController,
    WebhooksController,
  ],
  providers: [FirstStart],
  exports: [FirstStart],
})
export class AdminModule {}
