import { ArrayMaxSize, IsArray, IsString, Length } from 'class-validator';
import { IsUsd, MayBeAbsent } from './validators.js';

/** Sell price = official price × factor. */
export class PutPriceRuleDto {
  /** Above 0, at most 1000, a number or decimal string of at most six decimals. */
  @IsUsd()
  factor!: number | string;
}

/** Which models of the data package are meant. */
export class SyncPricesDto {
  /** Models whose held changes were looked at and are wanted. */
  @MayBeAbsent()
  @Length(1, 200, { each: true })
  @IsString({ each: true })
  @ArrayMaxSize(1000)
  @IsArray()
  accept?: string[];

  /** Only these; absent: all. */
  @MayBeAbsent()
  @Length(1, 200, { each: true })
  @IsString({ each: true })
  @ArrayMaxSize(1000)
  @IsArray()
  models?: string[];
}
