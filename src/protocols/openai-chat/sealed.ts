import { LazuError } from '../../errors.js';
import type { Sealed } from '../conversation.js';
import type { JsonObject } from '../protocol.js';

/** Where the chat shape carries what it has no field for: clients that send a message back as they got it keep it alive. */
export const SEALED_FIELD = 'lazu_sealed';

/** A sealed block and its place in the answer: behind so many tool calls, and behind the text or before it. */
export interface PlacedSeal {
  readonly sealed: Sealed;
  readonly callsBefore: number;
  readonly textBefore: boolean;
}

/** Base64url of JSON: opaque to callers, who have nothing to change in it. */
export function writeSeals(seals: readonly PlacedSeal[]): string {
  return Buffer.from(JSON.stringify(seals)).toString('base64url');
}

/** @throws LazuError `invalid_request` */
export function readSeals(value: unknown, path: string): PlacedSeal[] {
  if (value === undefined || value === null) return [];
  try {
    const seals: unknown = typeof value === 'string' && JSON.parse(Buffer.from(value, 'base64url').toString('utf8'));
    if (Array.isArray(seals) && seals.every(isSeal)) return seals;
  } catch {
    // falls through: what is no JSON is no seal of ours
  }
  throw new LazuError('invalid_request', `\`${path}\` must be sent back as it was received, or left out.`, {
    param: path,
  });
}

function isSeal(value: unknown): value is PlacedSeal {
  const { sealed, callsBefore, textBefore } = (value ?? {}) as { [name in keyof PlacedSeal]?: unknown };
  const { protocol, value: block } = (sealed ?? {}) as Partial<JsonObject>;
  return (
    typeof protocol === 'string' &&
    typeof block === 'object' &&
    block !== null &&
    typeof callsBefore === 'number' &&
    typeof textBefore === 'boolean'
  );
}
