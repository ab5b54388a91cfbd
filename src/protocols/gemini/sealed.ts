import type { Sealed } from '../conversation.js';
import type { JsonObject } from '../protocol.js';
import { isObject } from './fields.js';

/**
 * What Gemini needs back, in neutral form. `{ thoughtSignature }` and nothing else signs the block before it, or stands for an empty
 * text where none is; anything else is a part of its own, as it came: https://ai.google.dev/gemini-api/docs/thought-signatures
 */
export const seal = (value: JsonObject): Sealed => ({ protocol: 'gemini', value });

/** The signature of a seal that signs the block before it. */
export function signatureIn({ protocol, value }: Sealed): string | undefined {
  const { thoughtSignature, ...more } = value;
  const isAlone = protocol === 'gemini' && Object.keys(more).length === 0;
  return isAlone && typeof thoughtSignature === 'string' ? thoughtSignature : undefined;
}

/** A sealed block of another protocol, and whether text stood before it since the last call. */
export interface CarriedSeal {
  readonly sealed: Sealed;
  readonly textBefore: boolean;
}

/** Bytes that no signature of Google's begins with. */
const MARK = 'lazu:';

/** Blocks of other protocols come home in the one field that clients of Gemini send back unread: base64, as Google's own are. */
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
