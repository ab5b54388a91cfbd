import { Counter } from 'prom-client';

/** What operators watch of payments. */
export const paymentMetrics = {
  unresolved: new Counter({
    name: 'lazu_payments_unresolved_total',
    help: 'Payments, refunds and disputes that were reported and could not be booked; the log says why',
  }),
  disputes: new Counter({ name: 'lazu_payment_disputes_total', help: 'Payments that a customer’s bank questioned' }),
};
