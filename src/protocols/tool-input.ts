import type { JsonObject } from './protocol.js';

/** The input of a tool call, for vendors that want an object: what a model wrote that is none is shown to it as it was. */
export function inputObject(json: string): JsonObject {
  if (json.trim() === '') return {};
  try {
    const input: unknown = JSON.parse(json);
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as JsonObject;
  } catch {
    // falls through
  }
  return { arguments: json };
}
