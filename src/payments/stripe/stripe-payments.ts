import { Logger } from '@nestjs/common';
import Stripe from 'stripe';
import { z } from 'zod';
import type { Config } from '../../config.js';
import { LazuError } from '../../errors.js';
import type { CheckoutOrder, Payments, SignedNotice, StartedCheckout, Taking } from '../payments.js';
import { refund, stripeEvent } from './event-schemas.js';
import { failureOf, isMissing } from './failures.js';
import { ACCOUNT_FIELD, readEvent, takingOf } from './read-event.js';
import { signedEvent } from './signed-event.js';

type Settings = NonNullable<Config['stripe']>;

const MICRO_USD_PER_CENT = 10_000;
const TIMEOUT_MS = 10_000;
/** Of one payment. */
const MOST_REFUNDS = 1_000;

/** Stripe Checkout, by Stripe's own library: https://docs.stripe.com/payments/checkout */
export class StripePayments implements Payments {
  readonly name = 'stripe';
  readonly #logger = new Logger(StripePayments.name);
  readonly #stripe: Stripe;
  readonly #live: boolean;

  constructor(private readonly settings: Settings) {
    const { protocol, hostname, port } = new URL(settings.baseUrl);
    this.#live = settings.secretKey.includes('_live_');
    this.#stripe = new Stripe(settings.secretKey, {
      protocol: protocol === 'http:' ? 'http' : 'https',
      host: hostname,
      port: port || (protocol === 'http:' ? 80 : 443),
      timeout: TIMEOUT_MS,
      maxNetworkRetries: 1,
      telemetry: false,
      appInfo: { name: 'Lazu' },
    });
  }

  async start(order: CheckoutOrder): Promise<StartedCheckout> {
    const { accountId, idempotencyKey } = order;
    const metadata = { [ACCOUNT_FIELD]: accountId };
    const price: Stripe.Checkout.SessionCreateParams.LineItem.PriceData = {
      currency: 'usd',
      unit_amount: order.amountMicroUsd / MICRO_USD_PER_CENT,
      product_data: { name: 'Prepaid balance' },
    };
    const session = await this.#ask(() =>
      this.#stripe.checkout.sessions.create(
        {
          mode: 'payment',
          submit_type: 'pay',
          line_items: [{ quantity: 1, price_data: price }],
          client_reference_id: accountId,
          metadata,
          payment_intent_data: { metadata, description: `Prepaid balance of ${accountId}` },
          // Refunds and disputes would be in the customer's currency: https://docs.stripe.com/payments/checkout/adaptive-pricing
          adaptive_pricing: { enabled: false },
          success_url: this.settings.successUrl,
          ...(this.settings.cancelUrl !== undefined && { cancel_url: this.settings.cancelUrl }),
        },
        { idempotencyKey },
      ),
    );
    if (!session.url) throw new LazuError('upstream_error', 'The provider of payments made no page to pay on.');
    return { id: session.id, url: session.url, expiresAt: session.expires_at };
  }

  read(body: Buffer, signature: string | undefined): SignedNotice {
    const event = signedEvent(this.#stripe.webhooks, body, signature, this.settings.webhookSecrets);
    const { id } = stripeEvent.parse(event);
    return { id, notice: readEvent(event, this.#live) };
  }

  async accountOf(payment: string): Promise<string | undefined> {
    try {
      return (await this.#stripe.paymentIntents.retrieve(payment)).metadata[ACCOUNT_FIELD];
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw this.#failed(error);
    }
  }

  async refundsOf(payment: string): Promise<readonly Taking[]> {
    const list = await this.#ask(() =>
      this.#stripe.refunds.list({ payment_intent: payment, limit: 100 }).autoPagingToArray({ limit: MOST_REFUNDS }),
    );
    const refunds = z.array(refund).parse(list);
    if (refunds.some(({ currency }) => currency !== 'usd')) {
      throw new LazuError('invalid_value', `${payment} was refunded in another currency than USD.`);
    }
    return refunds.map(takingOf);
  }

  async #ask<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** The caller is told little; what the operator needs stands in the log. */
  #failed(error: unknown): LazuError {
    const failure = failureOf(error);
    this.#logger.error({ err: failure.cause }, 'A call to Stripe failed.');
    return failure;
  }
}
