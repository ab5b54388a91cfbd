import { LazuError } from '../errors.js';
import type { JsonObject } from '../protocols/protocol.js';

/** An upstream's answer that makes no sense; another channel may make more. */
export const garbled = (cause?: unknown) =>
  new LazuError('upstream_error', 'The model provider sent an answer that cannot be read.', { retryable: true, cause });

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
