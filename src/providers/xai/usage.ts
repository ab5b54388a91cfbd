import type { Usage } from '../../protocols/usage.js';
import { countOf, redivided } from '../quirks.js';

/**
 * Grok's usage, wherever it is served. Reasoning tokens are counted beside `completion_tokens`, not inside (12 + 2 + 320 = 334), and
 * billed as output: https://docs.x.ai/docs/models#billing-and-pricing. Cached tokens may outnumber the prompt, because they include
 * a preamble that is not charged: no more of them can be charged than the prompt has.
 */
export function readGrokUsage(raw: Readonly<Record<string, unknown>>, usage: Usage): Usage {
  if (raw.prompt_tokens === undefined) return usage; // Responses counts reasoning inside, and cached tokens are bounded there
  const [prompt, completion, total] = [raw.prompt_tokens, raw.completion_tokens, raw.total_tokens].map(countOf);
  const {
    input = 0,
    cache_read: cached = 0,
    output = 0,
    audio_input: audio = 0,
    image_input: image = 0,
  } = usage.dimensions;
  const reasoning = usage.reasoningTokens ?? 0;
  const beside = total === (prompt ?? 0) + (completion ?? 0) + reasoning;
  const textPrompt = Math.max(0, (prompt ?? 0) - audio - image);
  return redivided(usage, {
    input: cached > textPrompt ? 0 : input,
    cache_read: Math.min(cached, textPrompt),
    output: beside ? output + reasoning : output,
  });
}
