import type { Price, PriceTier, Rates } from '../catalog/route.js';
import { DIMENSIONS, type Dimension, type Usage } from '../protocols/usage.js';
import type { LineItem } from './usage-record.js';

/** What a usage costs under a price. */
export interface Charge {
  readonly lineItems: readonly LineItem[];
  readonly microUsd: bigint;
  /**
   * Used, but neither the dimension nor what it falls back to has a rate: an error state, never a silent zero (trap 7). `service_tier`: the
   * tier that ran has no price, and was charged as the plain one.
   */
  readonly unpriced: readonly (Dimension | 'service_tier')[];
}

/** Where a dimension without a rate of its own takes one from. Calls have no substitute. */
const FALLBACK: Readonly<Partial<Record<Dimension, Dimension>>> = {
  cache_read: 'input',
  cache_write_5m: 'input',
  cache_write_1h: 'cache_write_5m',
  audio_input: 'input',
  image_input: 'input',
  audio_output: 'output',
  image_output: 'output',
};

/** What vendors call the tier that plain rates are for: OpenAI and Bedrock `default`, Anthropic and Google `standard`, Groq `on_demand`. */
const PLAIN_TIERS: ReadonlySet<string | undefined> = new Set([undefined, 'default', 'standard', 'on_demand', 'auto']);

const PICO_PER_MICRO = 1_000_000n;

/** A quantity that can be charged; anything else a vendor may say (negative, fractional, NaN) counts as none. */
export function isQuantity(value: number | undefined): value is number {
  return value !== undefined && value > 0 && Number.isSafeInteger(value);
}

/**
 * charge = Σ over disjoint dimensions of quantity × unit price, in integer picoUSD; rounded once, half up, to microUSD
 * (contract §13). Pure.
 */
export function priceOf(usage: Usage, price: Price): Charge {
  const reached = tierOf(usage, price);
  const service = serviceOf(usage, price, reached);
  const rates = reached || service ? { ...price.rates, ...reached?.rates, ...service } : price.rates;
  const lineItems: LineItem[] = [];
  const unpriced: Charge['unpriced'][number][] = [];
  if (!service && !PLAIN_TIERS.has(usage.serviceTier)) unpriced.push('service_tier');
  let picoUsd = 0n;
  for (const dimension of DIMENSIONS) {
    const quantity = quantityOf(dimension, usage, rates);
    if (!isQuantity(quantity)) continue;
    const rate = rateOf(dimension, rates);
    if (rate === undefined) {
      unpriced.push(dimension);
      continue;
    }
    const amount = rate * BigInt(quantity);
    picoUsd += amount;
    lineItems.push({
      dimension,
      quantity,
      unit_price_pico_usd: rate.toString(),
      amount_pico_usd: amount.toString(),
    });
  }
  return { lineItems, microUsd: toMicroUsd(picoUsd), unpriced };
}

/** The one rounding: half up. */
export function toMicroUsd(picoUsd: bigint): bigint {
  return (picoUsd + PICO_PER_MICRO / 2n) / PICO_PER_MICRO;
}

/** A price per call applies to every call, whether or not the vendor's usage object counts itself. */
function quantityOf(dimension: Dimension, usage: Usage, rates: Rates): number | undefined {
  const stated = usage.dimensions[dimension];
  return stated === undefined && dimension === 'requests' && rates.requests !== undefined ? 1 : stated;
}

function rateOf(dimension: Dimension, rates: Rates): bigint | undefined {
  for (let at: Dimension | undefined = dimension; at !== undefined; at = FALLBACK[at]) {
    const rate = rates[at];
    if (rate !== undefined) return rate;
  }
  return undefined;
}

/**
 * Rates that a service tier has for itself, the context tier's own where it has some. They go before those of the highest context tier that
 * the input reaches, which go before the base rates.
 */
function serviceOf({ serviceTier }: Usage, price: Price, reached: PriceTier | undefined): Rates | undefined {
  if (serviceTier === undefined) return undefined;
  return ownRates(reached?.serviceTiers, serviceTier) ?? ownRates(price.serviceTiers, serviceTier);
}

function tierOf(usage: Usage, price: Price): PriceTier | undefined {
  if (price.tiers.length === 0) return undefined;
  const tokens = inputTokensOf(usage) / (usage.calls ?? 1);
  return price.tiers.findLast(tier => tokens > tier.aboveInputTokens);
}

/** The vendor names the tier: `constructor` is none. */
function ownRates(tiers: PriceTier['serviceTiers'], name: string): Rates | undefined {
  return tiers !== undefined && Object.hasOwn(tiers, name) ? tiers[name] : undefined;
}

const INPUT_DIMENSIONS = [
  'input',
  'cache_read',
  'cache_write_5m',
  'cache_write_1h',
  'audio_input',
  'image_input',
] as const;

/** All tokens that went in, cached ones included: what context-length tiers are measured by. */
function inputTokensOf(usage: Usage): number {
  let sum = 0;
  for (const dimension of INPUT_DIMENSIONS) {
    const quantity = usage.dimensions[dimension];
    if (isQuantity(quantity)) sum += quantity;
  }
  return sum;
}
