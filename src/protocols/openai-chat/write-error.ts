import type { LazuError } from '../../errors.js';
import type { JsonObject } from '../protocol.js';

/** OpenAI's envelope (contract §11), as a body and as the one last frame of a stream that had begun. */
export function writeError(error: LazuError, requestId: string): { body: JsonObject; frame: string } {
  const { message, type, code, param } = error;
  const body = { error: { message, type, code, param, request_id: requestId } };
  return { body, frame: `data: ${JSON.stringify(body)}\n\n` };
}
