import type { ErrorCode, LazuError } from '../../errors.js';
import { isQuota, meantStatus, wordsOf } from '../openai-chat/read-error.js';
import { readToldError, type ToldError } from '../openai-chat/told-error.js';
import type { JsonObject } from '../protocol.js';
import { saysForbidden, saysTooLong } from '../refusal-words.js';
import { upstreamError } from '../upstream-error.js';

/**
 * An upstream's refusal: the error object is that of chat, the codes are more.
 * https://platform.openai.com/docs/api-reference/responses/object#responses/object-error
 */
export function readError(status: number, body: string, headers: Readonly<Record<string, string>>): LazuError {
  const told = readToldError(body);
  const { code, type, message, param } = told;
  return upstreamError({
    status: meantStatus(status, told),
    label: code || type,
    message: status === 403 ? '' : message,
    headers,
    isQuota: isQuota(told),
    refusal: refusal(told),
    param,
  });
}

/** The status that an error without one would have had. */
const STATUS_BY_WORDS: readonly (readonly [words: RegExp, status: number])[] = [
  [/rate_?limit|too_many/i, 429],
  [/overloaded|unavailable|slow_down/i, 503],
  [/timeout/i, 504],
  [/server_error/i, 500],
  [/invalid|image|policy|context_length|content_filter/i, 400],
];

/** An error event is flat, or has an error object in it; a failed response has the object alone. */
export function readErrorObject(error: unknown): LazuError {
  const body = JSON.stringify({ error });
  const { code, type } = readToldError(body);
  const status = STATUS_BY_WORDS.find(([words]) => words.test(`${code} ${type}`))?.[1] ?? 500;
  return readError(status, body, {});
}

/** What went wrong after the status had been 200. */
export function errorIn({ status, error, type, ...rest }: JsonObject): LazuError | undefined {
  if (type === 'error') return readErrorObject(error ?? rest);
  const failed = status === 'failed' || status === 'cancelled';
  return failed || (typeof error === 'object' && error !== null) ? readErrorObject(error ?? {}) : undefined;
}

function refusal(told: ToldError): ErrorCode {
  const said = wordsOf(told);
  if (saysTooLong(said)) return 'context_length_exceeded';
  if (saysForbidden(said)) return 'content_policy_violation';
  return /unsupported_(parameter|value)|not supported/i.test(said) && told.param
    ? 'unsupported_parameter'
    : 'invalid_request';
}
