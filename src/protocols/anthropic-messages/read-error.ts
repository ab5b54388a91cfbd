import { type ErrorCode, LazuError } from '../../errors.js';

type Headers = Readonly<Record<string, string>>;

/** Error types and the status that each comes with: https://platform.claude.com/docs/en/api/errors */
const STATUS_OF: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

/** Characters of the vendor's message that reach a caller. */
const LONGEST_MESSAGE = 2_000;

/** Anthropic's refusal, by status and body, as contract §11 says. */
export function readError(status: number, body: string, headers: Headers): LazuError {
  const { type, message } = toldIn(body);
  const cause = new Error(`upstream answered ${status}: ${type || 'no type'}`);
  const again = { retryable: true, cause };
  if (isQuota(type, message)) return operatorsProblem(cause);
  switch (status) {
    case 400:
    case 413:
    case 422:
      return new LazuError(refusal(status, message), message || 'The model provider refused this request.', { cause });
    case 401:
    case 402:
    case 403:
    case 404:
      return operatorsProblem(cause);
    case 408:
    case 504:
      return new LazuError('upstream_timeout', 'The model provider did not answer in time. Please try again.', again);
    case 429: {
      const limited = 'The model provider is limiting requests. Please try again later.';
      return new LazuError('upstream_rate_limited', limited, { ...again, retryAfter: retryAfter(headers) });
    }
    case 503:
    case 529: {
      const overloaded = 'The model provider is overloaded. Please try again later.';
      return new LazuError('upstream_unavailable', overloaded, { ...again, retryAfter: retryAfter(headers) });
    }
    default:
      return new LazuError('upstream_error', `The model provider failed (status ${status}). Please try again.`, again);
  }
}

/** An error inside a stream or an answer of status 200 has no status of its own: its type says which it would have been. */
export function readErrorObject(error: unknown): LazuError {
  const body = JSON.stringify({ error });
  return readError(STATUS_OF[toldIn(body).type] ?? 500, body, {});
}

function toldIn(body: string): { type: string; message: string } {
  try {
    const { error } = JSON.parse(body) as { error?: { type?: unknown; message?: unknown } };
    const { type, message } = error ?? {};
    return {
      type: typeof type === 'string' ? type : '',
      message: typeof message === 'string' ? message.slice(0, LONGEST_MESSAGE) : '',
    };
  } catch {
    return { type: '', message: '' }; // a proxy in between speaks HTML
  }
}

/** Keys, money and names at the vendor: never the upstream's words about them. */
function operatorsProblem(cause: Error): LazuError {
  const message = 'The model provider refused the gateway itself. The operator has to look at this channel.';
  return new LazuError('upstream_error', message, { retryable: true, cause });
}

/** Out of credit comes as 400, 402 or 403, a workspace's spend limit as 400. */
const isQuota = (type: string, message: string): boolean =>
  type === 'billing_error' ||
  /credit balance|specified (api )?usage limits|insufficient (funds|credits)/i.test(message);

function refusal(status: number, message: string): ErrorCode {
  const tooLong =
    /prompt is too long|exceed(s|ed)? (the )?(model'?s? )?(maximum )?context|context (limit|window|length)/i;
  if (status === 413 || tooLong.test(message)) return 'context_length_exceeded';
  return /content (filter|polic)|usage polic/i.test(message) ? 'content_policy_violation' : 'invalid_request';
}

/** Seconds, from `retry-after`. */
function retryAfter(headers: Headers): number | undefined {
  const seconds = Number(headers['retry-after'] ?? NaN);
  return seconds >= 0 ? Math.ceil(seconds) : undefined;
}
