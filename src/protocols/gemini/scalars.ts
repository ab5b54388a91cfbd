import type { JsonObject } from '../protocol.js';
import { field, isObject, objectIn, outOfBounds, wrongType } from './fields.js';

/** What a field must be. Numbers are bounds, both included. */
type Rule =
  | { readonly is: 'number' | 'integer'; readonly min: number; readonly max: number }
  | { readonly is: 'boolean' | 'string' | 'object' };

const number = (min: number, max: number): Rule => ({ is: 'number', min, max });
const integer = (min: number, max: number): Rule => ({ is: 'integer', min, max });
const LARGEST = Number.MAX_SAFE_INTEGER;
const INT32 = 2_147_483_647;

/** Bounds are Google's own: https://ai.google.dev/api/generate-content#generationconfig; of `candidateCount` it is ours (contract §4). */
const RULES: Readonly<Record<string, Rule>> = {
  candidateCount: integer(1, 8),
  maxOutputTokens: integer(1, LARGEST),
  temperature: number(0, 2),
  topP: number(0, 1),
  topK: number(0, LARGEST),
  seed: integer(-INT32 - 1, INT32),
  presencePenalty: number(-2, 2),
  frequencyPenalty: number(-2, 2),
  responseLogprobs: { is: 'boolean' },
  logprobs: integer(0, 20),
  responseMimeType: { is: 'string' },
  responseSchema: { is: 'object' },
  thinkingConfig: { is: 'object' },
};
const NAMES = Object.keys(RULES);

/**
 * The scalars that the gateway or Google bounds, checked by hand.
 * @returns the generation config, empty when there is none
 * @throws LazuError `invalid_request` (wrong JSON type) or `invalid_value` (right type, out of bounds), `param` naming the field
 */
export function checkConfig(body: JsonObject): JsonObject {
  const config = objectIn(body, 'generationConfig', '') ?? {};
  for (const name of NAMES) {
    const value = field(config, name);
    if (value !== undefined) check(`generationConfig.${name}`, value, RULES[name]!);
  }
  for (const name of ['stopSequences', 'responseModalities']) {
    const value = field(config, name);
    if (value !== undefined && !(Array.isArray(value) && value.every(one => typeof one === 'string')))
      throw wrongType(`generationConfig.${name}`, 'an array of strings');
  }
  return config;
}

function check(path: string, value: unknown, rule: Rule): void {
  switch (rule.is) {
    case 'number':
    case 'integer': {
      const isRight = typeof value === 'number' && (rule.is === 'number' || Number.isInteger(value));
      if (!isRight) throw wrongType(path, rule.is === 'number' ? 'a number' : 'a whole number');
      if (value >= rule.min && value <= rule.max) return;
      const bounds = rule.max === LARGEST ? `at least ${rule.min}` : `between ${rule.min} and ${rule.max}`;
      throw outOfBounds(path, `\`${path}\` must be ${bounds}.`);
    }
    case 'boolean':
      if (typeof value !== 'boolean') throw wrongType(path, 'a boolean');
      return;
    case 'string':
      if (typeof value !== 'string') throw wrongType(path, 'a string');
      return;
    case 'object':
      if (!isObject(value)) throw wrongType(path, 'an object');
  }
}
