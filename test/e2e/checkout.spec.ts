import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import Stripe from 'stripe';
import { ApiContract } from '../support/api-contract.js';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { createTestDatabase } from '../support/database.js';
import { DatabaseLink } from '../support/database-link.js';
import { FakeStripe } from '../support/fake-stripe.js';
import { charge, dispute, eventOf, hmac, newPayment, refund, SECRET, session, sign } from '../support/stripe-events.js';

const KEY = 'sk_test_51fakeFakeFakeFakeFakeFakeFake';
const WEBHOOK = '/api/payments/stripe/webhook';
const OLD_SECRET = 'whsec_test_before_it_was_rolled';

const settings = (stripe: FakeStripe) => ({
  BILLING: 'prepaid',
  STRIPE_SECRET_KEY: KEY,
  STRIPE_WEBHOOK_SECRET: `${SECRET},${OLD_SECRET}`,
  STRIPE_SUCCESS_URL: 'https://shop.example/paid?session={CHECKOUT_SESSION_ID}',
  STRIPE_CANCEL_URL: 'https://shop.example/balance',
  STRIPE_BASE_URL: stripe.url,
});

describe('paying by Stripe Checkout', () => {
  let lazu: TestLazu;
  let stripe: FakeStripe;
  let api: ApiContract;
  beforeAll(async () => {
    stripe = await FakeStripe.start();
    lazu = await bootLazu({ ...settings(stripe), TIERS: '' });
    api = new ApiContract((await (await lazu.get('/openapi.json')).json()) as Record<string, any>);
  });
  afterAll(async () => {
    await lazu.close();
    await stripe.stop();
  });
  afterEach(() => (stripe.refusal = undefined));

  let serial = 0;
  async function tenant() {
    const { id } = await lazu.admin('POST', '/api/admin/accounts', { name: `tenant ${++serial}` });
    const made = await lazu.admin('POST', `/api/admin/accounts/${id}/keys`, { name: 'k' });
    return { id: id as string, bearer: { authorization: `Bearer ${made.key}` } };
  }

  /** As Stripe sends it. */
  async function deliver(event: object | string, signature?: string) {
    const body = typeof event === 'string' ? event : JSON.stringify(event, null, 2);
    const response = await fetch(lazu.url + WEBHOOK, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': signature ?? sign(body) },
      body,
    });
    const answer: any = await response.json();
    api.judge('POST', WEBHOOK, response.status, 'application/json', answer);
    return { status: response.status, answer };
  }
  const booked = { status: 200, answer: { object: 'payment_notice', outcome: 'booked' } };
  const outcome = (name: string) => ({ status: 200, answer: { object: 'payment_notice', outcome: name } });
  const refused = { status: 400, answer: { error: { code: 'invalid_request', param: 'Stripe-Signature' } } };
  const completed = (accountId: string, more: Partial<Stripe.Checkout.Session> = {}) =>
    eventOf('checkout.session.completed', session(accountId, more));

  const account = (id: string) => lazu.admin('GET', `/api/admin/accounts/${id}`);
  const balance = async (id: string) => (await account(id)).balance_micro_usd as number;
  const entries = async (id: string): Promise<any[]> =>
    (await lazu.admin('GET', `/api/admin/accounts/${id}/ledger`)).data;
  const metric = async (name: string) =>
    Number(new RegExp(`^${name} (\\d+)`, 'm').exec(await (await lazu.get('/metrics')).text())?.[1] ?? 0);

  describe('starting', () => {
    it('a key gets a page for its own account; Stripe is told what for, whose, and in which currency', async () => {
      const { id, bearer } = await tenant();
      const response = await lazu.post('/api/account/checkout', { amount_micro_usd: 25_000_000 }, bearer);
      const answer = await response.json();
      api.judge('POST', '/api/account/checkout', response.status, 'application/json', answer);
      expect([response.status, answer]).toEqual([
        201,
        {
          object: 'checkout',
          id: expect.stringMatching(/^cs_test_/),
          account_id: id,
          amount_micro_usd: 25_000_000,
          url: expect.stringMatching(/^https:\/\/checkout\.stripe\.com\//),
          expires_at: '2026-11-18T11:06:40.000Z',
        },
      ]);
      const { method, path, headers, form } = stripe.last;
      expect([method, path]).toEqual(['POST', '/v1/checkout/sessions']);
      expect(form).toEqual({
        mode: 'payment',
        submit_type: 'pay',
        'line_items[0][quantity]': '1',
        'line_items[0][price_data][currency]': 'usd',
        'line_items[0][price_data][unit_amount]': '2500',
        'line_items[0][price_data][product_data][name]': 'Prepaid balance',
        client_reference_id: id,
        'metadata[lazu_account_id]': id,
        'payment_intent_data[metadata][lazu_account_id]': id,
        'payment_intent_data[description]': `Prepaid balance of ${id}`,
        'adaptive_pricing[enabled]': 'false',
        success_url: 'https://shop.example/paid?session={CHECKOUT_SESSION_ID}',
        cancel_url: 'https://shop.example/balance',
      });
      expect(headers).toMatchObject({
        authorization: `Bearer ${KEY}`,
        'content-type': 'application/x-www-form-urlencoded',
        'idempotency-key': expect.stringMatching(/^lazu_checkout_[0-9A-Z]{26}$/),
        'stripe-version': expect.stringMatching(/^20\d\d-\d\d-\d\d/),
      });
      expect(headers).not.toHaveProperty('x-stripe-client-telemetry');
      expect(await balance(id)).toBe(0);
    });

    it('an admin gets one for any account that exists', async () => {
      const { id } = await tenant();
      const path = `/api/admin/accounts/${id}/checkout`;
      const answer = await lazu.admin('POST', path, { amount_micro_usd: 5_000_000 });
      api.judge('POST', path, 201, 'application/json', answer);
      expect(answer).toMatchObject({ object: 'checkout', account_id: id, amount_micro_usd: 5_000_000 });
      expect(stripe.last.form).toMatchObject({ client_reference_id: id, 'metadata[lazu_account_id]': id });
      const calls = stripe.calls.length;
      const nobody = '/api/admin/accounts/acct_01ARZ3NDEKTSV4RRFFQ69G5FAV/checkout';
      await expect(lazu.admin('POST', nobody, { amount_micro_usd: 5_000_000 })).rejects.toThrow(/404.*not_found/);
      expect(stripe.calls).toHaveLength(calls);
    });

    it.each([
      [{ amount_micro_usd: 4_990_000 }, 422, 'invalid_value'],
      [{ amount_micro_usd: 10_000_010_000 }, 422, 'invalid_value'],
      [{ amount_micro_usd: 5_000_001 }, 422, 'invalid_value'],
      [{ amount_micro_usd: -5_000_000 }, 422, 'invalid_value'],
      [{ amount_micro_usd: '5000000' }, 400, 'invalid_request'],
      [{}, 400, 'missing_required_parameter'],
    ])('refuses %j, and Stripe hears nothing', async (body, status, code) => {
      const calls = stripe.calls.length;
      const response = await lazu.post('/api/account/checkout', body);
      expect(response.status).toBe(status);
      expect((await response.json()).error).toMatchObject({ code, param: 'amount_micro_usd' });
      expect(stripe.calls).toHaveLength(calls);
    });

    it('another account cannot be named, and a key is needed', async () => {
      const body = { amount_micro_usd: 5_000_000, account_id: 'acct_other' };
      expect((await (await lazu.post('/api/account/checkout', body)).json()).error.param).toBe('account_id');
      const noKey = await lazu.post('/api/account/checkout', { amount_micro_usd: 5_000_000 }, { authorization: '' });
      expect(noKey.status).toBe(401);
    });

    it('is limited per account', async () => {
      const { bearer } = await tenant();
      const start = () => lazu.post('/api/account/checkout', { amount_micro_usd: 5_000_000 }, bearer);
      const statuses = [];
      for (let count = 0; count < 10; count++) statuses.push((await start()).status);
      expect(statuses).toEqual(Array(10).fill(201));
      const eleventh = await start();
      expect(eleventh.status).toBe(429);
      expect(Number(eleventh.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await eleventh.json()).error.code).toBe('request_rate_limit_exceeded');
    });

    it.each([
      [
        'a key that Stripe does not take',
        { status: 401, error: { type: 'invalid_request_error', message: `Invalid API Key provided: ${KEY}` } },
        502,
        'upstream_error',
      ],
      [
        'a parameter that Stripe does not take',
        { status: 400, error: { type: 'invalid_request_error', message: `bad ${KEY}`, param: 'success_url' } },
        502,
        'upstream_error',
      ],
      ['Stripe down', { status: 500, error: { type: 'api_error', message: KEY } }, 503, 'upstream_unavailable'],
      ['too many calls', { status: 429, error: { type: 'rate_limit_error' } }, 503, 'upstream_unavailable'],
    ])('%s: an error in the contract’s words, without the key', async (_name, refusal, status, code) => {
      const { bearer } = await tenant();
      stripe.refusal = refusal;
      const response = await lazu.post('/api/account/checkout', { amount_micro_usd: 5_000_000 }, bearer);
      const text = await response.text();
      api.judge('POST', '/api/account/checkout', response.status, 'application/json', JSON.parse(text));
      expect([response.status, JSON.parse(text).error.code]).toEqual([status, code]);
      expect(text).not.toContain('sk_test');
    });

    it('is the same checkout when Stripe has to be asked twice', async () => {
      const { bearer } = await tenant();
      const before = stripe.calls.length;
      stripe.refusal = { status: 500, error: { type: 'api_error' } };
      await lazu.post('/api/account/checkout', { amount_micro_usd: 5_000_000 }, bearer);
      const keys = stripe.calls.slice(before).map(({ headers }) => headers['idempotency-key']);
      expect(keys).toEqual([expect.stringMatching(/^lazu_checkout_/), keys[0]]);
    });
  });

  describe('the signature', () => {
    it('is Stripe’s own, and the one that its documentation describes', async () => {
      const { id } = await tenant();
      const body = JSON.stringify(completed(id));
      const timestamp = Math.floor(Date.now() / 1000);
      const theirs = new Stripe(KEY).webhooks.generateTestHeaderString({ payload: body, secret: SECRET, timestamp });
      expect(sign(body, SECRET, timestamp)).toBe(theirs);
      expect(await deliver(body, theirs)).toEqual(booked);
      expect(await balance(id)).toBe(25_000_000);
    });

    it('may be one of several, of a secret that is being rolled, and nearly five minutes old', async () => {
      const { id } = await tenant();
      const now = Math.floor(Date.now() / 1000);
      const body = JSON.stringify(completed(id));
      const two = `t=${now},v1=${hmac(body, 'whsec_unknown', now)},v1=${hmac(body, SECRET, now)},v0=${'0'.repeat(64)}`;
      expect(await deliver(body, two)).toEqual(booked);
      const other = JSON.stringify(completed(id));
      expect(await deliver(other, sign(other, OLD_SECRET))).toEqual(booked);
      const third = JSON.stringify(completed(id));
      expect(await deliver(third, sign(third, SECRET, now - 240))).toEqual(booked);
      expect(await balance(id)).toBe(3 * 25_000_000);
    });

    it('is of the bytes as they came: other spellings of the same JSON are another body', async () => {
      const { id } = await tenant();
      const event = completed(id, { customer_details: null, success_url: 'https://shop.example/bezahlt/größe' });
      const pretty = JSON.stringify(event, null, 4);
      expect(await deliver(JSON.stringify(event), sign(pretty))).toMatchObject(refused);
      expect(await deliver(pretty, sign(pretty))).toEqual(booked);
    });

    it.each<[string, (body: string, now: number) => [string, string]]>([
      ['forged', (body, now) => [body, `t=${now},v1=${'a'.repeat(64)}`]],
      ['made with another secret', (body, now) => [body, sign(body, 'whsec_somebody_elses', now)]],
      ['six minutes old', (body, now) => [body, sign(body, SECRET, now - 360)]],
      ['made young again', (body, now) => [body, `t=${now},v1=${hmac(body, SECRET, now - 3600)}`]],
      ['of another amount', (body, now) => [body.replaceAll('2500', '250000'), sign(body, SECRET, now)]],
      ['of another scheme', (body, now) => [body, `t=${now},v0=${hmac(body, SECRET, now)}`]],
      ['without its time', (body, now) => [body, `v1=${hmac(body, SECRET, now)}`]],
      ['no signature', body => [body, '']],
      ['nonsense', body => [body, 't=,v1=,=,']],
    ])('%s is refused', async (_name, make) => {
      const { id } = await tenant();
      const [body, signature] = make(JSON.stringify(completed(id)), Math.floor(Date.now() / 1000));
      const answer = await deliver(body, signature);
      expect(answer).toMatchObject(refused);
      expect(JSON.stringify(answer)).not.toContain('whsec_');
      expect(await entries(id)).toEqual([]);
    });

    it('does not help a body that is no JSON, or larger than an event can be', async () => {
      const post = (body: string) =>
        fetch(lazu.url + WEBHOOK, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'stripe-signature': sign(body) },
          body,
        });
      expect((await post('{')).status).toBe(400);
      expect((await post(`{"a":"${'x'.repeat(1024 * 1024)}"}`)).status).toBe(413);
      const form = await fetch(lazu.url + WEBHOOK, { method: 'POST', body: new URLSearchParams({ a: 'b' }) });
      expect(form.status).toBe(415);
    });
  });

  describe('money that came in', () => {
    it('is credited once, lifts the tier, and can be spent when Stripe has its answer', async () => {
      const { id, bearer } = await tenant();
      const chat = { model: 'lazu/sandbox', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 20 };
      expect(await (await lazu.get('/api/account', bearer)).json()).toMatchObject({
        tier: 'unverified',
        balance_micro_usd: 0,
        limits: { rpm: 5 },
      });
      const paid = session(id, { amount_total: 12_345 });
      const event = eventOf('checkout.session.completed', paid);
      expect(await deliver(event)).toEqual(booked);
      expect(await (await lazu.get('/api/account', bearer)).json()).toMatchObject({
        tier: '2',
        balance_micro_usd: 123_450_000,
        available_micro_usd: 123_450_000,
        limits: { rpm: 300, tpm: 1_000_000 },
      });
      expect((await lazu.post('/v1/chat/completions', chat, bearer)).status).toBe(200);
      // Stripe sends an event again when an answer was lost, and the same session by another event.
      expect(await deliver(event)).toEqual(booked);
      expect(await deliver(eventOf('checkout.session.async_payment_succeeded', paid))).toEqual(booked);
      const topUps = (await entries(id)).filter(({ kind }) => kind === 'topup');
      expect(topUps).toEqual([
        expect.objectContaining({
          kind: 'topup',
          amount_micro_usd: 123_450_000,
          reference: paid.payment_intent,
          note: `Checkout ${paid.id}`,
        }),
      ]);
      const audit = await lazu.admin('GET', `/api/admin/audit?target_id=${id}&action=account.topup`);
      expect(audit.data).toEqual([
        expect.objectContaining({
          actor: { key_id: 'stripe', name: 'stripe' },
          ip: expect.stringContaining('127.0.0.1'),
          after: expect.objectContaining({ reference: paid.payment_intent, amount_micro_usd: 123_450_000 }),
        }),
      ]);
    });

    it('is credited once by ten deliveries at the same time', async () => {
      const { id } = await tenant();
      const event = completed(id);
      const answers = await Promise.all(Array.from({ length: 10 }, () => deliver(event)));
      expect(answers).toEqual(Array(10).fill(booked));
      expect(await entries(id)).toHaveLength(1);
      expect(await balance(id)).toBe(25_000_000);
    });

    it('is credited once by two hosts that hear of it at the same time', async () => {
      const { id } = await tenant();
      const other = await bootLazu({ ...settings(stripe), DATABASE_URL: lazu.databaseUrl }, lazu);
      try {
        const body = JSON.stringify(completed(id));
        const headers = { 'stripe-signature': sign(body) };
        const hosts = Array.from({ length: 10 }, (_, at) => (at % 2 === 0 ? lazu : other));
        const answers = await Promise.all(hosts.map(host => host.post(WEBHOOK, body, headers)));
        expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
        expect(await entries(id)).toHaveLength(1);
      } finally {
        await other.close();
      }
    });

    it('waits for a payment that takes days, and is nothing when that fails', async () => {
      const { id } = await tenant();
      const debit = session(id, { payment_status: 'unpaid', payment_method_types: ['us_bank_account'] });
      expect(await deliver(eventOf('checkout.session.completed', debit))).toEqual(outcome('ignored'));
      expect(await deliver(eventOf('checkout.session.async_payment_failed', debit))).toEqual(outcome('ignored'));
      expect(await deliver(eventOf('checkout.session.expired', session(id, { payment_status: 'unpaid' })))).toEqual(
        outcome('ignored'),
      );
      expect(await balance(id)).toBe(0);
      const later = { ...debit, payment_status: 'paid' };
      expect(await deliver(eventOf('checkout.session.async_payment_succeeded', later))).toEqual(booked);
      expect(await deliver(eventOf('checkout.session.completed', debit))).toEqual(outcome('ignored'));
      expect(await balance(id)).toBe(25_000_000);
    });

    it('that an admin had booked by hand under the payment’s id is not credited again', async () => {
      const { id } = await tenant();
      const payment = newPayment();
      const byHand = { amount_micro_usd: 25_000_000, reference: payment };
      await lazu.admin('POST', `/api/admin/accounts/${id}/topups`, byHand);
      expect(await deliver(completed(id, { payment_intent: payment }))).toEqual(booked);
      expect(await balance(id)).toBe(25_000_000);
    });

    it.each<[string, (id: string, other: string) => Partial<Stripe.Checkout.Session>]>([
      ['is in euros', () => ({ currency: 'eur' })],
      ['names no payment', () => ({ payment_intent: null })],
      ['names no amount', () => ({ amount_total: null })],
      ['was of nothing', () => ({ amount_total: 0 })],
      ['names another account than the one it was made for', (_id, other) => ({ client_reference_id: other })],
      ['has the metadata of another account', (_id, other) => ({ metadata: { lazu_account_id: other } })],
      [
        'is for an account that is not here',
        () => ({ client_reference_id: 'acct_gone', metadata: { lazu_account_id: 'acct_gone' } }),
      ],
    ])('that %s is not guessed at: nobody is credited, and the operator is told', async (_name, change) => {
      const [{ id }, other] = [await tenant(), await tenant()];
      const before = await metric('lazu_payments_unresolved_total');
      expect(await deliver(completed(id, change(id, other.id)))).toEqual(outcome('unresolved'));
      expect(await metric('lazu_payments_unresolved_total')).toBe(before + 1);
      expect([await entries(id), await entries(other.id)]).toEqual([[], []]);
    });

    it('of another mode than the secret key’s is not credited', async () => {
      const { id } = await tenant();
      const event = eventOf('checkout.session.completed', session(id, { livemode: true }), { livemode: true });
      expect(await deliver(event)).toEqual(outcome('unresolved'));
      expect(await balance(id)).toBe(0);
    });

    it('under a payment that was credited with another amount is left to the operator', async () => {
      const { id } = await tenant();
      const payment = newPayment();
      expect(await deliver(completed(id, { payment_intent: payment }))).toEqual(booked);
      expect(await deliver(completed(id, { payment_intent: payment, amount_total: 2600 }))).toEqual(
        outcome('unresolved'),
      );
      expect(await balance(id)).toBe(25_000_000);
    });

    it('for other things that are sold by the same Stripe account is none of ours', async () => {
      const { id } = await tenant();
      const before = await metric('lazu_payments_unresolved_total');
      for (const other of [
        session(id, { metadata: {} }), // a Payment Link takes `client_reference_id` from its URL
        session(id, { metadata: null, client_reference_id: null }),
        session(id, { mode: 'subscription' }),
        session(id, { payment_status: 'no_payment_required' }),
      ]) {
        expect(await deliver(eventOf('checkout.session.completed', other))).toEqual(outcome('ignored'));
      }
      expect(await deliver(eventOf('customer.created', { id: 'cus_1' }))).toEqual(outcome('ignored'));
      expect(await deliver(eventOf('refund.created', refund('pi_of_a_shop', { currency: 'eur' })))).toEqual(
        outcome('ignored'),
      );
      expect(await deliver(eventOf('charge.dispute.created', dispute('pi_of_a_shop')))).toEqual(outcome('ignored'));
      expect(await metric('lazu_payments_unresolved_total')).toBe(before);
      expect(await entries(id)).toEqual([]);
    });
  });

  describe('money that went back', () => {
    async function paidTenant() {
      const { id, bearer } = await tenant();
      const payment = newPayment();
      await deliver(completed(id, { payment_intent: payment }));
      return { id, bearer, payment };
    }
    const changes = async (id: string) =>
      (await entries(id))
        .filter(({ kind }) => kind === 'refund')
        .map(({ reference, amount_micro_usd }) => [reference, amount_micro_usd])
        .reverse();

    it('by refunds in part is taken once for each', async () => {
      const { id, payment } = await paidTenant();
      const [first, second] = [refund(payment, { amount: 500 }), refund(payment, { amount: 300, status: 'pending' })];
      for (const one of [first, second, first]) {
        expect(await deliver(eventOf('refund.created', one))).toEqual(booked);
      }
      expect(await deliver(eventOf('refund.updated', { ...second, status: 'succeeded' }))).toEqual(booked);
      expect(await changes(id)).toEqual([
        [first.id, -5_000_000],
        [second.id, -3_000_000],
      ]);
      expect(await balance(id)).toBe(17_000_000);
    });

    it('is found by `charge.refunded` alone too, and never taken twice', async () => {
      const { id, payment } = await paidTenant();
      const [first, second] = [refund(payment, { amount: 500 }), refund(payment, { amount: 2000 })];
      stripe.refunds.set(payment, [first]);
      expect(await deliver(eventOf('charge.refunded', charge(payment, { amount_refunded: 500 })))).toEqual(booked);
      expect(stripe.last.path).toBe(`/v1/refunds?payment_intent=${payment}&limit=100`);
      stripe.refunds.set(payment, [second, first]);
      const whole = charge(payment, { amount_refunded: 2500, refunded: true });
      const events = [eventOf('refund.created', second), eventOf('charge.refunded', whole)];
      expect(await Promise.all([...events, ...events].map(event => deliver(event)))).toEqual(Array(4).fill(booked));
      expect((await changes(id)).sort()).toEqual(
        [
          [first.id, -5_000_000],
          [second.id, -20_000_000],
        ].sort(),
      );
      expect(await balance(id)).toBe(0);
    });

    it('comes back when the refund fails, in whichever order that is told', async () => {
      const { id, payment } = await paidTenant();
      const one = refund(payment);
      await deliver(eventOf('refund.created', one));
      expect(await balance(id)).toBe(15_000_000);
      const failed = { ...one, status: 'failed', failure_reason: 'expired_or_canceled_card' };
      await deliver(eventOf('refund.failed', failed));
      await deliver(eventOf('charge.refund.updated', failed));
      expect(await balance(id)).toBe(25_000_000);
      const other = refund(payment);
      await deliver(eventOf('refund.failed', { ...other, status: 'failed' }));
      await deliver(eventOf('refund.created', other));
      expect(await balance(id)).toBe(25_000_000);
      expect(await changes(id)).toEqual([
        [one.id, -10_000_000],
        [`${one.id} returned`, 10_000_000],
        [other.id, -10_000_000],
        [`${other.id} returned`, 10_000_000],
      ]);
    });

    it('before it was credited: the account is found by what Stripe knows of the payment', async () => {
      const { id } = await tenant();
      const payment = newPayment();
      stripe.payments.set(payment, { lazu_account_id: id });
      expect(await deliver(eventOf('refund.created', refund(payment, { amount: 2500 })))).toEqual(booked);
      expect(await balance(id)).toBe(-25_000_000);
      expect(await deliver(completed(id, { payment_intent: payment }))).toEqual(booked);
      expect(await balance(id)).toBe(0);
    });

    it('while Stripe cannot be asked is told again', async () => {
      const { id, payment } = await paidTenant();
      stripe.refusal = { status: 500, error: { type: 'api_error' } };
      const event = eventOf('charge.refunded', charge(payment));
      expect(await deliver(event)).toMatchObject({ status: 503, answer: { error: { code: 'upstream_unavailable' } } });
      expect((await deliver(eventOf('refund.created', refund('pi_unknown')))).status).toBe(503);
      stripe.refusal = undefined;
      stripe.refunds.set(payment, [refund(payment)]);
      expect(await deliver(event)).toEqual(booked);
      expect(await balance(id)).toBe(15_000_000);
    });

    it('in another currency is left to the operator', async () => {
      const { id, payment } = await paidTenant();
      expect(await deliver(eventOf('refund.created', refund(payment, { currency: 'eur' })))).toEqual(
        outcome('unresolved'),
      );
      stripe.refunds.set(payment, [refund(payment, { currency: 'eur' })]);
      expect(await deliver(eventOf('charge.refunded', charge(payment)))).toEqual(outcome('unresolved'));
      expect(await balance(id)).toBe(25_000_000);
    });

    it('by a dispute is taken when Stripe takes it, and comes back when it is won', async () => {
      const { id, payment } = await paidTenant();
      const before = await metric('lazu_payment_disputes_total');
      const one = dispute(payment);
      expect(await deliver(eventOf('charge.dispute.created', one))).toEqual(outcome('noted'));
      expect(await metric('lazu_payment_disputes_total')).toBe(before + 1);
      expect(await balance(id)).toBe(25_000_000);
      expect(await deliver(eventOf('charge.dispute.funds_withdrawn', one))).toEqual(booked);
      expect(await balance(id)).toBe(0);
      const won = { ...one, status: 'won' };
      expect(await deliver(eventOf('charge.dispute.closed', won))).toEqual(booked);
      expect(await deliver(eventOf('charge.dispute.funds_reinstated', won))).toEqual(booked);
      expect(await balance(id)).toBe(25_000_000);
      const audit = await lazu.admin('GET', `/api/admin/audit?target_id=${id}&action=account.refund`);
      expect(audit.data.map((event: any) => [event.actor.key_id, event.after.amount_micro_usd])).toEqual([
        ['stripe', 25_000_000],
        ['stripe', -25_000_000],
      ]);
    });

    it('by a dispute that is lost is taken once; an inquiry takes nothing', async () => {
      const { id, payment } = await paidTenant();
      const one = dispute(payment, { amount: 1000 });
      expect(await deliver(eventOf('charge.dispute.closed', { ...one, status: 'lost' }))).toEqual(booked);
      expect(await deliver(eventOf('charge.dispute.funds_withdrawn', one))).toEqual(booked);
      const inquiry = dispute(payment, { status: 'warning_needs_response' });
      expect(await deliver(eventOf('charge.dispute.created', inquiry))).toEqual(outcome('noted'));
      expect(await deliver(eventOf('charge.dispute.closed', { ...inquiry, status: 'warning_closed' }))).toEqual(
        outcome('ignored'),
      );
      expect(await changes(id)).toEqual([[one.id, -10_000_000]]);
    });

    it('leaves a debt where it was spent: the next request is refused, until more comes in', async () => {
      const { id, bearer, payment } = await paidTenant();
      const spent = { amount_micro_usd: -20_000_000, reference: 'spent' };
      await lazu.admin('POST', `/api/admin/accounts/${id}/adjustments`, spent);
      await deliver(eventOf('refund.created', refund(payment, { amount: 2500 })));
      expect(await (await lazu.get('/api/account', bearer)).json()).toMatchObject({
        balance_micro_usd: -20_000_000,
        available_micro_usd: -20_000_000,
      });
      const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 20 };
      await lazu.admin('POST', '/api/admin/channels', {
        name: 'nowhere',
        provider: 'openai',
        credential: 'sk-none',
        base_url: 'http://127.0.0.1:9/v1',
        models: [{ model: 'gpt-4o-mini' }],
      });
      const refusal = await lazu.post('/v1/chat/completions', chat, bearer);
      expect((await refusal.json()).error).toMatchObject({ code: 'insufficient_quota', param: 'balance' });
      await deliver(completed(id, { amount_total: 3000 }));
      expect((await lazu.post('/v1/chat/completions', chat, bearer)).status).not.toBe(403);
    });
  });

  it('leaves a ledger that adds up', async () => {
    expect(await lazu.admin('GET', '/api/admin/ledger/check')).toMatchObject({ ok: true, problems: [] });
  });
});

