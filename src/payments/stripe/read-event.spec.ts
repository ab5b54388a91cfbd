import type Stripe from 'stripe';
import { charge, dispute, eventOf, refund, session } from '../../../test/support/stripe-events.js';
import { readEvent } from './read-event.js';

const PAYMENT = 'pi_3MtwBwLkdIwHu7ix28a3tqPa';
const read = (type: Stripe.Event['type'], object: object) => readEvent(eventOf(type, object), false);
const paid = (more: Partial<Stripe.Checkout.Session> = {}) => session('acct_1', { payment_intent: PAYMENT, ...more });
const taking = (reference: string, state: string, amountMicroUsd = 10_000_000) => ({
  kind: 'taken',
  payment: PAYMENT,
  taking: { reference, amountMicroUsd, state },
});

describe('events of Stripe', () => {
  it('a session that was paid, by either event; the payment may be expanded', () => {
    const expected = { kind: 'paid', payment: PAYMENT, accountId: 'acct_1', amountMicroUsd: 25_000_000 };
    for (const type of ['checkout.session.completed', 'checkout.session.async_payment_succeeded'] as const) {
      expect(read(type, paid())).toMatchObject(expected);
      expect(read(type, { ...paid(), payment_intent: { id: PAYMENT, object: 'payment_intent' } })).toMatchObject(
        expected,
      );
    }
    expect(read('checkout.session.completed', paid({ amount_total: 99_999_999 }))).toMatchObject({
      amountMicroUsd: 999_999_990_000,
    });
  });

  it.each(['unpaid', 'no_payment_required'])('a session that is %s is nothing yet', payment_status => {
    expect(read('checkout.session.completed', paid({ payment_status }))).toEqual({ kind: 'irrelevant' });
  });

  it.each([
    ['refund.created', 'succeeded', 'taken'],
    ['refund.created', 'pending', 'taken'],
    ['refund.updated', 'requires_action', 'taken'],
    ['refund.updated', 'canceled', 'returned'],
    ['refund.failed', 'failed', 'returned'],
    ['charge.refund.updated', 'failed', 'returned'],
  ] as const)('%s of one that is %s: %s', (type, status, state) => {
    const one = refund(PAYMENT, { status });
    expect(read(type, one)).toEqual(taking(one.id, state));
  });

  it.each([
    ['charge.dispute.funds_withdrawn', 'needs_response', 'taken'],
    ['charge.dispute.funds_reinstated', 'won', 'returned'],
    ['charge.dispute.closed', 'lost', 'taken'],
    ['charge.dispute.closed', 'won', 'returned'],
  ] as const)('%s of one that is %s: %s', (type, status, state) => {
    const one = dispute(PAYMENT, { status });
    expect(read(type, one)).toEqual(taking(one.id, state, 25_000_000));
  });

  it('what moves no money by itself', () => {
    expect(read('charge.refunded', charge(PAYMENT))).toEqual({ kind: 'refunded', payment: PAYMENT });
    const one = dispute(PAYMENT);
    expect(read('charge.dispute.created', one)).toEqual({
      kind: 'disputed',
      payment: PAYMENT,
      dispute: one.id,
      reason: 'fraudulent',
    });
    for (const status of ['warning_closed', 'prevented', 'under_review'] as const) {
      expect(read('charge.dispute.closed', { ...one, status })).toEqual({ kind: 'irrelevant' });
    }
    expect(read('charge.refunded', charge(PAYMENT, { payment_intent: null }))).toEqual({ kind: 'irrelevant' });
    expect(read('payout.paid', { id: 'po_1' })).toEqual({ kind: 'irrelevant' });
  });

  it.each([
    ['checkout.session.completed', paid({ currency: 'jpy' }), undefined],
    ['checkout.session.completed', paid({ client_reference_id: 'acct_2' }), undefined],
    ['refund.created', refund(PAYMENT, { currency: 'eur' }), PAYMENT],
    ['charge.dispute.funds_withdrawn', dispute(PAYMENT, { currency: 'eur' }), PAYMENT],
  ] as const)('%#: is not guessed', (type, object, payment) => {
    expect(read(type, object)).toEqual({ kind: 'unclear', why: expect.any(String), payment });
  });

  it('of the other mode credits nothing, and what it takes was never here', () => {
    const live = { livemode: true };
    expect(readEvent(eventOf('checkout.session.completed', paid(), live), false)).toMatchObject({ kind: 'unclear' });
    expect(readEvent(eventOf('refund.created', refund(PAYMENT), live), false)).toEqual({ kind: 'irrelevant' });
    expect(readEvent(eventOf('checkout.session.completed', paid(), live), true)).toMatchObject({ kind: 'paid' });
  });

  it('an object that is not as documented is an error, so that it is told again', () => {
    expect(() => read('checkout.session.completed', { ...paid(), amount_total: '2500' })).toThrow();
    expect(() => read('refund.created', { ...refund(PAYMENT), amount: -1 })).toThrow();
    expect(() => readEvent({ id: 'evt_1' }, false)).toThrow();
  });
});
