import type { JsonObject } from '../protocol.js';
import { counted, type Usage } from '../usage.js';

const count = (value: unknown): number => (typeof value === 'number' && value > 0 ? Math.round(value) : 0);
const object = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null ? (value as JsonObject) : {};

/**
 * Cohere's usage in disjoint dimensions. What it charges for are `billed_units`; `tokens` counts its own preamble too, which is in
 * front of every prompt and free. https://docs.cohere.com/docs/how-does-cohere-pricing-work
 * Cached is the beginning of the prompt, so the preamble first: only what is cached beyond it was charged at all.
 */
export function readUsage(raw: JsonObject): Usage {
  const tokens = object(raw.tokens);
  const billed = raw.billed_units ? object(raw.billed_units) : tokens;
  const input = count(billed.input_tokens);
  const output = count(billed.output_tokens);
  const free = Math.max(0, count(tokens.input_tokens) + count(tokens.image_tokens) - input);
  const cached = Math.min(Math.max(0, count(raw.cached_tokens) - free), input);
  const quantities = { input: input - cached, cache_read: cached, output };
  return {
    dimensions: counted(quantities),
    reasoningTokens: Math.min(count(tokens.reasoning_tokens), output) || undefined,
    totalTokens: input + output,
    raw,
  };
}
