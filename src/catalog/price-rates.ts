import { z } from 'zod';
import { DIMENSIONS, type Dimension } from '../protocols/usage.js';
import type { Price, Rates } from './route.js';

/** What a price says, without which row says it. */
export type PriceTerms = Pick<Price, 'rates' | 'tiers' | 'serviceTiers'>;

/** Dimension → picoUSD as a decimal string: JSON has no integers this large. */
type StoredRates = Partial<Record<Dimension, string>>;

/** The `rates` column of a price row. */
export interface StoredTerms {
  rates: StoredRates;
  tiers?: { above_input_tokens: number; rates: StoredRates; service_tiers?: Record<string, StoredRates> }[];
  service_tiers?: Record<string, StoredRates>;
}

const storedRates = z
  .partialRecord(z.enum(DIMENSIONS), z.string().regex(/^\d+$/))
  .transform(rates => Object.fromEntries(Object.entries(rates).map(([name, pico]) => [name, BigInt(pico)])) as Rates);
const storedServiceTiers = z.record(z.string(), storedRates);
const storedTerms = z.object({
  rates: storedRates,
  tiers: z
    .array(
      z.object({
        above_input_tokens: z.number().int().nonnegative(),
        rates: storedRates,
        service_tiers: storedServiceTiers.optional(),
      }),
    )
    .default([]),
  service_tiers: storedServiceTiers.default({}),
});

/** Reads the `rates` column of a price row. @throws ZodError when the row was not written by us */
export function parseTerms(stored: unknown): PriceTerms {
  const { rates, tiers, service_tiers } = storedTerms.parse(stored);
  return {
    rates,
    tiers: tiers
      .map(tier => ({
        aboveInputTokens: tier.above_input_tokens,
        rates: tier.rates,
        ...(tier.service_tiers && { serviceTiers: tier.service_tiers }),
      }))
      .sort((a, b) => a.aboveInputTokens - b.aboveInputTokens),
    serviceTiers: service_tiers,
  };
}

export function storeTerms(terms: PriceTerms): StoredTerms {
  return {
    rates: storeRates(terms.rates),
    ...(terms.tiers.length > 0 && {
      tiers: terms.tiers.map(tier => ({
        above_input_tokens: tier.aboveInputTokens,
        rates: storeRates(tier.rates),
        ...(tier.serviceTiers && { service_tiers: storeAll(tier.serviceTiers) }),
      })),
    }),
    ...(Object.keys(terms.serviceTiers).length > 0 && { service_tiers: storeAll(terms.serviceTiers) }),
  };
}

const storeAll = (tiers: Readonly<Record<string, Rates>>): Record<string, StoredRates> =>
  Object.fromEntries(Object.entries(tiers).map(([name, rates]) => [name, storeRates(rates)]));

/** In the order of DIMENSIONS, so that equal terms are equal text. */
function storeRates(rates: Rates): StoredRates {
  return Object.fromEntries(
    DIMENSIONS.flatMap(name => (rates[name] === undefined ? [] : [[name, String(rates[name])]])),
  );
}
