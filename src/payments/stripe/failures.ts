import Stripe from 'stripe';
import { LazuError } from '../../errors.js';

/**
 * Stripe's errors in the contract's words. Their messages quote the key that was refused, and their `raw` and `headers` all the rest: only
 * kind, code and request id are kept. https://docs.stripe.com/error-handling
 */
export function failureOf(error: unknown): LazuError {
  if (!(error instanceof Stripe.errors.StripeError)) return LazuError.from(error);
  const { type, code, statusCode, requestId, param } = error;
  const known = { type, code, statusCode, requestId, param };
  const kept = Object.entries(known).filter(([, value]) => value !== undefined);
  const cause = new Error(`Stripe: ${kept.map(([name, value]) => `${name} ${value}`).join(', ')}`);
  if (isPassing(error)) {
    const message = 'The provider of payments cannot be reached right now. Please try again shortly.';
    return new LazuError('upstream_unavailable', message, { retryAfter: 5, cause });
  }
  const message =
    'The provider of payments refused this. The operator has to look at the Stripe account and STRIPE_SECRET_KEY.';
  return new LazuError('upstream_error', message, { cause });
}

function isPassing({ type, statusCode }: Stripe.errors.StripeError): boolean {
  return type === 'StripeConnectionError' || type === 'StripeRateLimitError' || (statusCode ?? 0) >= 500;
}

/** It is not there, or of another Stripe account. */
export const isMissing = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeError && error.code === 'resource_missing';
