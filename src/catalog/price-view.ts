import type { Price as PriceRow } from '../generated/prisma/client.js';
import { laneOf } from './catalog-rows.js';
import { decimalOf } from './decimal.js';
import { parseTerms } from './price-rates.js';
import { usdTerms, type UsdTerms } from './price-usd.js';
import type { Lane } from './route.js';

export type PriceView = {
  readonly id: string;
  readonly object: 'price';
  readonly model: string;
  readonly lane: Lane;
  /** `seed`: the official price; `rule`: times a factor; `admin`: set by hand. */
  readonly source: string;
  /** Of the rule that made it, as a decimal string. */
  readonly factor: string | null;
  readonly created_at: string;
} & UsdTerms;

export function priceView(row: PriceRow): PriceView {
  return {
    id: row.id,
    object: 'price',
    model: row.modelName,
    lane: laneOf(row.lane),
    source: row.source,
    factor: factorOf(row.factorMillionths),
    created_at: row.createdAt.toISOString(),
    ...usdTerms(parseTerms(row.rates)),
  };
}

export const factorOf = (millionths: number | null): string | null =>
  millionths === null ? null : decimalOf(BigInt(millionths));
