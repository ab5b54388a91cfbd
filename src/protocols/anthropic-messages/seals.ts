import { LazuError } from '../../errors.js';
import type { Sealed } from '../conversation.js';
import { isObject } from '../scalars.js';

/**
 * Anthropic's clients keep `signature` and `redacted_thinking.data` and send them back as they got them: what other protocols need back
 * travels in them. The mark has a character that Anthropic's own base64 has not, so that neither is taken for the other (trap 31).
 */
const MARK = 'lazu_';

/** In place of a signature, where nobody signed: a client may drop a thought that has none. */
export const UNSIGNED = `${MARK}unsigned`;

export const writeSeal = (sealed: Sealed): string =>
  MARK + Buffer.from(JSON.stringify({ protocol: sealed.protocol, value: sealed.value })).toString('base64url');

/** Whether this is ours, and no signature of Anthropic's. */
export const isOurs = (signature: unknown): boolean => typeof signature === 'string' && signature.startsWith(MARK);

/**
 * @returns undefined where nobody signed
 * @throws LazuError `invalid_request`
 */
export function readSeal(signature: string, path: string): Sealed | undefined {
  if (signature === UNSIGNED) return undefined;
  try {
    const sealed: unknown = JSON.parse(Buffer.from(signature.slice(MARK.length), 'base64url').toString('utf8'));
    if (isObject(sealed) && typeof sealed.protocol === 'string' && isObject(sealed.value))
      return { protocol: sealed.protocol as Sealed['protocol'], value: sealed.value };
  } catch {
    // falls through: what is no JSON is no seal of ours
  }
  const message = `\`${path}\` must be sent back as it was received, or left out with its block.`;
  throw new LazuError('invalid_request', message, { param: path });
}
