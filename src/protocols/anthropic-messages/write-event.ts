import type { JsonObject } from '../protocol.js';

/** One event of a stream: its type stands before its data too. https://platform.claude.com/docs/en/build-with-claude/streaming */
export const writeEvent = (event: JsonObject & { readonly type: string }): string =>
  `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
