import type { LazuError } from '../../errors.js';
import type { JsonObject } from '../protocol.js';
import { writeEvent } from './write-event.js';

/** What Anthropic calls each status: https://platform.claude.com/docs/en/api/errors#http-errors */
const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
};

/** Anthropic's words for it, by which its clients know that they must shorten the conversation. */
const TOO_LONG = 'prompt is too long';

/** Anthropic's envelope with the contract's fields (§11), as a body and as the one last frame of a stream that had begun. */
export function writeError(error: LazuError, requestId: string): { body: JsonObject; frame: string } {
  const { code, param } = error;
  const body = {
    type: 'error',
    error: { type: typeOf(error), message: messageOf(error), code, param, request_id: requestId },
    request_id: requestId,
  };
  return { body, frame: writeEvent(body) };
}

function typeOf({ code, status }: LazuError): string {
  if (code === 'insufficient_quota') return 'billing_error';
  return TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
}

function messageOf({ code, message }: LazuError): string {
  const says = code !== 'context_length_exceeded' || message.includes(TOO_LONG);
  return says ? message : `${TOO_LONG}: ${message}`;
}
