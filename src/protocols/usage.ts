/**
 * The vocabulary of metering. Disjoint by definition: every token of an answer is counted in exactly one of the token
 * dimensions, and they sum to the provider's total (contract §13). Reasoning tokens are a memo inside `output`.
 */
export const TOKEN_DIMENSIONS = [
  'input',
  'cache_read',
  'cache_write_5m',
  'cache_write_1h',
  'output',
  'audio_input',
  'audio_output',
  'image_input',
  'image_output',
] as const;

/** Counted per call, not per token. */
export const CALL_DIMENSIONS = ['requests', 'tool_web_search', 'tool_code_execution', 'tool_other'] as const;

export const DIMENSIONS = [...TOKEN_DIMENSIONS, ...CALL_DIMENSIONS] as const;

export type TokenDimension = (typeof TOKEN_DIMENSIONS)[number];
export type CallDimension = (typeof CALL_DIMENSIONS)[number];
export type Dimension = (typeof DIMENSIONS)[number];

/** What a vendor reported, in our words. Quantities are whole tokens or calls, never negative; absent means none. */
export interface Usage {
  readonly dimensions: Readonly<Partial<Record<Dimension, number>>>;
  /** Memo: the part of `output` that was reasoning. */
  readonly reasoningTokens?: number;
  /** The provider's own total of tokens, to check the sum against; absent when it states none. */
  readonly totalTokens?: number;
  /** The service tier that the vendor says it used, when that changes the price. */
  readonly serviceTier?: string;
  /** Of so many calls these are the sum; absent: one. Context tiers go by the input of each. */
  readonly calls?: number;
  /** The vendor's usage object as it came, for `provider_usage.raw_fields`. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** The quantities that count something: of the others a record says nothing. */
export function counted(quantities: Partial<Record<Dimension, number>>): Usage['dimensions'] {
  const dimensions: Partial<Record<Dimension, number>> = {};
  for (const name in quantities) {
    const quantity = quantities[name as Dimension] ?? 0;
    if (quantity > 0) dimensions[name as Dimension] = quantity;
  }
  return dimensions;
}

/** Sum of all token dimensions: what must equal the provider's total. */
export function tokensOf(usage: Usage): number {
  let sum = 0;
  for (const dimension of TOKEN_DIMENSIONS) sum += usage.dimensions[dimension] ?? 0;
  return sum;
}

const OUTPUT: readonly TokenDimension[] = ['output', 'audio_output', 'image_output'];
const CALLS: readonly Dimension[] = CALL_DIMENSIONS;

export const isTokens = (dimension: Dimension): boolean => !CALLS.includes(dimension);
export const isOutput = (dimension: Dimension): boolean => (OUTPUT as readonly Dimension[]).includes(dimension);

/** Sum of the token dimensions that were sent, cached ones included. */
export function inputTokensOf(usage: Usage): number {
  return tokensOf(usage) - OUTPUT.reduce((sum, dimension) => sum + (usage.dimensions[dimension] ?? 0), 0);
}
