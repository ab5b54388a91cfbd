import type { JsonObject } from '../protocol.js';
import { checkRules, integer, isAbsent, LARGEST, number, outOfBounds, type Rules, wrongType } from '../scalars.js';

export { isAbsent, missing, outOfBounds, wrongType } from '../scalars.js';

/** Bounds are OpenAI's own: https://platform.openai.com/docs/api-reference/chat/create; `n` is ours (contract §4). */
const RULES: Rules = {
  stream: { is: 'boolean' },
  stream_options: { is: 'object' },
  n: integer(1, 8),
  max_tokens: integer(1, LARGEST),
  max_completion_tokens: integer(1, LARGEST),
  temperature: number(0, 2),
  top_p: number(0, 1),
  presence_penalty: number(-2, 2),
  frequency_penalty: number(-2, 2),
  logprobs: { is: 'boolean' },
  top_logprobs: integer(0, 20),
  logit_bias: { is: 'object' },
  seed: integer(-LARGEST, LARGEST),
  user: { is: 'string' },
  tools: { is: 'array' },
  functions: { is: 'array' },
  parallel_tool_calls: { is: 'boolean' },
  response_format: { is: 'object' },
  reasoning_effort: { is: 'string' },
  service_tier: { is: 'string' },
  metadata: { is: 'object' },
  modalities: { is: 'array' },
  audio: { is: 'object' },
  prediction: { is: 'object' },
  prompt_cache_key: { is: 'string' },
};

/**
 * The scalars that OpenAI bounds; it takes `null` for every optional field.
 * @throws LazuError `invalid_request` (wrong JSON type) or `invalid_value` (right type, out of bounds), `param` naming the field
 */
export function checkScalars(body: JsonObject): void {
  checkRules(body, RULES);
  const { stop, tool_choice: choice } = body;
  if (Array.isArray(stop)) {
    if (stop.length > 4) throw outOfBounds('stop', '`stop` takes at most 4 sequences.');
    if (!stop.every(sequence => typeof sequence === 'string'))
      throw wrongType('stop', 'a string or an array of strings');
  } else if (!isAbsent(stop) && typeof stop !== 'string') throw wrongType('stop', 'a string or an array of strings');
  if (!isAbsent(choice) && typeof choice !== 'string' && (typeof choice !== 'object' || Array.isArray(choice)))
    throw wrongType('tool_choice', 'a string or an object');
}
