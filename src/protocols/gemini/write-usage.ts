import type { JsonObject } from '../protocol.js';
import { type Dimension, inputTokensOf, tokensOf, type Usage } from '../usage.js';

type Counted = readonly [modality: string, tokens: number];

/**
 * Usage in Gemini's shape: cached tokens are counted in the prompt, thoughts beside the candidates:
 * https://ai.google.dev/api/generate-content#UsageMetadata
 */
export function writeUsage(usage: Usage): JsonObject {
  const { dimensions, reasoningTokens = 0 } = usage;
  const of = (name: Dimension): number => dimensions[name] ?? 0;
  const prompt = inputTokensOf(usage);
  const total = tokensOf(usage);
  const cached = of('cache_read');
  const promptDetails = details([
    ['TEXT', prompt - of('audio_input') - of('image_input')],
    ['AUDIO', of('audio_input')],
    ['IMAGE', of('image_input')],
  ]);
  const media = details([
    ['AUDIO', of('audio_output')],
    ['IMAGE', of('image_output')],
  ]);
  return {
    promptTokenCount: prompt,
    ...(cached > 0 && { cachedContentTokenCount: cached }),
    candidatesTokenCount: total - prompt - reasoningTokens,
    ...(reasoningTokens > 0 && { thoughtsTokenCount: reasoningTokens }),
    totalTokenCount: total,
    promptTokensDetails: promptDetails,
    ...(media.length > 0 && { candidatesTokensDetails: media }),
  };
}

const details = (counts: readonly Counted[]): JsonObject[] =>
  counts.filter(([, tokens]) => tokens > 0).map(([modality, tokenCount]) => ({ modality, tokenCount }));
