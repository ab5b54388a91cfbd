import type { LazuError } from '../../errors.js';
import type { JsonObject } from '../protocol.js';

/** Google's names of what went wrong, by status: https://cloud.google.com/apis/design/errors#http_mapping */
const NAMES: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  405: 'UNIMPLEMENTED',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/**
 * Google's envelope (contract §8), as a body and as the one last frame of a stream that had begun. What every error of Lazu says (§11)
 * stands in `details`, and when to try again where Google's clients look for it.
 */
export function writeError(error: LazuError, requestId: string): { body: JsonObject; frame: string } {
  const { message, type, code, param, status, retryAfter } = error;
  const info = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: code.toUpperCase(),
    domain: 'lazu',
    metadata: { message, type, code, param, request_id: requestId },
  };
  const retry = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${retryAfter}s` };
  const details = retryAfter === undefined ? [info] : [info, retry];
  const body = { error: { code: status, message, status: NAMES[status] ?? 'INVALID_ARGUMENT', details } };
  return { body, frame: `data: ${JSON.stringify(body)}\n\n` };
}
