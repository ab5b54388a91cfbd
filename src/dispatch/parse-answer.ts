import type { JsonObject } from '../protocols/protocol.js';
import { garbled } from '../protocols/upstream-error.js';

/** @throws LazuError `upstream_error` for what is no JSON object: no caller could read it */
export function parseAnswer(bytes: Buffer): JsonObject {
  try {
    const answer: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof answer === 'object' && answer !== null && !Array.isArray(answer)) return answer as JsonObject;
  } catch (error) {
    throw garbled(error);
  }
  throw garbled();
}
