import { IsUsd } from './validators.js';

/** Sell price = official price × factor. */
export class PutPriceRuleDto {
  /** Above 0, at most 1000, a number or decimal string of at most six decimals. */
  @IsUsd()
  factor!: number | string;
}
