import type { ErrorCode, LazuError } from '../../errors.js';
import type { JsonObject } from '../protocol.js';
import { saysForbidden, saysMisconfigured, saysSpent, saysTooLong } from '../refusal-words.js';
import { upstreamError } from '../upstream-error.js';
import { object, objects, text } from './wire.js';

/** Statuses of Google's APIs and the number that each comes with: https://cloud.google.com/apis/design/errors#handling_errors */
const STATUS_OF: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

/** Google's refusal, by status and body: https://ai.google.dev/gemini-api/docs/troubleshooting */
export function readError(status: number, body: string, headers: Readonly<Record<string, string>>): LazuError {
  const error = toldIn(body);
  const message = text(error.message);
  return upstreamError({
    status,
    label: text(error.status),
    message,
    headers,
    isQuota: isOperators(error, message),
    refusal: refusal(message),
    retryAfterMs: retryAfterMs(error),
  });
}

/** An error inside a stream says its status itself. */
export function readErrorObject(error: JsonObject): LazuError {
  const { code, status } = error;
  return readError(typeof code === 'number' ? code : (STATUS_OF[text(status)] ?? 500), JSON.stringify({ error }), {});
}

/** Streams that are no SSE put it into an array. */
function toldIn(body: string): JsonObject {
  try {
    const json: unknown = JSON.parse(body);
    return object(object(Array.isArray(json) ? json[0] : json).error);
  } catch {
    return {}; // a proxy in between speaks HTML
  }
}

const detailsOf = (error: JsonObject, type: string): JsonObject[] =>
  objects(error.details).filter(detail => text(detail['@type']).endsWith(`google.rpc.${type}`));

/** A wrong key comes as 400, and so does an account that must not be served: neither is the caller's doing. */
function isOperators(error: JsonObject, message: string): boolean {
  const reasons = detailsOf(error, 'ErrorInfo').map(({ reason }) => text(reason));
  if (error.status === 'FAILED_PRECONDITION') return true;
  if (reasons.some(reason => /API_?KEY|SERVICE_DISABLED|BILLING|CONSUMER/.test(reason))) return true;
  return saysMisconfigured(message) || isSpent(error, message);
}

/**
 * The same 429 says that a minute's tokens are used up, which passes, and that a day's are, or that there were none to begin with:
 * https://ai.google.dev/gemini-api/docs/rate-limits
 */
function isSpent(error: JsonObject, message: string): boolean {
  const violations = detailsOf(error, 'QuotaFailure').flatMap(detail => objects(detail.violations));
  if (violations.some(({ quotaId, quotaValue }) => /PerDay/.test(text(quotaId)) || quotaValue === '0')) return true;
  return saysSpent(message) || /limit: 0\b|billing account/i.test(message);
}

/** `{"@type": ".../google.rpc.RetryInfo", "retryDelay": "48.9s"}` */
function retryAfterMs(error: JsonObject): number | undefined {
  const seconds = Number.parseFloat(text(detailsOf(error, 'RetryInfo')[0]?.retryDelay));
  return seconds >= 0 ? seconds * 1000 : undefined;
}

function refusal(message: string): ErrorCode {
  if (saysTooLong(message)) return 'context_length_exceeded';
  const isForbidden = /sensitive words|(?:blocked|violat).*(?:safety|polic)|prohibited (?:content|use)/i;
  return saysForbidden(message) || isForbidden.test(message) ? 'content_policy_violation' : 'invalid_request';
}
