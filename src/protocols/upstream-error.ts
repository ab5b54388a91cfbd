import { type ErrorCode, LazuError } from '../errors.js';

type Headers = Readonly<Record<string, string>>;

/** An upstream's refusal, as far as its own protocol must be known to read it. */
export interface UpstreamRefusal {
  readonly status: number;
  /** The vendor's word for what happened, for the log; '' when it said none. */
  readonly label: string;
  /** The vendor's sentence; shown to callers only where the request itself is wrong. '' when it said none. */
  readonly message: string;
  readonly headers: Headers;
  /** The vendor's own quota, credit or billing: the operator's problem, whatever status it comes as. */
  readonly isQuota: boolean;
  /** What a wrong request is called: `invalid_request`, or what the protocol's words say more exactly. */
  readonly refusal: ErrorCode;
  /** The field that the vendor blames, in the caller's words if it is known. */
  readonly param?: string | null | undefined;
  /** A hint in the body, milliseconds; headers go before it. */
  readonly retryAfterMs?: number | undefined;
}

/** Characters of the vendor's message that reach a caller. */
const LONGEST_MESSAGE = 2_000;

/** Contract §11: what an upstream's status means to a caller, the same for every protocol. */
export function upstreamError(refusal: UpstreamRefusal): LazuError {
  const { status, label, headers, param } = refusal;
  const cause = new Error(`upstream answered ${status}: ${label || 'no code'}`);
  const again = { retryable: true, cause };
  const later = { ...again, retryAfter: retryAfter(headers, refusal.retryAfterMs) };
  if (refusal.isQuota) return operatorsProblem(cause);
  switch (status) {
    case 400:
    case 413:
    case 422: {
      const code = status === 413 ? 'context_length_exceeded' : refusal.refusal;
      const message = refusal.message.slice(0, LONGEST_MESSAGE) || refusedBecause(code);
      return new LazuError(code, message, { param: param ?? null, cause });
    }
    case 401:
    case 402:
    case 403:
    case 404:
      return operatorsProblem(cause);
    case 408:
    case 504:
      return new LazuError('upstream_timeout', 'The model provider did not answer in time. Please try again.', again);
    case 429:
      return new LazuError(
        'upstream_rate_limited',
        'The model provider is limiting requests. Please try again later.',
        later,
      );
    case 503:
    case 529:
      return new LazuError('upstream_unavailable', 'The model provider is overloaded. Please try again later.', later);
    default:
      return new LazuError('upstream_error', `The model provider failed (status ${status}). Please try again.`, again);
  }
}

const refusedBecause = (code: ErrorCode): string =>
  code === 'content_policy_violation'
    ? 'The model provider refused this request: it is against its rules for content.'
    : 'The model provider refused this request.';

/** Keys, money and names at the vendor: never the upstream's words about them. */
function operatorsProblem(cause: Error): LazuError {
  const message = 'The model provider refused the gateway itself. The operator has to look at this channel.';
  return new LazuError('upstream_error', message, { retryable: true, cause });
}

/**
 * Seconds, from `retry-after-ms`, from `retry-after` in seconds or as a time beside the vendor's own `date`, or from what the body said.
 * https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
function retryAfter(headers: Headers, hintMs: number | undefined): number | undefined {
  const ms = Number(headers['retry-after-ms']);
  if (ms > 0) return Math.ceil(ms / 1000);
  const seconds = Number(headers['retry-after'] ?? NaN);
  if (seconds >= 0) return Math.ceil(seconds);
  const wait = Date.parse(headers['retry-after'] ?? '') - Date.parse(headers.date ?? '');
  if (wait >= 0) return Math.ceil(wait / 1000);
  return hintMs === undefined ? undefined : Math.ceil(hintMs / 1000);
}

/** An upstream's answer that makes no sense; another channel may make more. */
export const garbled = (cause?: unknown): LazuError =>
  new LazuError('upstream_error', 'The model provider sent an answer that cannot be read.', { retryable: true, cause });
