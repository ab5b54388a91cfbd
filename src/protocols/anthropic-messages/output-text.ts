import type { JsonObject } from '../protocol.js';
import { isObject } from '../scalars.js';

/** All text that a model wrote in these SSE frames, or in this whole answer: what a tokenizer counts when the vendor never said. */
export function outputTextIn(frames: string): string {
  if (frames.startsWith('{')) {
    const { content } = parse(frames);
    return Array.isArray(content) ? content.map(textOf).join('') : '';
  }
  let text = '';
  for (const line of frames.split(/\r\n|\r|\n/)) {
    if (!line.startsWith('data:')) continue;
    const { delta, content_block: block } = parse(line.slice('data:'.length));
    text += textOf(delta ?? block);
  }
  return text;
}

/** A block, or a piece of one. Signatures are no output. */
function textOf(piece: unknown): string {
  if (!isObject(piece)) return '';
  const { text, thinking, partial_json: json, name, input } = piece;
  const whole = isObject(input) && Object.keys(input).length > 0 ? JSON.stringify(input) : undefined;
  return [text, thinking, name, json, whole].filter(part => typeof part === 'string').join('');
}

function parse(json: string): JsonObject {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : {};
  } catch {
    return {}; // half a frame: nothing that a caller could have read
  }
}
