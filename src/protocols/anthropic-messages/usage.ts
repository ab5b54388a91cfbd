import type { JsonObject } from '../protocol.js';
import type { Dimension, Usage } from '../usage.js';

const count = (value: unknown): number => (typeof value === 'number' && value > 0 ? Math.round(value) : 0);
const object = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null ? (value as JsonObject) : {};

/**
 * Anthropic's usage object in disjoint dimensions: `input_tokens` counts neither cache reads nor writes, which stand beside it.
 * https://platform.claude.com/docs/en/build-with-claude/prompt-caching#tracking-cache-performance
 * Writes by lifetime are in `cache_creation`; without it, or beyond it, they live five minutes.
 */
export function readUsage(raw: JsonObject): Usage {
  const written = object(raw.cache_creation);
  const tools = object(raw.server_tool_use);
  const write1h = count(written.ephemeral_1h_input_tokens);
  const write5m = Math.max(count(written.ephemeral_5m_input_tokens), count(raw.cache_creation_input_tokens) - write1h);
  const quantities: Partial<Record<Dimension, number>> = {
    input: count(raw.input_tokens),
    cache_read: count(raw.cache_read_input_tokens),
    cache_write_5m: write5m,
    cache_write_1h: write1h,
    output: count(raw.output_tokens),
    tool_web_search: count(tools.web_search_requests),
    tool_code_execution: count(tools.code_execution_requests),
  };
  const { service_tier: tier } = raw;
  return {
    dimensions: Object.fromEntries(Object.entries(quantities).filter(([, quantity]) => quantity > 0)),
    reasoningTokens: count(object(raw.output_tokens_details).thinking_tokens) || undefined,
    serviceTier: typeof tier === 'string' && tier !== 'standard' ? tier : undefined,
    raw,
  };
}

/**
 * `message_start` has the input and a placeholder for the output, `message_delta` running totals of what it names: field by field the
 * last one wins, and nothing is added up. https://platform.claude.com/docs/en/build-with-claude/streaming#event-types
 */
export function mergeRawUsage(before: JsonObject, now: JsonObject): JsonObject {
  const merged = { ...before };
  for (const [name, value] of Object.entries(now)) if (value !== null && value !== undefined) merged[name] = value;
  return merged;
}
