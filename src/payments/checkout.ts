import { IsDivisibleBy, IsInt, Max, Min } from 'class-validator';
import { MINIMUM_TOPUP_MICRO_USD } from '../billing/ledger.service.js';

/** $10,000: more at once is an invoice, not a card. */
const MAXIMUM_CHECKOUT_MICRO_USD = 10_000_000_000;

export class CheckoutDto {
  /** Whole cents: nobody can pay less. */
  @IsDivisibleBy(10_000)
  @Max(MAXIMUM_CHECKOUT_MICRO_USD)
  @Min(MINIMUM_TOPUP_MICRO_USD)
  @IsInt()
  amount_micro_usd!: number;
}

/** A page where this amount can be paid to this account's balance. */
export interface CheckoutView {
  readonly id: string;
  readonly object: 'checkout';
  readonly account_id: string;
  readonly amount_micro_usd: number;
  readonly url: string;
  readonly expires_at: string;
}
