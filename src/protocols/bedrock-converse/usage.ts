import type { JsonObject } from '../protocol.js';
import { counted, type Dimension, type Usage } from '../usage.js';
import { count, list, object } from './shapes.js';

/**
 * Converse's token usage in disjoint dimensions: `inputTokens` counts neither cache reads nor writes, which stand beside it.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html
 * Writes by lifetime are in `cacheDetails`; without it, or beyond it, they live five minutes.
 * @param serviceTier `{type}` beside the usage; the default one changes no price
 */
export function readUsage(raw: JsonObject, serviceTier: unknown): Usage {
  const written = (ttl: string): number =>
    list(raw.cacheDetails)
      .map(object)
      .reduce((sum, detail) => (detail.ttl === ttl ? sum + count(detail.inputTokens) : sum), 0);
  const write1h = written('1h');
  const quantities: Partial<Record<Dimension, number>> = {
    input: count(raw.inputTokens),
    cache_read: count(raw.cacheReadInputTokens),
    cache_write_5m: Math.max(written('5m'), count(raw.cacheWriteInputTokens) - write1h),
    cache_write_1h: write1h,
    output: count(raw.outputTokens),
  };
  const { type: tier } = object(serviceTier);
  return {
    dimensions: counted(quantities),
    totalTokens: typeof raw.totalTokens === 'number' ? raw.totalTokens : undefined,
    serviceTier: typeof tier === 'string' && tier !== 'default' ? tier : undefined,
    raw,
  };
}
