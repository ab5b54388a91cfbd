import { Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ipOf, type LazuRequest } from '../../auth/request.js';
import { PaymentsService, type NoticeOutcome } from '../payments.service.js';

/** `POST /api/payments/stripe/webhook` */
export interface NoticeView {
  readonly object: 'payment_notice';
  readonly outcome: NoticeOutcome;
}

/** Where Stripe tells what happened. Its signature is the only key. */
@Controller('api/payments/stripe')
export class StripeWebhookController {
  constructor(private readonly payments: PaymentsService) {}

  /** 2xx is the end of it; anything else is told again, for days: https://docs.stripe.com/webhooks#automatic-retries */
  @Post('webhook')
  @HttpCode(200)
  async take(@Req() request: LazuRequest): Promise<NoticeView> {
    const signature = request.headers['stripe-signature'];
    const body = request.lazuBody ?? Buffer.alloc(0);
    const outcome = await this.payments.take(body, signature?.toString(), ipOf(request));
    return { object: 'payment_notice', outcome };
  }
}
