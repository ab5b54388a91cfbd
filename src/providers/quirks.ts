import { LazuError } from '../errors.js';
import type { JsonObject } from '../protocols/protocol.js';
import type { Dimension, Usage } from '../protocols/usage.js';
import { isNeutral } from './neutral.js';

/** What several vendors have in common, so that each folder only says which of it is theirs. */
type Drop = (field: string) => void;

/** Another channel of the same model may know the field, so `dispatch` may go on to it. */
export function unsupported(title: string, param: string, advice = 'leave it out'): LazuError {
  const message = `${title} does not support '${param}' here: ${advice}.`;
  return new LazuError('unsupported_parameter', message, { param, retryable: true });
}

/** Fields that only some of a vendor's models lack; `adapt` calls it for those. */
export function refuse(title: string, body: JsonObject, fields: readonly string[]): void {
  for (const field of fields) {
    if (!isNeutral(field, body[field])) throw unsupported(title, field);
    delete body[field];
  }
}

export function leaveOut(body: JsonObject, fields: readonly string[], drop: Drop): void {
  for (const field of fields) {
    if (!isNeutral(field, body[field])) drop(field);
    delete body[field];
  }
}

/** Tools that the vendor runs itself cost money that no price here covers (contract §13). */
export function refuseServerTools(title: string, { tools }: JsonObject): void {
  if (!Array.isArray(tools)) return;
  const at = tools.findIndex(tool => isObject(tool) && tool.type !== undefined && tool.type !== 'function');
  if (at >= 0) throw unsupported(title, `tools.${at}.type`, "only tools of type 'function' can be used");
}

/** Every message through `change`; the body keeps its own list when no message changed. */
export function eachMessage(body: JsonObject, change: (message: JsonObject) => JsonObject): void {
  if (!Array.isArray(body.messages)) return;
  const before = body.messages as unknown[];
  const after = before.map(message => (isObject(message) ? change(message) : message));
  if (after.some((message, at) => message !== before[at])) body.messages = after;
}

/** For vendors that know `system` only: https://platform.openai.com/docs/guides/text#message-roles-and-instruction-following */
export function developerAsSystem(message: JsonObject): JsonObject {
  return message.role === 'developer' ? { ...message, role: 'system' } : message;
}

/** Keys that a vendor refuses inside messages; those that said something are reported as `messages.<key>`. */
export function withoutKeys(message: JsonObject, forbidden: (key: string) => boolean, drop: Drop): JsonObject {
  const keys = Object.keys(message).filter(forbidden);
  if (keys.length === 0) return message;
  const rest = { ...message };
  for (const key of keys) {
    const value = rest[key];
    if (value !== null && !(Array.isArray(value) && value.length === 0)) drop(`messages.${key}`);
    delete rest[key];
  }
  return rest;
}

/** A count that a vendor reports under a name of its own; 0 when it does not. */
export function countOf(value: unknown): number {
  return typeof value === 'number' && value > 0 ? Math.round(value) : 0;
}

/** The same usage with some dimensions replaced; a dimension without a quantity goes. */
export function redivided(usage: Usage, quantities: Partial<Record<Dimension, number>>): Usage {
  const all = Object.entries({ ...usage.dimensions, ...quantities }).filter(([, quantity]) => quantity > 0);
  return { ...usage, dimensions: Object.fromEntries(all) };
}

/** Cached tokens that a vendor reports beside OpenAI's own field, inside `prompt_tokens`. */
export function withCacheRead(usage: Usage, cached: number): Usage {
  const { input = 0, cache_read: known = 0 } = usage.dimensions;
  if (cached === 0 || known > 0) return usage;
  return redivided(usage, { input: Math.max(0, input - cached), cache_read: Math.min(cached, input) });
}

/** catalog name → `<prefix><catalog name>`, for hosts that put a vendor's name in front. */
export function prefixed(prefix: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map(name => [name, prefix + name]));
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
