import type { JsonObject } from '../protocol.js';

/** Where reasoning text stands, the contract's own place first: a clone that fills both says the same twice. */
export const REASONING_FIELDS = ['reasoning_content', 'reasoning'] as const;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** The text of a message or a piece of one; content in parts is what its text parts say. */
export function textIn(content: unknown): string {
  if (typeof content === 'string') return content;
  return list(content)
    .map(part => (isObject(part) && part.type === 'text' && typeof part.text === 'string' ? part.text : ''))
    .join('');
}

/** Its reasoning; some vendors put thinking parts into the content: https://docs.mistral.ai/capabilities/reasoning */
export function reasoningIn(piece: JsonObject): string {
  for (const field of REASONING_FIELDS) {
    const value = piece[field];
    if (typeof value === 'string' && value !== '') return value;
  }
  return list(piece.content)
    .map(part => (isObject(part) && part.type === 'thinking' ? textIn(part.thinking) : ''))
    .join('');
}
