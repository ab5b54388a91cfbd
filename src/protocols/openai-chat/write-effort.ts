import type { Effort } from '../conversation.js';
import type { JsonObject, ModelTraits } from '../protocol.js';

const SCALE: readonly Effort[] = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];

export interface WrittenEffort {
  readonly fields: JsonObject;
  /** False: the model thinks otherwise than it was asked to. */
  readonly kept: boolean;
}

/** The nearest effort that the model knows, a lower one first: https://platform.openai.com/docs/guides/reasoning#reasoning-effort */
export function writeEffort(effort: Effort, { reasoning, efforts }: ModelTraits): WrittenEffort {
  if (reasoning === 'none') return { fields: {}, kept: effort === 'none' };
  if (effort === 'none') {
    const known = efforts.includes(effort);
    return { fields: known ? { reasoning_effort: effort } : {}, kept: known || reasoning === 'asked' };
  }
  const at = SCALE.indexOf(effort);
  const nearest = [...SCALE.slice(1, at + 1).reverse(), ...SCALE.slice(at + 1)].find(one => efforts.includes(one));
  return { fields: nearest === undefined ? {} : { reasoning_effort: nearest }, kept: nearest === effort };
}
