import { LazuError } from '../errors.js';
import { DIMENSIONS, type Dimension } from '../protocols/usage.js';
import { picoOf } from './decimal.js';
import { fieldOf } from './price-usd.js';
import type { PriceTerms } from './price-rates.js';
import type { Rates } from './route.js';

/** As `PUT …/prices/:lane` takes it (contract §15): `<dimension>_per_mtok` and `per_<call>`, numbers or decimal strings. */
export interface WireTerms {
  readonly [field: string]: unknown;
  readonly tiers?: readonly { readonly above_input_tokens: number; readonly [field: string]: unknown }[];
  readonly service_tiers?: Readonly<Record<string, unknown>>;
}

const RATE_FIELDS: ReadonlyMap<string, Dimension> = new Map(DIMENSIONS.map(name => [fieldOf(name), name]));

/** @throws LazuError invalid_value naming the field */
export function termsFromWire(body: WireTerms): PriceTerms {
  const { tiers = [], service_tiers = {}, ...rates } = body;
  const terms: PriceTerms = {
    rates: ratesFrom(rates, ''),
    tiers: tiers.map(({ above_input_tokens, service_tiers: within, ...tier }, index) => ({
      aboveInputTokens: above_input_tokens,
      rates: ratesFrom(tier, `tiers.${index}.`),
      ...(within !== undefined && { serviceTiers: serviceTiersFrom(within, `tiers.${index}.`) }),
    })),
    serviceTiers: serviceTiersFrom(service_tiers, ''),
  };
  const starts = terms.tiers.map(tier => tier.aboveInputTokens);
  if (starts.some((start, index) => index > 0 && start <= (starts[index - 1] ?? 0))) {
    throw new LazuError('invalid_value', 'tiers must be in ascending order of above_input_tokens.', { param: 'tiers' });
  }
  return terms;
}

function serviceTiersFrom(tiers: unknown, path: string): Record<string, Rates> {
  const param = `${path}service_tiers`;
  return Object.fromEntries(
    Object.entries(objectAt(tiers, param)).map(([name, rates]) => {
      const at = `${param}.${name}`;
      return [name, ratesFrom(objectAt(rates, at), `${at}.`)];
    }),
  );
}

function objectAt(value: unknown, param: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new LazuError('invalid_request', `${param} must be an object.`, { param });
}

function ratesFrom(fields: Readonly<Record<string, unknown>>, path: string): Rates {
  const rates: Partial<Record<Dimension, bigint>> = {};
  for (const [field, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const dimension = RATE_FIELDS.get(field);
    const param = `${path}${field}`;
    if (dimension === undefined) {
      throw new LazuError(
        'unsupported_parameter',
        `${param} is no price. Known are ${[...RATE_FIELDS.keys()].join(', ')}.`,
        {
          param,
        },
      );
    }
    const pico = picoOf(value, dimension);
    if (pico === undefined) {
      throw new LazuError(
        'invalid_value',
        `${param} must be USD as a number or decimal string, not negative, with at most six decimals.`,
        { param },
      );
    }
    rates[dimension] = pico;
  }
  return rates;
}
