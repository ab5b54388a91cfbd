import { IsIn, IsInt, IsOptional, Max, Min, NotEquals } from 'class-validator';
import { MINIMUM_TOPUP_MICRO_USD } from '../billing/ledger.service.js';
import { IsText, MayBeAbsent } from './validators.js';

/** The columns are 4-byte integers. */
export const MOST_PER_MINUTE = 2_147_483_647;

/** Absent: unchanged; null: cleared. */
class AccountDto {
  @MayBeAbsent()
  @IsIn(['active', 'suspended'])
  status?: 'active' | 'suspended';

  /** One of `TIERS`, which then stays; null: it follows spend and top-ups again. */
  @IsOptional()
  @IsText(1, 32)
  tier?: string | null;

  /** Requests per rolling 60 s. */
  @IsOptional()
  @Max(MOST_PER_MINUTE)
  @Min(0)
  @IsInt()
  rpm?: number | null;

  /** Tokens per rolling 60 s. */
  @IsOptional()
  @Max(MOST_PER_MINUTE)
  @Min(0)
  @IsInt()
  tpm?: number | null;
}

export class CreateAccountDto extends AccountDto {
  @IsText(1, 200)
  name!: string;
}

export class UpdateAccountDto extends AccountDto {
  @MayBeAbsent()
  @IsText(1, 200)
  name?: string;
}

class PostingDto {
  @IsText(1, 200)
  reference!: string;

  @IsOptional()
  @IsText(0, 1000)
  note?: string | null;
}

export class TopUpDto extends PostingDto {
  @Max(Number.MAX_SAFE_INTEGER)
  @Min(MINIMUM_TOPUP_MICRO_USD)
  @IsInt()
  amount_micro_usd!: number;
}

export class AdjustmentDto extends PostingDto {
  /** Negative takes from the balance. */
  @NotEquals(0)
  @Max(Number.MAX_SAFE_INTEGER)
  @Min(Number.MIN_SAFE_INTEGER)
  @IsInt()
  amount_micro_usd!: number;
}
