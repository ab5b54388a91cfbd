import type { Effort } from '../conversation.js';
import type { JsonObject, ModelTraits } from '../protocol.js';

/** Google's own reading of OpenAI's efforts: https://ai.google.dev/gemini-api/docs/openai#thinking; higher ones as much as there is */
const TOKENS: Readonly<Record<Exclude<Effort, 'none'>, number>> = {
  minimal: 1_024,
  low: 1_024,
  medium: 8_192,
  high: 24_576,
  xhigh: Infinity,
  max: Infinity,
};

const LEVELS: readonly Effort[] = ['minimal', 'low', 'medium', 'high'];

export interface WrittenThinking {
  /** `generationConfig.thinkingConfig` */
  readonly config?: JsonObject;
  /** Whether what was asked for could be said. */
  readonly kept: boolean;
}

/**
 * `reasoning_effort` as this model takes it: https://ai.google.dev/gemini-api/docs/thinking
 * Thoughts are part of `maxOutputTokens`, of which a fifth stays for the answer where their number can be said.
 */
export function writeThinking(
  effort: Effort,
  { reasoning, efforts, thinkingTokens }: ModelTraits,
  maxOutputTokens: number | undefined,
): WrittenThinking {
  if (reasoning === 'none') return { kept: effort === 'none' };
  if (!thinkingTokens) return writeLevel(effort, efforts);
  const [least, most] = thinkingTokens;
  if (effort === 'none') {
    const never = reasoning !== 'always';
    return { config: { thinkingBudget: never ? 0 : least }, kept: never };
  }
  const room = Math.floor((maxOutputTokens ?? Infinity) * 0.8);
  const thinkingBudget = Math.max(Math.min(TOKENS[effort], most, room), least);
  return { config: { thinkingBudget, includeThoughts: true }, kept: true };
}

/** A level that the model lacks becomes the next higher one, or the highest. None of these models can be told not to think at all. */
function writeLevel(effort: Effort, efforts: readonly string[]): WrittenThinking {
  const known = LEVELS.filter(level => efforts.includes(level));
  const wanted = Math.max(LEVELS.indexOf(effort), effort === 'xhigh' || effort === 'max' ? LEVELS.length : 0);
  const level = known.find(one => LEVELS.indexOf(one) >= wanted) ?? known.at(-1);
  if (level === undefined) return { kept: false };
  const thinkingLevel = level.toUpperCase();
  if (effort === 'none') return { config: { thinkingLevel }, kept: false };
  return { config: { thinkingLevel, includeThoughts: true }, kept: level === effort };
}
