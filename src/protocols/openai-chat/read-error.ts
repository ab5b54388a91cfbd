import { LazuError, type ErrorCode } from '../../errors.js';
import { readToldError, type ToldError } from './told-error.js';

type Headers = Readonly<Record<string, string>>;

/** An upstream's refusal in OpenAI's dialect, by status and body, as contract §11 says. */
export function readError(status: number, body: string, headers: Headers): LazuError {
  const told = readToldError(body);
  const cause = new Error(`upstream answered ${status}: ${told.code || told.type || 'no code'}`);
  const again = { retryable: true, cause };
  if (isQuota(told)) return operatorsProblem(cause);
  switch (status) {
    case 400:
    case 413:
    case 422: {
      const message = told.message || 'The model provider refused this request.';
      return new LazuError(refusal(status, told), message, { param: told.param, cause });
    }
    case 401:
    case 402:
    case 403:
    case 404:
      return operatorsProblem(cause);
    case 408:
    case 504:
      return new LazuError('upstream_timeout', 'The model provider did not answer in time. Please try again.', again);
    case 429: {
      const message = 'The model provider is limiting requests. Please try again later.';
      return new LazuError('upstream_rate_limited', message, { ...again, retryAfter: retryAfter(headers) });
    }
    case 503:
    case 529: {
      const message = 'The model provider is overloaded. Please try again later.';
      return new LazuError('upstream_unavailable', message, { ...again, retryAfter: retryAfter(headers) });
    }
    default:
      return new LazuError('upstream_error', `The model provider failed (status ${status}). Please try again.`, again);
  }
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

/** Keys, money and names at the vendor: never the upstream's words about them. */
function operatorsProblem(cause: Error): LazuError {
  const message = 'The model provider refused the gateway itself. The operator has to look at this channel.';
  return new LazuError('upstream_error', message, { retryable: true, cause });
}

function refusal(status: number, told: ToldError): ErrorCode {
  const said = `${told.code} ${told.type} ${told.message}`;
  const tooLong =
    /context[_ ](length|window)|max(imum)? context|prompt (is )?too long|too[_ ]many[_ ]((input|prompt)[_ ])?tokens/i;
  if (status === 413 || tooLong.test(said)) return 'context_length_exceeded';
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

/** Seconds, from `retry-after-ms` or from `retry-after` in seconds. */
function retryAfter(headers: Headers): number | undefined {
  const ms = Number(headers['retry-after-ms']);
  if (ms > 0) return Math.ceil(ms / 1000);
  const seconds = Number(headers['retry-after'] ?? NaN);
  return seconds >= 0 ? Math.ceil(seconds) : undefined;
}
