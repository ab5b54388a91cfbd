import { CALL_DIMENSIONS, type Dimension } from '../protocols/usage.js';

/** Digits after the point that a price in USD may have: USD 0.000001 per million tokens is one picoUSD per token. */
const DECIMALS = 6;
const SHAPE = /^(\d{1,9})(?:\.(\d+))?$/;
const CALLS: ReadonlySet<string> = new Set(CALL_DIMENSIONS);

/** One call priced at USD 0.000001 is 10⁶ picoUSD; one token at USD 0.000001 per million is 1. */
const unitsPerMillionth = (dimension: Dimension): bigint => (CALLS.has(dimension) ? 1_000_000n : 1n);

/**
 * An exact decimal, read without floats.
 * @param value `0.15`, `"0.15"`, `3`; at most six decimals, below 10⁹, not negative
 * @returns millionths, or undefined when it is not such a number
 */
export function millionthsOf(value: unknown): bigint | undefined {
  // The shortest text that reads back as the same double: what the caller typed, unless it has an exponent, which no price needs.
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return undefined;
  const [whole, digits = ''] = SHAPE.exec(text)?.slice(1) ?? [];
  const fraction = digits.replace(/0+$/, '');
  if (whole === undefined || fraction.length > DECIMALS) return undefined;
  return BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(DECIMALS, '0'));
}

/**
 * @param value USD per million tokens, or USD per call for a call dimension
 * @returns picoUSD per token or call; undefined when `value` is no price
 */
export function picoOf(value: unknown, dimension: Dimension): bigint | undefined {
  const millionths = millionthsOf(value);
  return millionths === undefined ? undefined : millionths * unitsPerMillionth(dimension);
}

/**
 * @param pico picoUSD per token or call
 * @returns USD per million tokens, or USD per call, exactly, as the shortest decimal: `0.15`, `3`
 */
export function usdOf(pico: bigint, dimension: Dimension): string {
  const usd = 1_000_000n * unitsPerMillionth(dimension);
  const fraction = String(pico % usd)
    .padStart(String(usd).length - 1, '0')
    .replace(/0+$/, '');
  const whole = String(pico / usd);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** @param millionths such as `millionthsOf` gives @returns the shortest decimal */
export const decimalOf = (millionths: bigint): string => usdOf(millionths, 'input');
