import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { PaymentsModule } from '../payments/payments.module.js';
import { UsageModule } from '../usage/usage.module.js';
import { AccountController } from './account.controller.js';
import { CheckoutController } from './checkout.controller.js';
import { UsageController } from './usage.controller.js';

/** What a key's own calls cost, what it has left, and how its account is paid for. */
@Module({
  imports: [AuthModule, LimitsModule, PaymentsModule, UsageModule],
  controllers: [UsageController, AccountController, CheckoutController],
})
export class AccountModule {}
