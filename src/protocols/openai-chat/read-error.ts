import type { ErrorCode, LazuError } from '../../errors.js';
import { upstreamError } from '../upstream-error.js';
import { readToldError, type ToldError } from './told-error.js';

/** An upstream's refusal in OpenAI's dialect. */
export function readError(status: number, body: string, headers: Readonly<Record<string, string>>): LazuError {
  const told = readToldError(body);
  const { code, type, message, param } = told;
  return upstreamError({
    status,
    label: code || type,
    message,
    headers,
    isQuota: isQuota(told),
    refusal: refusal(told),
    param,
  });
}

/** An error object inside a stream or a 200 answer: it has no status, so its own code decides. */
export function readErrorObject(error: unknown): LazuError {
  const body = JSON.stringify({ error });
  const { code, type } = readToldError(body);
  const status = Number(code);
  if (status >= 400 && status < 600) return readError(status, body, {});
  const said = `${code} ${type}`;
  if (/rate_?limit|too_many/i.test(said)) return readError(429, body, {});
  if (/overloaded|unavailable/i.test(said)) return readError(503, body, {});
  if (/invalid_request|context_length|content_(policy|filter)/i.test(said)) return readError(400, body, {});
  return readError(500, body, {});
}

function refusal(told: ToldError): ErrorCode {
  const said = `${told.code} ${told.type} ${told.message}`;
  const tooLong =
    /context[_ ](length|window)|max(imum)? context|prompt (is )?too long|too[_ ]many[_ ]((input|prompt)[_ ])?tokens/i;
  if (tooLong.test(said)) return 'context_length_exceeded';
  if (/content_policy|content_filter|responsibleai|moderation|safety system/i.test(said))
    return 'content_policy_violation';
  const unsupported = /unsupported_(parameter|value)|not supported/i.test(`${told.code} ${told.message}`);
  return unsupported && told.param ? 'unsupported_parameter' : 'invalid_request';
}

/** A vendor's own quota or billing trouble is the operator's, even when it comes as 429. */
function isQuota(told: ToldError): boolean {
  const quota =
    /insufficient_(quota|balance|credits?|funds)|billing_|exceeded your current quota|credit balance|payment required/i;
  return quota.test(`${told.code} ${told.type} ${told.message}`);
}
