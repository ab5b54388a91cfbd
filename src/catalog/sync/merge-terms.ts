import type { PriceTerms } from '../price-rates.js';
import type { PriceTier, Rates } from '../route.js';
import { share } from '../sell-price.js';
import type { QuotedTerms } from './quoted-terms.js';

const NOTHING: PriceTerms = { rates: {}, tiers: [], serviceTiers: {} };

/**
 * The official price with what the package says of it. What the package does not speak of stays: dimensions that it does not state, and
 * service tiers, which keep their ratio to the plain rates (`flex` at half the price is half the new price).
 */
export function mergeTerms(known: PriceTerms | undefined, quoted: QuotedTerms): PriceTerms {
  const before = known ?? NOTHING;
  const rates = { ...before.rates, ...quoted.rates };
  return {
    rates,
    tiers: startsOf(before, quoted).map((start, at) => {
      const tier = { aboveInputTokens: start, rates: ratesAbove(start, before, quoted) };
      const serviceTiers = serviceAbove(tier, at, before, rates);
      return serviceTiers ? { ...tier, serviceTiers } : tier;
    }),
    serviceTiers: inRatio(before.serviceTiers, before.rates, rates),
  };
}

/** Where the package has a step, and where ours has one for something that the package does not state. */
function startsOf(before: PriceTerms, { rates, steps }: QuotedTerms): number[] {
  const kept = before.tiers.filter(tier => Object.keys(tier.rates).some(name => !Object.hasOwn(rates, name)));
  const starts = new Set([...steps, ...kept].map(({ aboveInputTokens }) => aboveInputTokens));
  return [...starts].sort((a, b) => a - b);
}

/** All that differs from the base rates there: of several tiers only the highest one reached counts. */
function ratesAbove(start: number, before: PriceTerms, { rates, steps }: QuotedTerms): Rates {
  const reached = before.tiers.findLast(tier => tier.aboveInputTokens <= start)?.rates ?? {};
  const kept = Object.entries(reached).filter(([name]) => !Object.hasOwn(rates, name));
  const stated = steps.filter(({ aboveInputTokens }) => aboveInputTokens <= start).map(step => step.rates);
  return Object.assign({}, Object.fromEntries(kept), ...stated) as Rates;
}

function serviceAbove(tier: PriceTier, at: number, before: PriceTerms, base: Rates): PriceTier['serviceTiers'] {
  const was =
    before.tiers.find(({ aboveInputTokens }) => aboveInputTokens === tier.aboveInputTokens) ?? before.tiers[at];
  const plain = { ...base, ...tier.rates };
  // A tier that had no service rates of its own keeps having none; a new one gets the ratios of the base rates.
  if (was) return was.serviceTiers && inRatio(was.serviceTiers, { ...before.rates, ...was.rates }, plain);
  return Object.keys(before.serviceTiers).length > 0 ? inRatio(before.serviceTiers, before.rates, plain) : undefined;
}

function inRatio(tiers: Readonly<Record<string, Rates>>, before: Rates, now: Rates): Record<string, Rates> {
  return Object.fromEntries(
    Object.entries(tiers).map(([name, rates]) => [
      name,
      Object.fromEntries(
        Object.entries(rates).map(([dimension, pico]) => {
          const [was, is] = [before[dimension as keyof Rates], now[dimension as keyof Rates]];
          return [dimension, was === undefined || was === 0n || is === undefined ? pico : share(pico, is, was)];
        }),
      ),
    ]),
  );
}
