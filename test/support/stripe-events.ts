import { createHmac } from 'node:crypto';
import type Stripe from 'stripe';

/**
 * Stripe's objects as its API reference and its OpenAPI document have them, every field of them: the types of Stripe's own package, which
 * are made from that document, check it. https://docs.stripe.com/api/checkout/sessions/object
 */
export const SECRET = 'whsec_test_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH';

let serial = 0;
const id = (prefix: string) => `${prefix}_1Pgc76B7WZ01zgkW${String(++serial).padStart(8, '0')}`;

export const newPayment = () => id('pi').replace('pi_1', 'pi_3');

/** A session that was paid by card. */
export function session(accountId: string, more: Partial<Stripe.Checkout.Session> = {}): Stripe.Checkout.Session {
  return {
    id: id('cs_test_a11YYufWQzNY63zpQ6QSNRQhkUpVph4WRmzW0zWJO2znZKdVujZ0N0S22u'),
    object: 'checkout.session',
    adaptive_pricing: { enabled: false },
    after_expiration: null,
    allow_promotion_codes: null,
    allowed_payment_method_types: null,
    amount_subtotal: 2500,
    amount_total: 2500,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: null,
    cancel_url: null,
    client_reference_id: accountId,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created: 1_679_600_215,
    currency: 'usd',
    currency_conversion: null,
    custom_fields: [],
    custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
    customer: null,
    customer_account: null,
    customer_creation: 'if_required',
    customer_details: {
      address: { city: null, country: 'US', line1: null, line2: null, postal_code: '94107', state: null },
      business_name: null,
      email: 'jenny@example.com',
      individual_name: null,
      name: 'Jenny Rosen',
      phone: null,
      tax_exempt: 'none',
      tax_ids: [],
    },
    customer_email: null,
    discounts: [],
    expires_at: 1_679_686_615,
    integration_identifier: null,
    invoice: null,
    invoice_creation: null,
    livemode: false,
    locale: null,
    managed_payments: null,
    metadata: { lazu_account_id: accountId },
    mode: 'payment',
    origin_context: null,
    payment_intent: newPayment(),
    payment_link: null,
    payment_method_collection: 'if_required',
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: ['card'],
    payment_status: 'paid',
    permissions: null,
    phone_number_collection: { enabled: false },
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: 'complete',
    submit_type: 'pay',
    subscription: null,
    success_url: 'https://shop.example/paid',
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: 'hosted_page',
    url: null,
    wallet_options: null,
    ...more,
  };
}

/** https://docs.stripe.com/api/refunds/object */
export function refund(payment: string, more: Partial<Stripe.Refund> = {}): Stripe.Refund {
  return {
    id: id('re'),
    object: 'refund',
    amount: 1000,
    balance_transaction: 'txn_1Nispe2eZvKYlo2CYezqFhEx',
    charge: 'ch_1NirD82eZvKYlo2CIvbtLWuY',
    created: 1_692_942_318,
    currency: 'usd',
    customer: null,
    customer_account: null,
    destination_details: {
      card: { reference: '123456789012', reference_status: 'available', type: 'refund' },
      type: 'card',
    },
    metadata: {},
    payment_intent: payment,
    payment_method: null,
    reason: null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
    ...more,
  };
}

/** https://docs.stripe.com/api/charges/object */
export function charge(payment: string, more: Partial<Stripe.Charge> = {}): Stripe.Charge {
  return {
    id: 'ch_3MmlLrLkdIwHu7ix0snN0B15',
    object: 'charge',
    amount: 2500,
    amount_captured: 2500,
    amount_refunded: 1000,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: 'txn_3MmlLrLkdIwHu7ix0uke3Ezy',
    billing_details: {
      address: { city: null, country: null, line1: null, line2: null, postal_code: null, state: null },
      email: null,
      name: null,
      phone: null,
      tax_id: null,
    },
    calculated_statement_descriptor: 'Stripe',
    captured: true,
    created: 1_679_090_539,
    currency: 'usd',
    customer: null,
    description: null,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    fraud_details: {},
    livemode: false,
    metadata: {},
    on_behalf_of: null,
    outcome: {
      advice_code: null,
      network_advice_code: null,
      network_decline_code: null,
      network_status: 'approved_by_network',
      reason: null,
      risk_level: 'normal',
      risk_score: 32,
      seller_message: 'Payment complete.',
      type: 'authorized',
    },
    paid: true,
    payment_intent: payment,
    payment_method: 'card_1MmlLrLkdIwHu7ixIJwEWSNR',
    payment_method_details: null,
    receipt_email: null,
    receipt_number: null,
    receipt_url: 'https://pay.stripe.com/receipts/payment/CAcaFwoVYWNjdF8xTTJKVGtMa2RJd0h1N2l4',
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'succeeded',
    transfer_data: null,
    transfer_group: null,
    ...more,
  };
}

/** https://docs.stripe.com/api/disputes/object */
export function dispute(payment: string, more: Partial<Stripe.Dispute> = {}): Stripe.Dispute {
  return {
    id: id('du'),
    object: 'dispute',
    amount: 2500,
    balance_transactions: [],
    charge: 'ch_1AZtxr2eZvKYlo2CJDX8whov',
    created: 1_680_651_737,
    currency: 'usd',
    enhanced_eligibility_types: [],
    evidence: {} as Stripe.Dispute['evidence'],
    evidence_details: {
      due_by: 1_682_294_399,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
    } as Stripe.Dispute['evidence_details'],
    intended_submission_method: null,
    is_charge_refundable: false,
    livemode: false,
    metadata: {},
    payment_intent: payment,
    reason: 'fraudulent',
    status: 'needs_response',
    ...more,
  };
}

type Named = Stripe.Event['type'];

/** https://docs.stripe.com/api/events/object */
export function eventOf(type: Named, object: object, more: object = {}): object {
  return {
    id: id('evt'),
    object: 'event',
    api_version: '2026-10-28.endive',
    created: 1_680_064_028,
    data: { object },
    livemode: false,
    pending_webhooks: 2,
    request: { id: null, idempotency_key: null },
    type,
    ...more,
  };
}

/**
 * The header as https://docs.stripe.com/webhooks/signature describes it, by hand: `t`, and the HMAC-SHA256 of `t`, a dot and the body, by the
 * endpoint's secret, as hex.
 */
export function sign(body: string, secret = SECRET, at = Math.floor(Date.now() / 1000)): string {
  return `t=${at},v1=${hmac(body, secret, at)}`;
}

export const hmac = (body: string, secret: string, at: number) =>
  createHmac('sha256', secret).update(`${at}.${body}`, 'utf8').digest('hex');
