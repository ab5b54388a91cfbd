import type { ModelPrice, TieredPrices } from '@pydantic/genai-prices';
import type { Dimension } from '../../protocols/usage.js';
import { picoOf } from '../decimal.js';
import type { Rates } from '../route.js';

/** A price of the package in our words. It says nothing of service tiers, and not of every dimension. */
export interface QuotedTerms {
  readonly rates: Rates;
  /** Above so many input tokens, ascending: each names the rates that change there. */
  readonly steps: readonly { readonly aboveInputTokens: number; readonly rates: Rates }[];
  /** Fields that name something we do not price apart, such as cached audio; their price is left out. */
  readonly leftOut: readonly string[];
}

/** Fields of the package that are dimensions here. Those per thousand calls are `_kcount`. */
const DIMENSION_OF: Readonly<Record<string, Dimension>> = {
  input_mtok: 'input',
  cache_read_mtok: 'cache_read',
  cache_write_mtok: 'cache_write_5m',
  cache_write_1h_mtok: 'cache_write_1h',
  output_mtok: 'output',
  input_audio_mtok: 'audio_input',
  output_audio_mtok: 'audio_output',
  input_image_mtok: 'image_input',
  output_image_mtok: 'image_output',
  requests_kcount: 'requests',
  web_searches_kcount: 'tool_web_search',
};

/** @returns why it cannot be expressed, when it cannot */
export function quotedTerms(price: ModelPrice): QuotedTerms | string {
  const rates: Partial<Record<Dimension, bigint>> = {};
  const steps = new Map<number, Partial<Record<Dimension, bigint>>>();
  const leftOut: string[] = [];
  for (const [field, value] of Object.entries(price)) {
    if (value === undefined) continue;
    const dimension = Object.hasOwn(DIMENSION_OF, field) ? DIMENSION_OF[field] : undefined;
    if (dimension === undefined) {
      leftOut.push(field);
      continue;
    }
    const { base, tiers } = tiered(value);
    const pico = rateOf(base, field, dimension);
    if (pico === undefined) return `${field} is ${base}, which is no whole number of picoUSD`;
    rates[dimension] = pico;
    for (const { start, price: above } of tiers) {
      const step = rateOf(above, field, dimension);
      if (step === undefined) return `${field} is ${above}, which is no whole number of picoUSD`;
      steps.set(start, { ...steps.get(start), [dimension]: step });
    }
  }
  // The package lists free models so, but what it has not looked up as well.
  if (Object.keys(rates).length === 0) return 'The package states no price that is one here';
  return {
    rates,
    steps: [...steps].sort(([a], [b]) => a - b).map(([aboveInputTokens, at]) => ({ aboveInputTokens, rates: at })),
    leftOut,
  };
}

/** A tier holds for all tokens of a request whose input is longer than its start. */
function tiered(value: number | TieredPrices): Pick<TieredPrices, 'base' | 'tiers'> {
  return typeof value === 'number' ? { base: value, tiers: [] } : value;
}

function rateOf(usd: number, field: string, dimension: Dimension): bigint | undefined {
  const pico = picoOf(usd, dimension);
  return pico !== undefined && field.endsWith('_kcount') ? pico / 1_000n : pico;
}
