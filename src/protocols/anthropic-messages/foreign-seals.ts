import type { JsonObject } from '../protocol.js';
import { isObject } from '../scalars.js';
import { isOurs } from './seals.js';

const MARK = Buffer.from('"lazu_');

/**
 * A conversation that began with another vendor's model goes on with one of Anthropic's: thoughts that Anthropic has not signed would be
 * refused by it (trap 31), so they are left out. Its own stay.
 * @returns undefined where there are none: the bytes go as they are
 */
export function withoutForeignSeals(
  raw: Uint8Array,
  body: () => JsonObject,
): { readonly body: JsonObject; readonly dropped: readonly string[] } | undefined {
  if (!Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).includes(MARK)) return undefined;
  const given = body();
  const dropped: string[] = [];
  const messages = (given.messages as JsonObject[]).flatMap((message, at): JsonObject[] => {
    if (!Array.isArray(message.content)) return [message];
    const content = message.content.filter((block: unknown, index) => {
      const isForeign = isObject(block) && isForeignThought(block);
      if (isForeign) dropped.push(`messages.${at}.content.${index}`);
      return !isForeign;
    });
    if (content.length === message.content.length) return [message];
    return content.length > 0 ? [{ ...message, content }] : [];
  });
  return dropped.length > 0 ? { body: { ...given, messages }, dropped } : undefined;
}

const isForeignThought = ({ type, signature, data }: JsonObject): boolean =>
  (type === 'thinking' && isOurs(signature)) || (type === 'redacted_thinking' && isOurs(data));
