import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { BillingModule } from '../billing/billing.module.js';
import { AccountsController } from './accounts.controller.js';
import { AdminKeysController } from './admin-keys.controller.js';
import { AuditController } from './audit.controller.js';
import { AuditService } from './audit.service.js';
import { FirstStart } from './first-start.js';
import { KeysController } from './keys.controller.js';

/** WHO may change things. */
@Module({
  imports: [AuthModule, BillingModule],
  controllers: [AccountsController, KeysController, AdminKeysController, AuditController],
  providers: [AuditService, FirstStart],
  exports: [AuditService, FirstStart],
})
export class AdminModule {}
