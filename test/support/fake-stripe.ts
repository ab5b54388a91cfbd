import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type Stripe from 'stripe';

export interface StripeCall {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The form as it was sent, decoded, in order. */
  readonly form: Record<string, string>;
}

/** https://docs.stripe.com/api/errors */
interface Refusal {
  readonly status: number;
  readonly error: object;
}

/** As much of api.stripe.com as Lazu calls, answering with the objects that Stripe documents. */
export class FakeStripe {
  readonly calls: StripeCall[] = [];
  /** Payments by id, with the metadata that they were made with. */
  readonly payments = new Map<string, Record<string, string>>();
  readonly refunds = new Map<string, Stripe.Refund[]>();
  /** What the next calls get instead of an answer. */
  refusal: Refusal | undefined;
  #serial = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<FakeStripe> {
    const server = createServer();
    const fake = new FakeStripe(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString('utf8')));
        fake.#answer({ method: request.method!, path: request.url!, headers: request.headers, form }, response);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get last(): StripeCall {
    return this.calls.at(-1)!;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  #answer(call: StripeCall, response: ServerResponse): void {
    this.calls.push(call);
    const { status, body } = this.refusal
      ? { status: this.refusal.status, body: { error: this.refusal.error } }
      : this.#objectFor(call);
    response.writeHead(status, { 'content-type': 'application/json', 'request-id': `req_fake${++this.#serial}` });
    response.end(JSON.stringify(body));
  }

  #objectFor({ method, path, form }: StripeCall): { status: number; body: object } {
    const { pathname, searchParams } = new URL(path, this.url);
    if (method === 'POST' && pathname === '/v1/checkout/sessions') {
      const id = `cs_test_a1fake${++this.#serial}`;
      const url = `https://checkout.stripe.com/c/pay/${id}#fidkdWxOYHwnPyd1blpx`;
      const amount = Number(form['line_items[0][price_data][unit_amount]']);
      const session = { id, object: 'checkout.session', url, amount_total: amount, currency: 'usd', status: 'open' };
      return { status: 200, body: { ...session, payment_status: 'unpaid', expires_at: 1_795_000_000 } };
    }
    if (method === 'GET' && pathname === '/v1/refunds') {
      const data = this.refunds.get(searchParams.get('payment_intent') ?? '') ?? [];
      return { status: 200, body: { object: 'list', url: '/v1/refunds', has_more: false, data } };
    }
    const payment = /^\/v1\/payment_intents\/(\w+)$/.exec(pathname)?.[1] ?? '';
    const metadata = this.payments.get(payment);
    if (metadata) return { status: 200, body: { id: payment, object: 'payment_intent', currency: 'usd', metadata } };
    const missing = { type: 'invalid_request_error', code: 'resource_missing', message: `No such: '${pathname}'` };
    return { status: 404, body: { error: missing } };
  }
}
