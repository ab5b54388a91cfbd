import { inspect } from 'node:util';
import Stripe from 'stripe';
import { LazuError } from '../../errors.js';
import { failureOf, isMissing } from './failures.js';

const KEY = 'sk_live_51SecretSecretSecret';
/** As the library makes them, with all that it hangs on them: https://docs.stripe.com/error-handling */
const raw = (more: object) => ({
  type: 'invalid_request_error' as const,
  message: `Invalid API Key provided: ${KEY}`,
  headers: { authorization: `Bearer ${KEY}` },
  requestId: 'req_123',
  ...more,
});
const { errors } = Stripe;

describe('what Stripe refuses', () => {
  it.each([
    [new errors.StripeAuthenticationError(raw({ statusCode: 401 })), 'upstream_error'],
    [new errors.StripePermissionError(raw({ statusCode: 403 })), 'upstream_error'],
    [new errors.StripeInvalidRequestError(raw({ statusCode: 400, param: 'success_url' })), 'upstream_error'],
    [new errors.StripeRateLimitError(raw({ statusCode: 429 })), 'upstream_unavailable'],
    [new errors.StripeAPIError(raw({ statusCode: 500 })), 'upstream_unavailable'],
    [new errors.StripeConnectionError(raw({})), 'upstream_unavailable'],
  ])('%#: has its code, says what kind it was, and nothing of the key', (error, code) => {
    const failure = failureOf(error);
    expect(failure).toMatchObject({
      code,
      cause: { message: expect.stringMatching(/^Stripe: type Stripe\w+Error.*req_123/) },
    });
    expect(inspect(failure, { depth: 20, showHidden: true })).not.toContain('sk_live');
  });

  it('is what it was when it is not Stripe’s', () => {
    const own = new LazuError('conflict', 'no');
    expect(failureOf(own)).toBe(own);
    expect(failureOf(new Error('bug'))).toMatchObject({ code: 'internal_error' });
  });

  it('and what is not there is told apart', () => {
    expect(isMissing(new errors.StripeInvalidRequestError(raw({ code: 'resource_missing' })))).toBe(true);
    expect(isMissing(new errors.StripeInvalidRequestError(raw({ code: 'parameter_missing' })))).toBe(false);
  });
});
