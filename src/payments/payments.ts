/** What a customer is about to pay. */
export interface CheckoutOrder {
  readonly accountId: string;
  /** Whole cents. */
  readonly amountMicroUsd: number;
  /** The same key again is the same checkout, whatever the network did in between. */
  readonly idempotencyKey: string;
}

export interface StartedCheckout {
  readonly id: string;
  /** The page where the customer pays. */
  readonly url: string;
  /** Unix seconds; after that the page takes no payment. */
  readonly expiresAt: number;
}

/** Money of one payment that was taken away again, by a refund or a dispute. */
export interface Taking {
  /** Id of the refund or dispute: it is booked once. */
  readonly reference: string;
  readonly amountMicroUsd: number;
  /** `returned`: it came back, as the refund failed or the dispute was won. */
  readonly state: 'taken' | 'returned';
}

/** What a provider of payments has to say, in our words. */
export type PaymentNotice =
  /** `payment` names the payment for good; `accountId` is what we gave along with the order. */
  | {
      readonly kind: 'paid';
      readonly payment: string;
      readonly accountId: string;
      readonly amountMicroUsd: number;
      readonly checkout: string;
    }
  | { readonly kind: 'taken'; readonly payment: string; readonly taking: Taking }
  /** Something was refunded, and the notice does not say by which refund: ask. */
  | { readonly kind: 'refunded'; readonly payment: string }
  /** A customer's bank questions a payment. No money has moved by that. */
  | { readonly kind: 'disputed'; readonly payment: string; readonly dispute: string; readonly reason: string }
  /** Something in it must not be guessed: a person has to look, if this payment is one of ours. `payment` undefined: it is. */
  | { readonly kind: 'unclear'; readonly why: string; readonly payment: string | undefined }
  /** Nothing that moves money here. */
  | { readonly kind: 'irrelevant' };

export interface SignedNotice {
  /** For the log. */
  readonly id: string;
  readonly notice: PaymentNotice;
}

/** Where customers pay, with pages and card data of its own: none of it passes through here. */
export interface Payments {
  /** Who did it, in the audit. */
  readonly name: string;
  /** @throws LazuError `upstream_unavailable`, `upstream_error` */
  start(order: CheckoutOrder): Promise<StartedCheckout>;
  /**
   * @param body as it came, byte for byte
   * @throws LazuError `invalid_request` when the signature is not the provider's, or an old one
   */
  read(body: Buffer, signature: string | undefined): SignedNotice;
  /** The account that we gave along with this payment; undefined: it is none of ours. @throws LazuError `upstream_unavailable` … */
  accountOf(payment: string): Promise<string | undefined>;
  /** All refunds of this payment, as they stand now. @throws LazuError `upstream_unavailable` … */
  refundsOf(payment: string): Promise<readonly Taking[]>;
}

/** Undefined where no provider is configured. */
export const Payments = Symbol('Payments');
