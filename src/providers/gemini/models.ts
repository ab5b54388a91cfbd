import type { Setting } from '../../protocols/conversation.js';
import type { ModelTraits } from '../../protocols/protocol.js';

type Traits = Omit<ModelTraits, 'maxOutputTokens'>;

const PLAIN: Traits = { reasoning: 'none', sampling: 'both', efforts: [] };
const FROM_LOW = ['low', 'medium', 'high'];
const FROM_MINIMAL = ['minimal', ...FROM_LOW];

/** Thinks as it sees fit, more or less of it; refuses its own calls unsigned. */
const third = (efforts: readonly string[], sampling: Traits['sampling']): Traits => ({
  ...{ reasoning: 'always', sampling, efforts, signedCalls: true },
});

/** Models of the future too: https://ai.google.dev/gemini-api/docs/generate-content/latest-model: sampling is no longer heard */
const LATEST = third(FROM_LOW, 'none');

/**
 * Generations, the first that fits. Thinking by tokens or by level: https://ai.google.dev/gemini-api/docs/thinking
 * Sampling is not heard from 3.5 Flash-Lite and 3.6 on: https://ai.google.dev/gemini-api/docs/generate-content/whats-new-gemini-3.6
 */
const GENERATIONS: readonly (readonly [names: RegExp, traits: Traits])[] = [
  // What makes images and speech, and what is not made by this family at all.
  [/-(?:image|tts|audio|live)\b|^(?!gemini-)/, PLAIN],
  [/^gemini-(?:1|2\.0)\b/, PLAIN],
  [/^gemini-2\.5-flash-lite/, { ...PLAIN, reasoning: 'asked', thinkingTokens: [512, 24_576] }],
  [/^gemini-2\.5-flash/, { ...PLAIN, reasoning: 'default', thinkingTokens: [1, 24_576] }],
  [/^gemini-2\.5/, { ...PLAIN, reasoning: 'always', thinkingTokens: [128, 32_768] }],
  [/^gemini-3-pro/, third(['low', 'high'], 'both')],
  [/^gemini-3(?:\.1)?-pro/, third(FROM_LOW, 'both')],
  [/^gemini-3\.5-flash-lite/, third(FROM_MINIMAL, 'none')],
  [/^gemini-3(?:\.[15])?-flash/, third(FROM_MINIMAL, 'both')],
];

/** Whether a model is of this generation or later; names without a number are the latest. */
const isSince = (generation: number, model: string): boolean => {
  const [, number] = /^gemini-(\d+(?:\.\d+)?)/.exec(model) ?? [];
  return model.startsWith('gemini-') && (number === undefined || Number(number) >= generation);
};

/** Refused with `Penalty is not enabled`, `Logprobs is not enabled`: https://github.com/google-gemini/cookbook/issues/1290 */
const LACKING: readonly Setting[] = ['presencePenalty', 'frequencyPenalty', 'logprobs'];

/** What a model of Google can do. @param lackingSince the first generation that has neither penalties nor log probabilities here */
export function geminiTraits(model: string, lackingSince: number): Traits {
  const name = model.replace(/^(?:.*\/)?models\//, '');
  const traits = GENERATIONS.find(([names]) => names.test(name))?.[1] ?? LATEST;
  return isSince(lackingSince, name) ? { ...traits, lacks: LACKING } : traits;
}