describe('while the database is away', () => {
  it('Stripe is asked to tell it again, and then it is credited', async () => {
    const stripe = await FakeStripe.start();
    const database = await createTestDatabase();
    const link = await DatabaseLink.open(database.url);
    const adminKey = `sk-lazu-admin-${'x'.repeat(40)}`;
    const lazu = await bootLazu({ ...settings(stripe), DATABASE_URL: link.url, LAZU_ADMIN_KEY: adminKey });
    try {
      const [account] = (await lazu.admin('GET', '/api/admin/accounts')).data;
      const body = JSON.stringify(eventOf('checkout.session.completed', session(account.id)));
      const deliver = () => lazu.post(WEBHOOK, body, { 'stripe-signature': sign(body) });
      await link.cut();
      const away = await deliver();
      expect([away.status, away.headers.get('retry-after')]).toEqual([503, '2']);
      await link.mend();
      for (let wait = 0; wait < 100 && (await deliver()).status !== 200; wait++) await sleep(100);
      const { balance_micro_usd } = await lazu.admin('GET', `/api/admin/accounts/${account.id}`);
      expect(balance_micro_usd).toBe(25_000_000);
    } finally {
      await lazu.close();
      await link.cut();
      await database.drop();
      await stripe.stop();
    }
  });
});

