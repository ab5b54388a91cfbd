import { Body, Controller, Param, Post } from '@nestjs/common';
import { AdminRole } from '../auth/admin.guard.js';
import { CheckoutDto, type CheckoutView } from '../payments/checkout.js';
import { PaymentsService } from '../payments/payments.service.js';
import { RowId } from './row-id.js';

/** A page to pay on, to be sent to a customer. */
@Controller('api/admin/accounts/:id/checkout')
@AdminRole('admin')
export class AccountCheckoutController {
  constructor(private readonly payments: PaymentsService) {}

  @Post()
  start(@Param('id', RowId) id: string, @Body() body: CheckoutDto): Promise<CheckoutView> {
    return this.payments.start(id, body.amount_micro_usd);
  }
}
