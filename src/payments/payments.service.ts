import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { ulid } from 'ulid';
import { AccountsService } from '../auth/accounts.service.js';
import { AuditService } from '../auth/audit.service.js';
import { LedgerService } from '../billing/ledger.service.js';
import { Config } from '../config.js';
import type { Trail } from '../database/trail.js';
import { LazuError } from '../errors.js';
import type { CheckoutView } from './checkout.js';
import { paymentMetrics } from './metrics.js';
import { CheckoutPace } from './pace.js';
import { Payments, type PaymentNotice, type Taking } from './payments.js';

/** What came of a notice. `unresolved`: it is about our money, was not booked, and telling it again would not help. */
export type NoticeOutcome = 'booked' | 'noted' | 'ignored' | 'unresolved';

/** How money comes in from outside: customers pay on the provider's page, and the provider tells. */
@Injectable()
export class PaymentsService {
  readonly #logger = new Logger(PaymentsService.name);
  readonly #pace = new CheckoutPace();

  constructor(
    @Inject(Config) private readonly config: Pick<Config, 'billing'>,
    @Optional() @Inject(Payments) private readonly payments: Payments | undefined,
    private readonly accounts: AccountsService,
    private readonly ledger: LedgerService,
    private readonly audit: AuditService,
  ) {}

  /** @throws LazuError `not_found` (the account; no payments here), `request_rate_limit_exceeded`, `upstream_unavailable` … */
  async start(accountId: string, amountMicroUsd: number): Promise<CheckoutView> {
    if (this.config.billing === 'off') {
      throw new LazuError(
        'not_found',
        'This install keeps no balances (`BILLING=off`), so there is nothing to pay for.',
      );
    }
    const payments = this.#configured();
    const account = await this.accounts.get(accountId);
    const waitMs = this.#pace.take(account.id, Date.now());
    if (waitMs > 0) {
      const retryAfter = Math.ceil(waitMs / 1000);
      const message = `This account has started too many checkouts. Try again in ${retryAfter} s.`;
      throw new LazuError('request_rate_limit_exceeded', message, { retryAfter });
    }
    const idempotencyKey = `lazu_checkout_${ulid()}`;
    const { id, url, expiresAt } = await payments.start({ accountId: account.id, amountMicroUsd, idempotencyKey });
    return {
      id,
      object: 'checkout',
      account_id: account.id,
      amount_micro_usd: amountMicroUsd,
      url,
      expires_at: new Date(expiresAt * 1000).toISOString(),
    };
  }

  /**
   * Books what the provider says, once, however often and in whatever order it says it. What throws is worth telling again.
   * @throws LazuError `not_found` (no payments here), `invalid_request` (signature), `upstream_unavailable`; whatever the database does
   */
  async take(body: Buffer, signature: string | undefined, ip: string): Promise<NoticeOutcome> {
    const payments = this.#configured();
    const { id, notice } = payments.read(body, signature);
    const trail = this.audit.trailOf({ keyId: payments.name, name: payments.name, ip });
    try {
      return await this.#book(id, notice, trail);
    } catch (error) {
      if (!isFinal(error)) throw error;
      return this.#unresolved(id, error.message);
    }
  }

  async #book(id: string, notice: PaymentNotice, trail: Trail): Promise<NoticeOutcome> {
    switch (notice.kind) {
      case 'irrelevant':
        return 'ignored';
      case 'unclear':
        if (notice.payment !== undefined && !(await this.#accountOf(notice.payment))) return 'ignored';
        return this.#unresolved(id, notice.why);
      case 'paid': {
        const { accountId, amountMicroUsd, payment, checkout } = notice;
        await this.ledger.topUp(accountId, { amountMicroUsd, reference: payment, note: `Checkout ${checkout}` }, trail);
        await this.accounts.changed(accountId);
        return 'booked';
      }
      case 'taken':
        return this.#takeBack(notice.payment, () => Promise.resolve([notice.taking]), trail);
      case 'refunded':
        return this.#takeBack(notice.payment, () => this.#configured().refundsOf(notice.payment), trail);
      case 'disputed': {
        const accountId = await this.#accountOf(notice.payment);
        if (accountId === undefined) return 'ignored';
        paymentMetrics.disputes.inc();
        const { payment, dispute, reason } = notice;
        this.#logger.warn({ accountId, payment, dispute, reason }, 'A payment is disputed.');
        return 'noted';
      }
    }
  }

  async #takeBack(payment: string, takings: () => Promise<readonly Taking[]>, trail: Trail): Promise<NoticeOutcome> {
    const accountId = await this.#accountOf(payment);
    if (accountId === undefined) return 'ignored';
    for (const { reference, amountMicroUsd, state } of await takings()) {
      const note = `Of ${payment}`;
      await this.ledger.refund(accountId, { amountMicroUsd: -amountMicroUsd, reference, note }, trail);
      if (state === 'taken') continue;
      // Both, whether or not the first was told before: together they are nothing.
      await this.ledger.refund(accountId, { amountMicroUsd, reference: `${reference} returned`, note }, trail);
    }
    return 'booked';
  }

  /** The provider is asked when the payment is not in the ledger: it may be told of later than its refund, or be none of ours. */
  async #accountOf(payment: string): Promise<string | undefined> {
    return (await this.ledger.toppedUpBy(payment)) ?? this.#configured().accountOf(payment);
  }

  #unresolved(notice: string, why: string): NoticeOutcome {
    paymentMetrics.unresolved.inc();
    this.#logger.error(
      { notice, why },
      'A payment was reported that could not be booked. Book it by hand, or have it sent again.',
    );
    return 'unresolved';
  }

  #configured(): Payments {
    if (this.payments) return this.payments;
    const message =
      'This install takes no payments. Its operator can set `STRIPE_SECRET_KEY`, `STRIPE_WEBHOOK_SECRET` and `STRIPE_SUCCESS_URL`.';
    throw new LazuError('not_found', message);
  }
}

/** No such account; another amount under this reference; a currency: none of it changes by waiting. */
function isFinal(error: unknown): error is LazuError {
  return error instanceof LazuError && ['not_found', 'conflict', 'invalid_value'].includes(error.code);
}
