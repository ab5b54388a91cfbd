import { LazuError } from '../../errors.js';
import type { JsonObject } from '../protocol.js';

/** What a field must be. Numbers are bounds, both included; OpenAI takes `null` for every optional field. */
type Rule =
  | { readonly is: 'number' | 'integer'; readonly min: number; readonly max: number }
  | { readonly is: 'boolean' | 'string' | 'array' | 'object' };

const number = (min: number, max: number): Rule => ({ is: 'number', min, max });
const integer = (min: number, max: number): Rule => ({ is: 'integer', min, max });
const LARGEST = Number.MAX_SAFE_INTEGER;

/** Bounds are OpenAI's own: https://platform.openai.com/docs/api-reference/chat/create; `n` is ours (contract §4). */
const RULES: Readonly<Record<string, Rule>> = {
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
const NAMES = Object.keys(RULES);

/**
 * The scalars that OpenAI bounds, checked by hand: a schema over the whole body would cost more than the rest of the request.
 * @throws LazuError `invalid_request` (wrong JSON type) or `invalid_value` (right type, out of bounds), `param` naming the field
 */
export function checkScalars(body: JsonObject): void {
  for (const name of NAMES) {
    const value = body[name];
    if (value === undefined || value === null) continue;
    check(name, value, RULES[name]!);
  }
  const { stop, tool_choice: choice } = body;
  if (Array.isArray(stop)) {
    if (stop.length > 4) throw outOfBounds('stop', '`stop` takes at most 4 sequences.');
    if (!stop.every(sequence => typeof sequence === 'string'))
      throw wrongType('stop', 'a string or an array of strings');
  } else if (!isAbsent(stop) && typeof stop !== 'string') throw wrongType('stop', 'a string or an array of strings');
  if (!isAbsent(choice) && typeof choice !== 'string' && (typeof choice !== 'object' || Array.isArray(choice)))
    throw wrongType('tool_choice', 'a string or an object');
}

function check(name: string, value: unknown, rule: Rule): void {
  switch (rule.is) {
    case 'number':
    case 'integer': {
      if (typeof value !== 'number') throw wrongType(name, rule.is === 'number' ? 'a number' : 'a whole number');
      if (rule.is === 'integer' && !Number.isInteger(value)) throw wrongType(name, 'a whole number');
      if (value >= rule.min && value <= rule.max) return;
      const bounds = rule.max === LARGEST ? `at least ${rule.min}` : `between ${rule.min} and ${rule.max}`;
      throw outOfBounds(name, `\`${name}\` must be ${bounds}.`);
    }
    case 'boolean':
      if (typeof value !== 'boolean') throw wrongType(name, 'a boolean');
      return;
    case 'string':
      if (typeof value !== 'string') throw wrongType(name, 'a string');
      return;
    case 'array':
      if (!Array.isArray(value)) throw wrongType(name, 'an array');
      return;
    case 'object':
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(name, 'an object');
  }
}

export const isAbsent = (value: unknown): value is null | undefined => value === undefined || value === null;

export const wrongType = (param: string, what: string) =>
  new LazuError('invalid_request', `\`${param}\` must be ${what}.`, { param });

export const outOfBounds = (param: string, message: string) => new LazuError('invalid_value', message, { param });

export const missing = (param: string) =>
  new LazuError('missing_required_parameter', `\`${param}\` is required.`, { param });
