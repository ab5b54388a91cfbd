import { CALL_DIMENSIONS, DIMENSIONS, type Dimension } from '../protocols/usage.js';
import { usdOf } from './decimal.js';
import type { PriceTerms } from './price-rates.js';
import type { Rates } from './route.js';

const CALLS: ReadonlySet<Dimension> = new Set(CALL_DIMENSIONS);

/** Field of the wire for a dimension: `input_per_mtok`, `per_request`, `per_tool_web_search` (contract §3, §15). */
export function fieldOf(dimension: Dimension): string {
  if (dimension === 'requests') return 'per_request';
  return CALLS.has(dimension) ? `per_${dimension}` : `${dimension}_per_mtok`;
}

/** Numbers in USD, as the catalog shows them: `{"input_per_mtok": 0.14}`. For display; charging never leaves picoUSD. */
export type UsdRates = Record<string, number>;

export function usdRates(rates: Rates): UsdRates {
  return Object.fromEntries(
    DIMENSIONS.flatMap(dimension => {
      const pico = rates[dimension];
      return pico === undefined ? [] : [[fieldOf(dimension), Number(usdOf(pico, dimension))]];
    }),
  );
}

/** By dimension, as exact decimal strings: `{"input": "0.14"}`. */
export function usdDecimals(rates: Rates): Record<string, string> {
  return Object.fromEntries(
    DIMENSIONS.flatMap(dimension => {
      const pico = rates[dimension];
      return pico === undefined ? [] : [[dimension, usdOf(pico, dimension)]];
    }),
  );
}

export interface UsdTerms {
  readonly input_per_mtok: number;
  readonly output_per_mtok: number;
  readonly tiers?: readonly object[];
  readonly service_tiers?: Readonly<Record<string, UsdRates>>;
  readonly [field: string]: unknown;
}

export function usdTerms(terms: PriceTerms): UsdTerms {
  return {
    input_per_mtok: 0,
    output_per_mtok: 0,
    ...usdRates(terms.rates),
    ...(terms.tiers.length > 0 && {
      tiers: terms.tiers.map(tier => ({
        above_input_tokens: tier.aboveInputTokens,
        ...usdRates(tier.rates),
        ...(tier.serviceTiers && { service_tiers: usdServiceTiers(tier.serviceTiers) }),
      })),
    }),
    ...(Object.keys(terms.serviceTiers).length > 0 && { service_tiers: usdServiceTiers(terms.serviceTiers) }),
  };
}

const usdServiceTiers = (tiers: Readonly<Record<string, Rates>>): Record<string, UsdRates> =>
  Object.fromEntries(Object.entries(tiers).map(([name, rates]) => [name, usdRates(rates)]));
