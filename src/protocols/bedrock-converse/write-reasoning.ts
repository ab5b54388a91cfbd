import type { Conversation, Effort } from '../conversation.js';
import { writeReasoning as writeThinking } from '../anthropic-messages/write-reasoning.js';
import type { JsonObject, ModelTraits } from '../protocol.js';
import type { WrittenTurn } from './write-turns.js';

export interface WrittenReasoning {
  /** What goes into `additionalModelRequestFields`. */
  readonly fields: JsonObject;
  /** What goes into `outputConfig`. */
  readonly effort?: string;
  /** Sampling cannot be set beside it. */
  readonly excludesSampling?: boolean;
  /** The limit of output tokens that it was reckoned by, where it must be said. */
  readonly maxTokens?: number;
  /** Whether what was asked for could be said. */
  readonly kept: boolean;
}

/** Output tokens to think in when neither caller nor catalog names a number. */
const DEFAULT_MAX_TOKENS = 8_192;

const EFFORTS: readonly Effort[] = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'];

/**
 * How much a model shall think. Each family has a field of its own for it, beside the effort that Converse itself has:
 * https://docs.aws.amazon.com/bedrock/latest/userguide/inference-reasoning.html
 */
export function writeReasoning(
  { settings }: Conversation,
  traits: ModelTraits,
  messages: readonly WrittenTurn[],
): WrittenReasoning {
  const { effort, maxOutputTokens } = settings;
  if (effort === undefined) return { fields: {}, kept: true };
  switch (traits.reasoningField) {
    case undefined:
    case 'thinking': {
      const maxTokens = Math.min(
        maxOutputTokens ?? Infinity,
        traits.maxOutputTokens ?? maxOutputTokens ?? DEFAULT_MAX_TOKENS,
      );
      const may = !isForced(settings) && !(traits.reasoning === 'budget' && isThoughtless(messages));
      const { fields, kept } = writeThinking(effort, traits, maxTokens, may);
      const { thinking } = fields;
      return {
        fields: thinking ? { thinking } : {},
        effort: fields.effort,
        excludesSampling: thinking !== undefined && thinking.type !== 'disabled',
        ...(thinking?.type === 'enabled' && { maxTokens }),
        kept,
      };
    }
    case 'reasoningConfig': {
      if (effort === 'none') return { fields: {}, kept: true };
      // The highest effort takes neither sampling nor a limit, and a limit matters more than an effort:
      // https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html
      const most = maxOutputTokens === undefined ? effort : lower(effort, 'medium');
      const known = nearest(most, traits.efforts);
      const fields = { reasoningConfig: { type: 'enabled', maxReasoningEffort: known } };
      return { fields, excludesSampling: known === 'high', kept: isKept(effort, known) };
    }
    case 'reasoning_effort': {
      if (effort === 'none') return { fields: {}, kept: traits.reasoning !== 'always' };
      // https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-openai.html
      const known = nearest(effort, traits.efforts);
      return { fields: { reasoning_effort: known }, kept: isKept(effort, known) };
    }
  }
}

const isForced = ({ toolChoice }: Conversation['settings']): boolean =>
  toolChoice?.mode === 'required' || toolChoice?.mode === 'one';

/** A turn under way that lacks the thoughts it began with: https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html */
function isThoughtless(messages: readonly WrittenTurn[]): boolean {
  const last = messages.findLast(({ role }) => role === 'assistant')?.content ?? [];
  return last.some(block => block.toolUse !== undefined) && last[0]?.reasoningContent === undefined;
}

const lower = (one: Effort, other: Effort): Effort => (EFFORTS.indexOf(one) < EFFORTS.indexOf(other) ? one : other);

/** The highest effort of the model's that is not above this one, else its lowest. */
function nearest(effort: Effort, known: readonly string[]): string {
  const below = EFFORTS.slice(0, EFFORTS.indexOf(effort) + 1).filter(one => known.includes(one));
  return below.at(-1) ?? known[0] ?? effort;
}

const isKept = (asked: Effort, said: string): boolean => asked === said || asked === 'minimal';
