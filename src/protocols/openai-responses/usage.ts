import type { JsonObject } from '../protocol.js';
import { counted, type Dimension, type Usage } from '../usage.js';

const count = (value: unknown): number => (typeof value === 'number' && value > 0 ? Math.round(value) : 0);
const object = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null ? (value as JsonObject) : {};

/** Server tools that are charged by the call, by the item that each leaves in the output. */
const CALLS: Readonly<Record<string, Dimension>> = {
  web_search_call: 'tool_web_search',
  code_interpreter_call: 'tool_code_execution',
  file_search_call: 'tool_other',
};

/**
 * The usage object of Responses in disjoint dimensions. Its names are not those of chat: `input_tokens` includes cached and written ones,
 * `output_tokens` reasoning: https://platform.openai.com/docs/api-reference/responses/object#responses/object-usage
 * Some clones count a preamble as cached that is no part of the input: no more can be charged than there is.
 */
export function readUsage(raw: JsonObject, serviceTier: unknown, output: readonly unknown[] = []): Usage {
  const details = object(raw.input_tokens_details);
  const input = count(raw.input_tokens);
  const cacheRead = Math.min(count(details.cached_tokens), input);
  const cacheWrite = Math.min(count(details.cache_write_tokens), input - cacheRead);
  const quantities: Partial<Record<Dimension, number>> = {
    input: input - cacheRead - cacheWrite,
    cache_read: cacheRead,
    cache_write_5m: cacheWrite,
    output: count(raw.output_tokens),
  };
  for (const item of output) {
    const { type, action } = object(item);
    const dimension = CALLS[String(type)];
    // Opening a page that a search found is free: https://platform.openai.com/docs/pricing#built-in-tools
    if (dimension && (object(action).type ?? 'search') === 'search')
      quantities[dimension] = (quantities[dimension] ?? 0) + 1;
  }
  return {
    dimensions: counted(quantities),
    reasoningTokens: count(object(raw.output_tokens_details).reasoning_tokens) || undefined,
    totalTokens: typeof raw.total_tokens === 'number' ? raw.total_tokens : undefined,
    serviceTier: typeof serviceTier === 'string' ? serviceTier : undefined,
    raw,
  };
}
