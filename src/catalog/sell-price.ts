import type { PriceTerms } from './price-rates.js';
import type { Lane, PriceTier, Rates } from './route.js';

/** What a lane's price has to be while nobody sets it by hand. */
export interface SellPrice {
  readonly terms: PriceTerms;
  /** `seed`: the official price itself; `rule`: times a factor. */
  readonly source: 'seed' | 'rule';
  /** The factor × 10⁶. */
  readonly factorMillionths: number | null;
}

/** One, in millionths. */
export const PAR = 1_000_000n;

const CONVERSATIONS: readonly string[] = ['chat', 'responses', 'messages', 'gemini'];

/**
 * Trap 7: half a price would make the other half free. A model that is not talked to may be priced per call alone.
 * @returns the rate that is lacking
 */
export function lackingRate({ rates }: PriceTerms, endpointTypes: readonly string[]): 'input' | 'output' | undefined {
  const talks = endpointTypes.some(type => CONVERSATIONS.includes(type));
  if (!talks && Object.keys(rates).length > 0) return undefined;
  return (['input', 'output'] as const).find(name => rates[name] === undefined);
}

/**
 * Official price × factor where a rule is; without one the direct lane costs the official price, and there is no cheap lane.
 * @param factorMillionths of the rule for (vendor, lane)
 * @returns undefined: no price, so that nothing is sold (trap 7: what is not known is not free)
 */
export function sellPrice(
  model: { readonly official: PriceTerms | undefined; readonly endpointTypes: readonly string[] },
  lane: Lane,
  factorMillionths: number | undefined,
): SellPrice | undefined {
  const { official } = model;
  if (official === undefined || lackingRate(official, model.endpointTypes) !== undefined) return undefined;
  if (factorMillionths !== undefined) {
    return { terms: timesFactor(official, BigInt(factorMillionths)), source: 'rule', factorMillionths };
  }
  return lane === 'direct' ? { terms: official, source: 'seed', factorMillionths: null } : undefined;
}

/** Every rate of it, calls too, each rounded half up to a whole picoUSD; one that is not zero never becomes zero. */
export function timesFactor({ rates, tiers, serviceTiers }: PriceTerms, factorMillionths: bigint): PriceTerms {
  const all = (table: Rates): Rates => scaled(table, factorMillionths);
  const each = (tables: NonNullable<PriceTier['serviceTiers']>) =>
    Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, all(table)]));
  return {
    rates: all(rates),
    tiers: tiers.map(tier => ({
      ...tier,
      rates: all(tier.rates),
      ...(tier.serviceTiers && { serviceTiers: each(tier.serviceTiers) }),
    })),
    serviceTiers: each(serviceTiers),
  };
}

function scaled(rates: Rates, factorMillionths: bigint): Rates {
  return Object.fromEntries(Object.entries(rates).map(([name, pico]) => [name, share(pico, factorMillionths, PAR)]));
}

/** `pico × part / whole`, rounded half up; what is not zero stays at least 1. */
export function share(pico: bigint, part: bigint, whole: bigint): bigint {
  const rounded = (2n * pico * part + whole) / (2n * whole);
  return rounded === 0n && pico * part > 0n ? 1n : rounded;
}
