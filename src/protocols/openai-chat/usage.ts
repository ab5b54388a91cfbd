import { type Dimension, inputTokensOf, tokensOf, type Usage } from '../usage.js';

type Raw = Record<string, unknown>;

const count = (value: unknown): number => (typeof value === 'number' && value > 0 ? Math.round(value) : 0);
const object = (value: unknown): Raw => (typeof value === 'object' && value !== null ? (value as Raw) : {});

/**
 * OpenAI's usage object in disjoint dimensions. `prompt_tokens` includes cached and audio ones, `completion_tokens` includes audio and
 * reasoning ones: https://platform.openai.com/docs/api-reference/chat/object#chat-object-usage
 * Cache writes are an extension that gateways and some vendors report beside `cached_tokens` (contract §4).
 */
export function readUsage(raw: Raw, serviceTier?: unknown): Usage {
  const prompt = object(raw.prompt_tokens_details);
  const completion = object(raw.completion_tokens_details);
  const cacheRead = count(prompt.cached_tokens);
  const write1h = count(prompt.cache_write_1h_tokens);
  const write5m = count(prompt.cache_write_5m_tokens) || Math.max(0, count(prompt.cache_write_tokens) - write1h);
  const audioInput = count(prompt.audio_tokens);
  const imageInput = count(prompt.image_tokens);
  const audioOutput = count(completion.audio_tokens);
  const imageOutput = count(completion.image_tokens);
  const dimensions: Partial<Record<Dimension, number>> = {};
  const set = (name: Dimension, quantity: number) => {
    if (quantity > 0) dimensions[name] = quantity;
  };
  set('input', count(raw.prompt_tokens) - cacheRead - write5m - write1h - audioInput - imageInput);
  set('cache_read', cacheRead);
  set('cache_write_5m', write5m);
  set('cache_write_1h', write1h);
  set('audio_input', audioInput);
  set('image_input', imageInput);
  set('output', count(raw.completion_tokens) - audioOutput - imageOutput);
  set('audio_output', audioOutput);
  set('image_output', imageOutput);
  return {
    dimensions,
    reasoningTokens: count(completion.reasoning_tokens) || undefined,
    totalTokens: typeof raw.total_tokens === 'number' ? raw.total_tokens : undefined,
    serviceTier: typeof serviceTier === 'string' ? serviceTier : undefined,
    raw,
  };
}

/**
 * The usage object of a chunk or an answer: at the top; some vendors put it under a name of their own, or into the last choice:
 * https://platform.moonshot.ai/docs/api/chat
 */
export function usageIn({ usage, x_groq: own, choices }: Raw): Raw | undefined {
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  return [usage, object(own).usage, object(first).usage].find(
    (one): one is Raw => typeof one === 'object' && one !== null,
  );
}

/** Streams may report in parts: merged field by field, the last one wins. */
export function mergeUsage(before: Usage | undefined, now: Usage): Usage {
  if (!before) return now;
  const merged: Raw = { ...before.raw };
  for (const [name, value] of Object.entries(now.raw)) if (value !== null && value !== undefined) merged[name] = value;
  return readUsage(merged, now.serviceTier ?? before.serviceTier);
}

/** The same in OpenAI's shape, cache details included (contract §4). */
export function writeUsage(usage: Usage): Raw {
  const { dimensions, reasoningTokens } = usage;
  const of = (name: Dimension): number => dimensions[name] ?? 0;
  const write5m = of('cache_write_5m');
  const write1h = of('cache_write_1h');
  const prompt = inputTokensOf(usage);
  const total = tokensOf(usage);
  return {
    prompt_tokens: prompt,
    completion_tokens: total - prompt,
    total_tokens: total,
    prompt_tokens_details: {
      cached_tokens: of('cache_read'),
      audio_tokens: of('audio_input'),
      ...(of('image_input') > 0 && { image_tokens: of('image_input') }),
      ...(write5m + write1h > 0 && {
        cache_write_tokens: write5m + write1h,
        cache_write_5m_tokens: write5m,
        cache_write_1h_tokens: write1h,
      }),
    },
    completion_tokens_details: {
      reasoning_tokens: reasoningTokens ?? 0,
      audio_tokens: of('audio_output'),
      ...(of('image_output') > 0 && { image_tokens: of('image_output') }),
    },
  };
}
