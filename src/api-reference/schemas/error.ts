import { ERROR_CODES, LazuError, type ErrorCode } from '../../errors.js';
import { nullable, object, oneOf, text, type Schema } from './schema.js';

/** What a caller is told to make of each code. */
export const MEANING: Readonly<Record<ErrorCode, string>> = {
  bad_request_body: 'The body is not valid JSON, or broke off.',
  missing_required_parameter: 'A required field is missing; `param` names it.',
  invalid_request: 'A field has the wrong JSON type; `param` names it.',
  unsupported_parameter: 'A field that the model, its vendor or Lazu does not take; `param` names it.',
  unsupported_purpose: 'A file purpose that does not exist.',
  context_length_exceeded: 'The input is longer than the model reads.',
  content_policy_violation: "The vendor's content policy refused the request.",
  invalid_api_key: 'The key is missing, malformed, unknown or deleted.',
  token_expired: 'The key is past its expiry.',
  token_disabled: 'The key is disabled.',
  account_suspended: 'The account of this key is suspended.',
  ip_not_allowed: "The caller's address is not on the key's allowlist.",
  insufficient_quota: 'No money left; `param` is `balance` or `key_quota`.',
  forbidden: 'The admin key lacks the role.',
  not_found: 'There is nothing at this path, or with this id.',
  model_not_found: 'No such model for this key.',
  file_not_found: 'No such file for this account.',
  response_not_found: 'No such response for this account.',
  request_not_found: 'This key made no request with this id.',
  method_not_allowed: 'The path exists, the method does not.',
  conflict: 'It contradicts what is there; the message says how.',
  payload_too_large: 'The body is larger than the endpoint takes: `MAX_BODY_MB` for inference.',
  file_too_large: 'A file is larger than its purpose allows (413), or all files of one call together (400).',
  unsupported_media_type: 'The body must be uncompressed JSON.',
  invalid_value: 'Right type, but out of bounds; `param` names the field.',
  request_rate_limit_exceeded: 'Too many requests in the last 60 s. `Retry-After` is the true wait in seconds.',
  token_rate_limit_exceeded: 'Too many tokens in the last 60 s. Without `Retry-After`, waiting does not help.',
  upstream_rate_limited: 'Every channel for this model is rate limited by its vendor.',
  internal_error: 'A fault of Lazu. Report it with the request id.',
  upstream_error: "The vendor failed, answered with something unreadable, broke off, or refused the operator's key.",
  upstream_unavailable: 'The vendor cannot be reached, or is overloaded.',
  service_unavailable: "Lazu's own database is away, or the host is shutting down. Try again.",
  price_unavailable: 'The operator has set no price for what was asked.',
  upstream_timeout: 'The vendor took longer than the deadline.',
};

/** HTTP status of a code, and OpenAI's `type`, which follows from it. */
export function statusOf(code: ErrorCode): { status: number; type: string } {
  const { status, type } = new LazuError(code, '');
  return { status, type };
}

const TYPES = [...new Set(ERROR_CODES.map(code => statusOf(code).type))];

export const errorSchemas: Readonly<Record<string, Schema>> = {
  Error: object({
    error: object({
      message: text('For people: what is wrong and what to do.'),
      type: oneOf(TYPES),
      code: oneOf(ERROR_CODES, 'For programs: match on this.'),
      param: nullable(text('The field at fault, as a dotted path such as `messages.0.content`.')),
      request_id: text('The same as the header `X-Lazu-Request-Id`.', { pattern: '^req_lazu_[0-9A-Z]{26}$' }),
    }),
  }),
};
