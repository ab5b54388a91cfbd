import { Body, Controller, Post } from '@nestjs/common';
import type { Caller } from '../auth/caller.js';
import { CurrentCaller, ForCallers } from '../auth/caller.guard.js';
import { CheckoutDto, type CheckoutView } from '../payments/checkout.js';
import { PaymentsService } from '../payments/payments.service.js';

/** A key may have its own account paid for, by whoever opens the page. */
@Controller('api/account/checkout')
@ForCallers()
export class CheckoutController {
  constructor(private readonly payments: PaymentsService) {}

  @Post()
  start(@Body() body: CheckoutDto, @CurrentCaller() caller: Caller): Promise<CheckoutView> {
    return this.payments.start(caller.accountId, body.amount_micro_usd);
  }
}
