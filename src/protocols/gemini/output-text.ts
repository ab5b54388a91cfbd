import type { JsonObject } from '../protocol.js';
import { field, isObject } from './fields.js';

/** All text that a model wrote in these SSE frames, or in this whole answer: what a tokenizer counts when the vendor never said. */
export function outputTextIn(frames: string): string {
  const lines = /^\s*\{/.test(frames) ? [frames] : frames.split(/\r\n|\r|\n/).filter(line => line.startsWith('data:'));
  return lines.map(line => textOf(parse(line.replace(/^data:\s*/, '')))).join('');
}

function textOf({ candidates }: JsonObject): string {
  return objects(candidates)
    .flatMap(({ content }) => (isObject(content) ? objects(content.parts) : []))
    .map(part => {
      const call = field(part, 'functionCall');
      const said = typeof part.text === 'string' ? part.text : '';
      return isObject(call) ? `${said}${String(call.name)}${JSON.stringify(call.args ?? {})}` : said;
    })
    .join('');
}

const objects = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

function parse(json: string): JsonObject {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : {};
  } catch {
    return {}; // half a frame: nothing that a caller could have read
  }
}