describe('the log', () => {
  it('tells the operator what failed, and no secret, not even those that Stripe quotes', async () => {
    const stripe = await FakeStripe.start();
    const lazu = await bootLazu({ ...settings(stripe), LOG_LEVEL: 'verbose' });
    const written: string[] = [];
    const spies = [process.stdout, process.stderr].map(stream =>
      jest.spyOn(stream, 'write').mockImplementation(text => written.push(String(text)) > 0),
    );
    const deliver = async (event: object, secret = SECRET) => {
      const body = JSON.stringify(event);
      return (await lazu.post(WEBHOOK, body, { 'stripe-signature': sign(body, secret) })).status;
    };
    try {
      stripe.refusal = { status: 401, error: { type: 'invalid_request_error', message: `Invalid API Key: ${KEY}` } };
      expect((await lazu.post('/api/account/checkout', { amount_micro_usd: 5_000_000 })).status).toBe(502);
      const paid = session('acct_gone');
      expect(await deliver(eventOf('checkout.session.completed', paid), 'whsec_somebody_elses')).toBe(400);
      expect(await deliver(eventOf('checkout.session.completed', paid))).toBe(200);
      expect(await deliver(eventOf('checkout.session.completed', { ...paid, amount_total: 'much' }))).toBe(500);
    } finally {
      spies.forEach(spy => spy.mockRestore());
      await lazu.close();
      await stripe.stop();
    }
    const log = written.join('');
    expect(log).toContain('type StripeAuthenticationError, statusCode 401, requestId req_fake1');
    expect(log).toContain('There is no account acct_gone');
    expect(log).toContain('amount_total');
    expect(log).not.toMatch(/sk_test|whsec_|jenny@example\.com/);
  });
});

