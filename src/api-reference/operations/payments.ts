import { ref } from '../schemas/schema.js';
import type { Operations } from './operation.js';

const checkout = {
  status: 201,
  answer: ref('Checkout'),
  errors: ['not_found', 'request_rate_limit_exceeded', 'upstream_error', 'upstream_unavailable'],
} as const;
const how =
  'The answer has the `url` of a page of Stripe where the amount is paid; the balance grows when Stripe says that it was. From 5,000,000 to 10,000,000,000 microUSD, in whole cents. `not_found`: this install takes no payments.';

export const paymentOperations: Operations = {
  'POST /api/account/checkout': {
    ...checkout,
    tag: 'Account',
    summary: "Pay to this account's balance",
    description: how,
  },
  'POST /api/admin/accounts/{id}/checkout': {
    ...checkout,
    tag: 'Admin: accounts',
    summary: "Make a page to pay to an account's balance",
    description: how,
  },
  'POST /api/payments/stripe/webhook': {
    tag: 'Operation',
    summary: 'Take an event of Stripe',
    description:
      'The body is the event as Stripe sent it, the only key its signature, at most five minutes old. Booked once, however often it is sent. An answer other than 2xx makes Stripe send it again.',
    answer: ref('PaymentNotice'),
    errors: [
      'bad_request_body',
      'invalid_request',
      'not_found',
      'payload_too_large',
      'upstream_error',
      'upstream_unavailable',
    ],
  },
};
