import { DIMENSIONS, type Dimension } from '../../protocols/usage.js';
import { millionthsOf, picoOf } from '../decimal.js';
import type { PriceTerms } from '../price-rates.js';
import type { PriceTier, Rates } from '../route.js';
import type { SeedPrice } from './seed-file.js';

type Decimals = Readonly<Partial<Record<Dimension, string>>>;

/** The terms that a price of the seed stands for. @throws Error when a multiplied rate is finer than one picoUSD */
export function termsOf(price: SeedPrice): PriceTerms {
  const rates = ratesOf(price);
  const tiers = (price.tiers ?? []).map(tier => ({ aboveInputTokens: tier.above, rates: ratesOf(tier) }));
  const serviceTiers = Object.entries(price.service_tiers ?? {});
  const factors = serviceTiers.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return {
    rates,
    tiers: tiers.map(tier => withFactors(tier, factors)),
    serviceTiers: Object.fromEntries(
      serviceTiers.map(([name, terms]) => [name, typeof terms === 'string' ? times(rates, terms) : ratesOf(terms)]),
    ),
  };
}

/** `flex` at half the price is half the price above 272,000 tokens too. */
function withFactors(tier: PriceTier, factors: readonly (readonly [string, string])[]): PriceTier {
  if (factors.length === 0) return tier;
  return {
    ...tier,
    serviceTiers: Object.fromEntries(factors.map(([name, factor]) => [name, times(tier.rates, factor)])),
  };
}

function ratesOf(decimals: Decimals): Rates {
  return Object.fromEntries(
    DIMENSIONS.flatMap(name => {
      const pico = picoOf(decimals[name], name);
      return pico === undefined ? [] : [[name, pico]];
    }),
  );
}

/** Tokens cost more or less in a service tier, tool calls do not. */
function times(rates: Rates, factor: string): Rates {
  const millionths = millionthsOf(factor) ?? 1_000_000n;
  return Object.fromEntries(
    Object.entries(rates).map(([name, pico]) => {
      if (name.startsWith('tool_') || name === 'requests') return [name, pico];
      const scaled = pico * millionths;
      if (scaled % 1_000_000n !== 0n) throw new Error(`${name} times ${factor} is finer than one picoUSD`);
      return [name, scaled / 1_000_000n];
    }),
  );
}
