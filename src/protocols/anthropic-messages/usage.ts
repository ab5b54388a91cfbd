import type { JsonObject } from '../protocol.js';
import { isObject } from '../scalars.js';
import { counted, type Dimension, inputTokensOf, tokensOf, type Usage } from '../usage.js';

const count = (value: unknown): number => (typeof value === 'number' && value > 0 ? Math.round(value) : 0);
const object = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null ? (value as JsonObject) : {};

/**
 * Anthropic's usage object in disjoint dimensions: `input_tokens` counts neither cache reads nor writes, which stand beside it.
 * https://platform.claude.com/docs/en/build-with-claude/prompt-caching#tracking-cache-performance
 * Writes by lifetime are in `cache_creation`; without it, or beyond it, they live five minutes.
 * The figures at the top leave out what it cost to compact the context, which is billed all the same, and what an advisor said, who is
 * another model: https://platform.claude.com/docs/en/build-with-claude/compaction#understanding-usage
 * @param executions runs of code in the content, which the figures count no more
 */
export function readUsage(raw: JsonObject, executions = 0): Usage {
  const tools = object(raw.server_tool_use);
  const iterations = Array.isArray(raw.iterations) ? raw.iterations.map(object) : [];
  const quantities: Partial<Record<Dimension, number>> = {
    tool_web_search: count(tools.web_search_requests),
    tool_code_execution: Math.max(count(tools.code_execution_requests), executions),
    tool_other: iterations.filter(({ type }) => type === 'advisor_message').length,
  };
  for (const part of [raw, ...iterations.filter(({ type }) => type === 'compaction')]) {
    for (const [name, tokens] of Object.entries(tokensIn(part)) as [Dimension, number][])
      quantities[name] = (quantities[name] ?? 0) + tokens;
  }
  const { service_tier: tier } = raw;
  return {
    dimensions: counted(quantities),
    reasoningTokens: count(object(raw.output_tokens_details).thinking_tokens) || undefined,
    serviceTier: typeof tier === 'string' && tier !== 'standard' ? tier : undefined,
    raw,
  };
}

/** https://platform.claude.com/docs/en/agents-and-tools/tool-use/code-execution-tool#response-format */
export const isExecution = ({ type, name }: JsonObject): boolean =>
  type === 'server_tool_use' && typeof name === 'string' && name.endsWith('code_execution');

/** Of a whole answer. */
export const usageOf = ({ usage, content }: JsonObject): Usage | undefined =>
  isObject(usage)
    ? readUsage(usage, Array.isArray(content) ? content.map(object).filter(isExecution).length : 0)
    : undefined;

function tokensIn(raw: JsonObject): Partial<Record<Dimension, number>> {
  const written = object(raw.cache_creation);
  const write1h = count(written.ephemeral_1h_input_tokens);
  return {
    input: count(raw.input_tokens),
    cache_read: count(raw.cache_read_input_tokens),
    cache_write_5m: Math.max(
      count(written.ephemeral_5m_input_tokens),
      count(raw.cache_creation_input_tokens) - write1h,
    ),
    cache_write_1h: write1h,
    output: count(raw.output_tokens),
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

/** The same in Anthropic's shape; kinds of input and output that it does not tell apart are summed. */
export function writeUsage(usage: Usage): JsonObject {
  const { dimensions, reasoningTokens } = usage;
  const of = (name: Dimension): number => dimensions[name] ?? 0;
  const input = inputTokensOf(usage);
  const write5m = of('cache_write_5m');
  const write1h = of('cache_write_1h');
  const searches = of('tool_web_search');
  return {
    input_tokens: input - of('cache_read') - write5m - write1h,
    cache_creation_input_tokens: write5m + write1h,
    cache_read_input_tokens: of('cache_read'),
    cache_creation: { ephemeral_5m_input_tokens: write5m, ephemeral_1h_input_tokens: write1h },
    output_tokens: tokensOf(usage) - input,
    ...(reasoningTokens !== undefined && { output_tokens_details: { thinking_tokens: reasoningTokens } }),
    ...(searches > 0 && { server_tool_use: { web_search_requests: searches } }),
  };
}
