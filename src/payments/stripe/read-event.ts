import type { z } from 'zod';
import type { PaymentNotice, Taking } from '../payments.js';
import { charge, checkoutSession, dispute, refund, stripeEvent } from './event-schemas.js';

/** In the metadata of all that we make at Stripe. Only the holder of the secret key can write there; the buyer cannot. */
export const ACCOUNT_FIELD = 'lazu_account_id';

const MICRO_USD_PER_CENT = 10_000;
const IRRELEVANT: PaymentNotice = { kind: 'irrelevant' };

/**
 * What one of Stripe's events means here. https://docs.stripe.com/api/events/types
 * @param live whether our own key is for real money
 * @throws ZodError when it is no event as Stripe documents it
 */
export function readEvent(event: unknown, live: boolean): PaymentNotice {
  const { type, livemode, data } = stripeEvent.parse(event);
  const notice = noticeOf(type, data.object);
  if (livemode === live) return notice;
  if (notice.kind !== 'paid') return IRRELEVANT; // nothing of that mode was ever credited
  return unclear(`${notice.checkout} is of ${livemode ? 'live' : 'test'} mode, and the secret key is not`);
}

function noticeOf(type: string, object: unknown): PaymentNotice {
  switch (type) {
    case 'checkout.session.completed':
    case 'checkout.session.async_payment_succeeded':
      return paid(checkoutSession.parse(object));
    case 'refund.created':
    case 'refund.updated':
    case 'refund.failed':
    case 'charge.refund.updated':
      return refunded(refund.parse(object));
    case 'charge.refunded': {
      // Its `amount_refunded` is the sum so far, without the ids: https://docs.stripe.com/api/events/types#event_types-charge.refunded
      const { payment_intent: payment } = charge.parse(object);
      return payment === undefined ? IRRELEVANT : { kind: 'refunded', payment };
    }
    case 'charge.dispute.created': {
      const { id, reason, payment_intent: payment } = dispute.parse(object);
      if (payment === undefined) return IRRELEVANT;
      return { kind: 'disputed', payment, dispute: id, reason: reason ?? 'unknown' };
    }
    case 'charge.dispute.funds_withdrawn':
      return disputed(dispute.parse(object), 'taken');
    case 'charge.dispute.funds_reinstated':
      return disputed(dispute.parse(object), 'returned');
    case 'charge.dispute.closed':
      return closed(dispute.parse(object));
    default:
      return IRRELEVANT;
  }
}

/** A session may complete before the money is there: then another event follows. https://docs.stripe.com/checkout/fulfillment */
function paid(session: z.infer<typeof checkoutSession>): PaymentNotice {
  const { id, metadata, amount_total: amount, payment_intent: payment } = session;
  const accountId = metadata?.[ACCOUNT_FIELD];
  if (accountId === undefined || session.mode !== 'payment' || session.payment_status !== 'paid') return IRRELEVANT;
  // Payment Links take it from their URL, so that it alone proves nothing: https://docs.stripe.com/payment-links/url-parameters
  if (session.client_reference_id !== accountId) return unclear(`${id} names two accounts`);
  if (session.currency !== 'usd') return unclear(`${id} was paid in ${session.currency ?? 'no currency'}, not in USD`);
  if (payment === undefined || !amount) return unclear(`${id} has no payment or no amount`);
  return { kind: 'paid', payment, accountId, amountMicroUsd: amount * MICRO_USD_PER_CENT, checkout: id };
}

function refunded(one: z.infer<typeof refund>): PaymentNotice {
  const { id, currency, payment_intent: payment } = one;
  if (payment === undefined) return IRRELEVANT;
  return currency === 'usd' ? { kind: 'taken', payment, taking: takingOf(one) } : foreign(id, currency, payment);
}

/**
 * A refund that is pending is as good as gone: the customer must not spend it here meanwhile.
 * https://docs.stripe.com/refunds#failed-refunds
 */
export function takingOf({ id, amount, status }: z.infer<typeof refund>): Taking {
  const state = status === 'failed' || status === 'canceled' ? 'returned' : 'taken';
  return { reference: id, amountMicroUsd: amount * MICRO_USD_PER_CENT, state };
}

/** https://docs.stripe.com/disputes/how-disputes-work */
function disputed(one: z.infer<typeof dispute>, state: Taking['state']): PaymentNotice {
  const { id, amount, currency, payment_intent: payment } = one;
  if (payment === undefined) return IRRELEVANT;
  if (currency !== 'usd') return foreign(id, currency, payment);
  return { kind: 'taken', payment, taking: { reference: id, amountMicroUsd: amount * MICRO_USD_PER_CENT, state } };
}

/** An inquiry that is closed (`warning_closed`) has taken nothing. */
function closed(one: z.infer<typeof dispute>): PaymentNotice {
  if (one.status === 'lost') return disputed(one, 'taken');
  return one.status === 'won' ? disputed(one, 'returned') : IRRELEVANT;
}

const unclear = (why: string, payment?: string): PaymentNotice => ({ kind: 'unclear', why, payment });

const foreign = (id: string, currency: string, payment: string): PaymentNotice =>
  unclear(`${id} is in ${currency}, not in USD`, payment);
