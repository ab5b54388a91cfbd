import type { JsonObject } from '../protocol.js';

/** One event of a stream: its type stands before its data too. https://platform.claude.com/docs/en/build-with-claude/streaming */
export const writeEvent = (event: JsonObject & { readonly type: string }): string =>
  `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

/** The same for the events that most are: what they share is not serialised each time, which is half the cost. */
export const writeDelta = (index: number, delta: JsonObject): string =>
  `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":${JSON.stringify(delta)}}\n\n`;
