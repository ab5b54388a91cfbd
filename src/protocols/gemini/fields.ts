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
  return isAbsent(value) ? (object[snakeOf(name)] ?? undefined) : value;
}

/** The fields that say something, in camel case, whichever way they were spelled. */
export const fieldsOf = (object: JsonObject): [name: string, value: unknown][] =>
  Object.entries(object).flatMap(([name, value]) => (isAbsent(value) ? [] : [[camelOf(name), value]]));

/** An object or nothing. @throws LazuError `invalid_request` */
export function objectIn(object: JsonObject, name: string, path: string): JsonObject | undefined {
  const value = field(object, name);
  if (value === undefined || isObject(value)) return value;
  throw wrongType(path, 'an object');
}

/** A list, or the one thing that Google takes in place of a list of one. @throws LazuError `invalid_request` */
export function listIn(object: JsonObject, name: string, path: string): readonly JsonObject[] {
  const value = field(object, name);
  if (value === undefined) return [];
  const list: unknown[] = Array.isArray(value) ? value : [value];
  list.forEach((one, at) => {
    if (!isObject(one)) throw wrongType(Array.isArray(value) ? `${path}.${at}` : path, 'an object');
  });
  return list as JsonObject[];
}

/** @throws LazuError `missing_required_parameter` or `invalid_request` */
export function textIn(object: JsonObject, name: string, path: string): string {
  const value = field(object, name);
  if (value === undefined) throw missing(path);
  if (typeof value !== 'string') throw wrongType(path, 'a string');
  return value;
}

export const wrongType = (param: string, what: string) =>
  new LazuError('invalid_request', `\`${param}\` must be ${what}.`, { param });

export const outOfBounds = (param: string, message: string) => new LazuError('invalid_value', message, { param });

export const missing = (param: string) =>
  new LazuError('missing_required_parameter', `\`${param}\` is required.`, { param });

export const unsupported = (param: string, why: string) =>
  new LazuError('unsupported_parameter', `\`${param}\` ${why}`, { param });
