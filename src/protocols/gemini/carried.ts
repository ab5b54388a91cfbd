import type { Sealed } from '../conversation.js';
import { isObject } from './fields.js';

/** A sealed block of another protocol, and whether text stood before it since the last call. */
export interface CarriedSeal {
  readonly sealed: Sealed;
  readonly textBefore: boolean;
}

/** Bytes that no signature of Google's begins with. */
const MARK = 'lazu:';

/**
 * Blocks of other protocols come home in `thoughtSignature`, the one field that clients of Gemini send back unread: base64, as Google's
 * own are: https://ai.google.dev/gemini-api/docs/thought-signatures
 */
export const writeCarried = (seals: readonly CarriedSeal[]): string =>
  Buffer.from(MARK + JSON.stringify(seals)).toString('base64');

/** @returns undefined for a signature that is Google's own, or made up */
export function readCarried(thoughtSignature: string): readonly CarriedSeal[] | undefined {
  const text = Buffer.from(thoughtSignature, 'base64').toString('utf8'); // either alphabet of base64
  if (!text.startsWith(MARK)) return undefined;
  try {
    const seals: unknown = JSON.parse(text.slice(MARK.length));
    return Array.isArray(seals) && seals.every(isCarried) ? seals : undefined;
  } catch {
    return undefined;
  }
}

function isCarried(value: unknown): value is CarriedSeal {
  if (!isObject(value) || !isObject(value.sealed)) return false;
  const { protocol, value: block } = value.sealed;
  return typeof protocol === 'string' && isObject(block) && typeof value.textBefore === 'boolean';
}
