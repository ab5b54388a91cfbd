import type { Sealed } from '../conversation.js';
import type { JsonObject } from '../protocol.js';
import { isObject, text } from './wire.js';

/**
 * What Gemini must get back and no other protocol has a field for. A thought signature stands on a part and comes home on the same one;
 * callers rebuild messages in their own way, so the seal says which kind of part, and of a call which one:
 * https://ai.google.dev/gemini-api/docs/thought-signatures
 */
export type Seal =
  | { readonly signs: 'text' | 'thought' | 'image'; readonly signature: string }
  | { readonly signs: 'call'; readonly id: string; readonly signature: string }
  /** A part of a tool that the vendor runs itself. */
  | { readonly signs: 'part'; readonly part: JsonObject };

export const seal = (value: Seal): Sealed => ({ protocol: 'gemini', value: { ...value } });

/** Parts of the vendor's own tools, with the fields of each that are let through: all of them text. */
const OWN_PARTS: Readonly<Record<string, readonly string[]>> = {
  executableCode: ['id', 'language', 'code'],
  codeExecutionResult: ['id', 'outcome', 'output'],
};

/**
 * A seal comes from a caller, who may have made it: nothing is let through that could name an object of another tenant.
 * @returns undefined for what is no seal of this protocol
 */
export function unseal({ protocol, value }: Sealed): Seal | undefined {
  if (protocol !== 'gemini') return undefined;
  const { signs, id, part } = value;
  const signature = text(value.signature);
  if (signs === 'part') {
    const own = isObject(part) ? ownPart(part) : undefined;
    return own && { signs, part: own };
  }
  if (signature === '') return undefined;
  if (signs === 'call') return typeof id === 'string' ? { signs, id, signature } : undefined;
  return signs === 'text' || signs === 'thought' || signs === 'image' ? { signs, signature } : undefined;
}

function ownPart(part: JsonObject): JsonObject | undefined {
  const signed = typeof part.thoughtSignature === 'string' ? { thoughtSignature: part.thoughtSignature } : {};
  for (const [name, fields] of Object.entries(OWN_PARTS)) {
    const own = part[name];
    if (!isObject(own)) continue;
    const kept = fields.filter(field => typeof own[field] === 'string').map(field => [field, own[field]] as const);
    return { [name]: Object.fromEntries(kept), ...signed };
  }
  return undefined;
}
