import type { Effort } from '../conversation.js';
import type { JsonObject, ModelTraits } from '../protocol.js';

/** Tokens to think in, where a model takes a number: https://platform.claude.com/docs/en/build-with-claude/extended-thinking */
const BUDGETS: Readonly<Record<Exclude<Effort, 'none'>, number>> = {
  minimal: 1_024,
  low: 2_048,
  medium: 8_192,
  high: 16_384,
  xhigh: 24_576,
  max: 32_768,
};
const SMALLEST_BUDGET = 1_024;

/** The next lower effort, for models that lack one: https://platform.claude.com/docs/en/build-with-claude/effort */
const LOWER: Readonly<Partial<Record<Effort, Effort>>> = { max: 'xhigh', xhigh: 'high', minimal: 'low' };

export interface WrittenReasoning {
  readonly fields: { readonly thinking?: JsonObject; readonly effort?: string };
  /** Whether what was asked for could be said. */
  readonly kept: boolean;
}

/**
 * `reasoning_effort` as this model takes it. A budget is part of `max_tokens`, of which a fifth stays for the answer.
 * @param may false: something else in the request forbids thinking, which then gives way, being a hint
 */
export function writeReasoning(
  effort: Effort,
  { reasoning, efforts }: ModelTraits,
  maxTokens: number,
  may: boolean,
): WrittenReasoning {
  switch (reasoning) {
    case 'none':
      return { fields: {}, kept: effort === 'none' };
    case 'budget': {
      if (effort === 'none') return { fields: {}, kept: true };
      const budget = Math.min(BUDGETS[effort], Math.floor(maxTokens * 0.8));
      if (!may || budget < SMALLEST_BUDGET) return { fields: {}, kept: false };
      return { fields: { thinking: { type: 'enabled', budget_tokens: budget } }, kept: true };
    }
    case 'asked':
    case 'default':
    case 'always': {
      if (effort === 'none')
        return {
          fields: reasoning === 'default' ? { thinking: { type: 'disabled' } } : {},
          kept: reasoning !== 'always',
        };
      let known: Effort | undefined = effort;
      while (known !== undefined && !efforts.includes(known)) known = LOWER[known];
      // The text of the thoughts is left out by newer models unless asked for.
      const thinking = may ? { type: 'adaptive', display: 'summarized' } : undefined;
      return { fields: { thinking, effort: known }, kept: may && (known === effort || effort === 'minimal') };
    }
  }
}
