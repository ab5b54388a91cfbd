import { z } from 'zod';

/**
 * What is read of Stripe's objects, and no more: the version of a webhook endpoint is the operator's choice, and fields come and go.
 * https://docs.stripe.com/api/events/object
 */

/** Cents. */
const cents = z.number().int().nonnegative();

/** An id, or the object where it was expanded: https://docs.stripe.com/api/expanding_objects */
const reference = z
  .union([z.string(), z.object({ id: z.string() }).transform(({ id }) => id)])
  .nullish()
  .transform(id => id ?? undefined);

export const stripeEvent = z.object({
  id: z.string(),
  type: z.string(),
  livemode: z.boolean(),
  data: z.object({ object: z.record(z.string(), z.unknown()) }),
});

/** https://docs.stripe.com/api/checkout/sessions/object */
export const checkoutSession = z.object({
  id: z.string(),
  mode: z.string().nullish(),
  payment_status: z.string(),
  amount_total: cents.nullish(),
  currency: z.string().nullish(),
  client_reference_id: z.string().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  payment_intent: reference,
});

/** https://docs.stripe.com/api/charges/object */
export const charge = z.object({ payment_intent: reference });

/** https://docs.stripe.com/api/refunds/object */
export const refund = z.object({
  id: z.string(),
  amount: cents,
  currency: z.string(),
  status: z.string().nullish(),
  payment_intent: reference,
});

/** https://docs.stripe.com/api/disputes/object */
export const dispute = z.object({
  id: z.string(),
  amount: cents,
  currency: z.string(),
  status: z.string().nullish(),
  reason: z.string().nullish(),
  payment_intent: reference,
});
