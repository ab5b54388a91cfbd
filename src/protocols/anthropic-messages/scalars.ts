import type { JsonObject } from '../protocol.js';
import { checkRules, integer, isAbsent, LARGEST, number, type Rules, wrongType } from '../scalars.js';

/** Bounds are Anthropic's own: https://platform.claude.com/docs/en/api/messages/create. 0 tokens only warm the prompt cache. */
const RULES: Rules = {
  max_tokens: integer(0, LARGEST),
  stream: { is: 'boolean' },
  temperature: number(0, 1),
  top_p: number(0, 1),
  top_k: integer(0, LARGEST),
  stop_sequences: { is: 'array' },
  tools: { is: 'array' },
  tool_choice: { is: 'object' },
  thinking: { is: 'object' },
  output_config: { is: 'object' },
  metadata: { is: 'object' },
  service_tier: { is: 'string' },
};

/** @throws LazuError `invalid_request` (wrong JSON type) or `invalid_value` (right type, out of bounds), `param` naming the field */
export function checkScalars(body: JsonObject): void {
  checkRules(body, RULES);
  const { stop_sequences: stops, system } = body;
  if (Array.isArray(stops) && !stops.every(sequence => typeof sequence === 'string'))
    throw wrongType('stop_sequences', 'an array of strings');
  if (!isAbsent(system) && typeof system !== 'string' && !Array.isArray(system))
    throw wrongType('system', 'a string or an array of text blocks');
}
