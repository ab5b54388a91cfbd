import { Module } from '@nestjs/common';
import { LimitsModule } from '../limits/limits.module.js';
import { AccountsService } from './accounts.service.js';
import { AdminGuard } from './admin.guard.js';
import { AdminKeyRing } from './admin-key-ring.js';
import { AdminKeysService } from './admin-keys.service.js';
import { Admission } from './admission.js';
import { ApiKeysService } from './api-keys.service.js';
import { AuditService } from './audit.service.js';
import { CallerGuard } from './caller.guard.js';
import { KeyRing } from './key-ring.js';

/** WHO is asking. Rooms whose controllers carry a guard of ours import this. */
@Module({
  imports: [LimitsModule],
  providers: [
    KeyRing,
    AdminKeyRing,
    Admission,
    CallerGuard,
    AdminGuard,
    AccountsService,
    ApiKeysService,
    AdminKeysService,
    AuditService,
  ],
  exports: [
    KeyRing,
    AdminKeyRing,
    Admission,
    CallerGuard,
    AdminGuard,
    AccountsService,
    ApiKeysService,
    AdminKeysService,
    AuditService,
  ],
})
export class AuthModule {}
