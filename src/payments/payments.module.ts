import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { BillingModule } from '../billing/billing.module.js';
import { Config } from '../config.js';
import { Payments } from './payments.js';
import { PaymentsService } from './payments.service.js';
import { StripeWebhookController } from './stripe/webhook.controller.js';

/** How money comes in from outside, behind the `Payments` port. */
@Module({
  imports: [AuthModule, BillingModule],
  controllers: [StripeWebhookController],
  providers: [
    {
      provide: Payments,
      inject: [Config],
      // The library costs every process 20 MB: only where it is used.
      useFactory: async ({ stripe }: Config) =>
        stripe && new (await import('./stripe/stripe-payments.js')).StripePayments(stripe),
    },
    PaymentsService,
  ],
  exports: [PaymentsService],
})
export class PaymentsModule {}
