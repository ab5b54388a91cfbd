import type Stripe from 'stripe';
import { LazuError } from '../../errors.js';

/** Seconds that a signed event stays good for, as in Stripe's own libraries: https://docs.stripe.com/webhooks#replay-attacks */
const TOLERANCE_S = 300;

/**
 * The event in a body that Stripe has signed with one of these secrets. https://docs.stripe.com/webhooks/signature
 * @param body as it came: a body that was parsed and written again has another signature
 * @throws LazuError `invalid_request`
 */
export function signedEvent(
  webhooks: Stripe['webhooks'],
  body: Buffer,
  signature: string | undefined,
  secrets: readonly string[],
): unknown {
  for (const secret of secrets) {
    try {
      return webhooks.constructEvent(body, signature ?? '', secret, TOLERANCE_S);
    } catch {
      continue; // whichever of them it was: the library's words quote header and body
    }
  }
  throw new LazuError(
    'invalid_request',
    'The header `Stripe-Signature` is missing, older than five minutes, or not made with the secret of this endpoint.',
    { param: 'Stripe-Signature' },
  );
}
