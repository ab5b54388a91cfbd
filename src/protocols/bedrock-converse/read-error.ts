import type { ErrorCode, LazuError } from '../../errors.js';
import type { JsonObject } from '../protocol.js';
import { saysForbidden, saysTooLong } from '../refusal-words.js';
import { upstreamError } from '../upstream-error.js';
import { object, text } from './shapes.js';

/**
 * Exceptions and what each means as a status; those that are not here keep the status that they came with, and inside a stream are 500.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html
 */
const STATUS_OF: Readonly<Record<string, number>> = {
  ValidationException: 400,
  AccessDeniedException: 403,
  UnrecognizedClientException: 403,
  InvalidSignatureException: 403,
  ExpiredTokenException: 403,
  ResourceNotFoundException: 404,
  ModelTimeoutException: 504,
  ThrottlingException: 429,
  ModelNotReadyException: 503,
  ServiceUnavailableException: 503,
  InternalServerException: 500,
  ModelErrorException: 502,
  ModelStreamErrorException: 502,
};

/** Converse's refusal: the exception's name is in a header, its message in the body. */
export function readError(status: number, body: string, headers: Readonly<Record<string, string>>): LazuError {
  const said = parsed(body);
  const name = nameOf(headers['x-amzn-errortype'] ?? text(said.__type));
  return told(name, text(said.message) || text(said.Message), status, headers);
}

/** An exception inside a stream, which has no status of its own: `{"throttlingException": {"message"}}`. */
export function readException(name: string, exception: unknown): LazuError {
  const { message } = object(exception);
  return told(name.charAt(0).toUpperCase() + name.slice(1), text(message), 500, {});
}

function told(label: string, message: string, status: number, headers: Readonly<Record<string, string>>): LazuError {
  return upstreamError({
    status: isMisconfigured(message) ? 404 : (STATUS_OF[label] ?? status),
    label,
    message,
    headers,
    isQuota: label === 'ServiceQuotaExceededException' || /tokens per day/i.test(message),
    refusal: refusal(message),
  });
}

/** `ValidationException:http://internal…` in the header, `com.amazon.coral#ValidationException` in the body. */
const nameOf = (type: string): string => type.replace(/^.*#/, '').replace(/:.*$/, '');

/** Wrong requests in the vendor's eyes which are wrong channels in ours: the model's id, its region, access to it. */
const isMisconfigured = (message: string): boolean =>
  /model identifier is invalid|on-demand throughput|inference profile|access to the model|not authorized|model access|marketplace|end of (its )?life|operation not allowed/i.test(
    message,
  );

function refusal(message: string): ErrorCode {
  const tooLong = /input tokens exceed|exceeds? (the )?(model'?s? )?(max(imum)? )?(context|input|length)/i;
  if (saysTooLong(message) || tooLong.test(message)) return 'context_length_exceeded';
  return saysForbidden(message) || /guardrail/i.test(message) ? 'content_policy_violation' : 'invalid_request';
}

function parsed(body: string): JsonObject {
  try {
    return object(JSON.parse(body));
  } catch {
    return {}; // a proxy in between speaks HTML
  }
}
