import { LazuError } from '../../errors.js';
import type { JsonObject } from '../protocol.js';

const spellings = new Map<string, string>();

/** `maxOutputTokens` → `max_output_tokens`. */
function snakeOf(name: string): string {
  let snake = spellings.get(name);
  if (snake === undefined) {
    snake = name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
    spellings.set(name, snake);
  }
  return snake;
}

const camelOf = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isAbsent = (value: unknown): value is null | undefined => value === undefined || value === null;

/** Google's JSON takes every name in camel case or as its schema spells it: https://protobuf.dev/programming-guides/json/ */
export function field(object: JsonObject, name: string): unknown {
  const value = object[name];
  if (!isAbsent(value)) return value;
  const snake = snakeOf(name);
  return snake === name ? undefined : (object[snake] ?? undefined);
}

/** The fields that say something, in camel case, whichever way they were spelled. */
export const fieldsOf = (object: JsonObject): [name: string, value: unknown][] =>
  Object.entries(object).flatMap(([name, value]) => (isAbsent(value) ? [] : [[camelOf(name), value]]));

/** Paths are for errors: made for every field they would be a good part of what reading a long conversation costs. */
const placeOf = (within: string, name: string): string => (within === '' ? name : `${within}.${name}`);

/** An object or nothing. @param within path of `object`, '' for the body @throws LazuError `invalid_request` */
export function objectIn(object: JsonObject, name: string, within: string): JsonObject | undefined {
  const value = field(object, name);
  if (value === undefined || isObject(value)) return value;
  throw wrongType(placeOf(within, name), 'an object');
}

/** A list, or the one thing that Google takes in place of a list of one. @throws LazuError `invalid_request` */
export function listIn(object: JsonObject, name: string, within: string): readonly JsonObject[] {
  const value = field(object, name);
  if (value === undefined) return [];
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const wrong = list.findIndex(one => !isObject(one));
  if (wrong < 0) return list as JsonObject[];
  const path = placeOf(within, name);
  throw wrongType(Array.isArray(value) ? `${path}.${wrong}` : path, 'an object');
}

/** @throws LazuError `missing_required_parameter` or `invalid_request` */
export function textIn(object: JsonObject, name: string, within: string): string {
  const value = field(object, name);
  if (value === undefined) throw missing(placeOf(within, name));
  if (typeof value !== 'string') throw wrongType(placeOf(within, name), 'a string');
  return value;
}

export const wrongType = (param: string, what: string) =>
  new LazuError('invalid_request', `\`${param}\` must be ${what}.`, { param });

export const outOfBounds = (param: string, message: string) => new LazuError('invalid_value', message, { param });

export const missing = (param: string) =>
  new LazuError('missing_required_parameter', `\`${param}\` is required.`, { param });

export const unsupported = (param: string, why: string) =>
  new LazuError('unsupported_parameter', `\`${param}\` ${why}`, { param });
