import type { ErrorCode, LazuError } from '../../errors.js';
import { saysForbidden, saysMisconfigured, saysSpent, saysTooLong } from '../refusal-words.js';
import { upstreamError } from '../upstream-error.js';

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

/** Anthropic's refusal, by status and body. */
export function readError(status: number, body: string, headers: Readonly<Record<string, string>>): LazuError {
  const { type, message } = toldIn(body);
  return upstreamError({
    // A host of this protocol says 400 to a wrong key, and Anthropic to an organisation that it has shut out.
    status: status === 400 && saysMisconfigured(message) ? 403 : status,
    label: type,
    message,
    headers,
    isQuota: isQuota(type, message),
    refusal: refusal(`${type} ${message}`),
  });
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
      message: typeof message === 'string' ? message : '',
    };
  } catch {
    return { type: '', message: '' }; // a proxy in between speaks HTML
  }
}

/** Out of credit comes as 400, 402 or 403, a workspace's spend limit as 400, and what long prompts cost beyond a plan as 429. */
const isQuota = (type: string, message: string): boolean =>
  type === 'billing_error' || saysSpent(`${type} ${message}`) || /extra usage is required/i.test(message);

function refusal(said: string): ErrorCode {
  if (saysTooLong(said) || /exceed(s|ed)? (the )?(model'?s? )?(maximum )?context/i.test(said))
    return 'context_length_exceeded';
  return saysForbidden(said) ? 'content_policy_violation' : 'invalid_request';
}