describe('where it makes no sense', () => {
  it('BILLING=off: there is nothing to pay for; what was paid before is credited all the same', async () => {
    const stripe = await FakeStripe.start();
    const lazu = await bootLazu({ ...settings(stripe), BILLING: 'off' });
    try {
      const refusal = await lazu.post('/api/account/checkout', { amount_micro_usd: 5_000_000 });
      expect(refusal.status).toBe(404);
      const { error } = await refusal.json();
      expect(error).toMatchObject({ code: 'not_found', message: expect.stringContaining('BILLING=off') });
      expect(stripe.calls).toEqual([]);
      const [account] = (await lazu.admin('GET', '/api/admin/accounts')).data;
      const body = JSON.stringify(eventOf('checkout.session.completed', session(account.id)));
      expect((await lazu.post(WEBHOOK, body, { 'stripe-signature': sign(body) })).status).toBe(200);
      const { balance_micro_usd } = await lazu.admin('GET', `/api/admin/accounts/${account.id}`);
      expect(balance_micro_usd).toBe(25_000_000);
    } finally {
      await lazu.close();
      await stripe.stop();
    }
  });

  it('without Stripe: every route says which variables are missing', async () => {
    const lazu = await bootLazu({ BILLING: 'prepaid' });
    try {
      const [account] = (await lazu.admin('GET', '/api/admin/accounts')).data;
      for (const path of ['/api/account/checkout', `/api/admin/accounts/${account.id}/checkout`, WEBHOOK]) {
        const key = path.startsWith('/api/admin') ? lazu.adminKey : lazu.apiKey;
        const bearer = { authorization: `Bearer ${key}` };
        const response = await lazu.post(path, { amount_micro_usd: 5_000_000 }, bearer);
        expect([path, response.status]).toEqual([path, 404]);
        const { error } = await response.json();
        expect(error).toMatchObject({ code: 'not_found', message: expect.stringContaining('STRIPE_SECRET_KEY') });
      }
    } finally {
      await lazu.close();
    }
  });
});
