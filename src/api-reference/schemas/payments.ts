import { exactly, integer, moment, object, oneOf, text, type Schema } from './schema.js';

/** What `payments/` answers. */
export const paymentSchemas: Readonly<Record<string, Schema>> = {
  Checkout: object({
    id: text('Of the session at Stripe.'),
    object: exactly('checkout'),
    account_id: text('Whose balance grows.'),
    amount_micro_usd: integer('1 USD = 1,000,000.'),
    url: text('Where it is paid.'),
    expires_at: moment('The page takes no payment after that.'),
  }),
  PaymentNotice: object({
    object: exactly('payment_notice'),
    outcome: oneOf(
      ['booked', 'noted', 'ignored', 'unresolved'],
      '`noted`: a dispute has begun, no money moved. `ignored`: it moves no money here. `unresolved`: it could not be booked, the log says why.',
    ),
  }),
};
