import { LazuError } from '../errors.js';
import type { JsonObject } from './protocol.js';

/** What a field must be. Numbers are bounds, both included; `null` is as good as absent. */
export type Rule =
  | { readonly is: 'number' | 'integer'; readonly min: number; readonly max: number }
  | { readonly is: 'boolean' | 'string' | 'array' | 'object' };

export type Rules = Readonly<Record<string, Rule>>;

export const number = (min: number, max: number): Rule => ({ is: 'number', min, max });
export const integer = (min: number, max: number): Rule => ({ is: 'integer', min, max });
export const LARGEST = Number.MAX_SAFE_INTEGER;

/**
 * The scalars that a protocol bounds, checked by hand: a schema over the whole body would cost more than the rest of the request.
 * @throws LazuError `invalid_request` (wrong JSON type) or `invalid_value` (right type, out of bounds), `param` naming the field
 */
export function checkRules(body: JsonObject, rules: Rules): void {
  for (const name in rules) {
    const value = body[name];
    if (value !== undefined && value !== null) check(name, value, rules[name]!);
  }
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
      if (!isObject(value)) throw wrongType(name, 'an object');
  }
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isAbsent = (value: unknown): value is null | undefined => value === undefined || value === null;

export const wrongType = (param: string, what: string) =>
  new LazuError('invalid_request', `\`${param}\` must be ${what}.`, { param });

export const outOfBounds = (param: string, message: string) => new LazuError('invalid_value', message, { param });

export const missing = (param: string) =>
  new LazuError('missing_required_parameter', `\`${param}\` is required.`, { param });
