import type { Effort } from '../conversation.js';
import type { JsonObject, ModelTraits } from '../protocol.js';

const EFFORTS: readonly Effort[] = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];

export interface WrittenReasoning {
  readonly field: JsonObject | undefined;
  /** It may think before it answers. */
  readonly thinks: boolean;
  /** Whether what was asked for could be said. */
  readonly kept: boolean;
}

/**
 * `reasoning` as this model takes it: the effort it knows that is nearest, lower rather than higher, and a summary wherever it thinks, as the
 * thoughts themselves are never shown. https://platform.openai.com/docs/guides/reasoning#reasoning-summaries
 */
export function writeReasoning(
  asked: Effort | undefined,
  { reasoning, efforts }: ModelTraits,
  summarized: boolean,
): WrittenReasoning {
  if (reasoning === 'none') return { field: undefined, thinks: false, kept: asked === undefined || asked === 'none' };
  const effort = asked && nearest(asked, efforts);
  const thinks = effort === undefined ? reasoning !== 'asked' : effort !== 'none';
  const field = { ...(effort && { effort }), ...(thinks && summarized && { summary: 'auto' }) };
  return { field: Object.keys(field).length > 0 ? field : undefined, thinks, kept: effort === asked };
}

/** Who asked for some thinking gets some. Undefined: the model reasons without a dial. */
function nearest(asked: Effort, known: readonly string[]): Effort | undefined {
  const at = EFFORTS.indexOf(asked);
  const lower = EFFORTS.slice(asked === 'none' ? 0 : 1, at + 1).reverse();
  return [...lower, ...EFFORTS.slice(at + 1)].find(effort => known.includes(effort));
}
