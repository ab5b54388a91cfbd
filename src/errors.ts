/** Every error a caller can see, with its HTTP status: the contract's §11 as one table. */
const STATUS = {
  bad_request_body: 400,
  missing_required_parameter: 400,
  invalid_request: 400,
  unsupported_parameter: 400,
  unsupported_purpose: 400,
  context_length_exceeded: 400,
  content_policy_violation: 400,
  invalid_api_key: 401,
  token_expired: 401,
  token_disabled: 403,
  account_suspended: 403,
  ip_not_allowed: 403,
  insufficient_quota: 403,
  forbidden: 403,
  not_found: 404,
  model_not_found: 404,
  file_not_found: 404,
  response_not_found: 404,
  request_not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  payload_too_large: 413,
  file_too_large: 413,
  unsupported_media_type: 415,
  invalid_value: 422,
  request_rate_limit_exceeded: 429,
  token_rate_limit_exceeded: 429,
  upstream_rate_limited: 429,
  internal_error: 500,
  upstream_error: 502,
  upstream_unavailable: 503,
  service_unavailable: 503,
  price_unavailable: 503,
  upstream_timeout: 504,
} as const;

export type ErrorCode = keyof typeof STATUS;

/** Every code, by status: what the reference lists. */
export const ERROR_CODES = Object.keys(STATUS) as ErrorCode[];

export interface LazuErrorOptions {
  /** Another channel may succeed where this one failed (`dispatch` asks). */
  retryable?: boolean;
  /** The request field at fault: a dotted path such as `messages.0.content`. */
  param?: string | null;
  /** Seconds until a retry makes sense; becomes `Retry-After`. */
  retryAfter?: number;
  /** Overrides the table where one code has two homes: `file_too_large` is 400 as a total, 413 for one file. */
  status?: number;
  /** Further response headers: `x-ratelimit-*` of a refusal. */
  headers?: Readonly<Record<string, string>>;
  cause?: unknown;
}

/** The one error class: thrown anywhere, turned into the caller's own protocol at the edge. `message` is shown to the caller. */
export class LazuError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly param: string | null;
  readonly retryable: boolean;
  readonly retryAfter: number | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, options: LazuErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'LazuError';
    this.code = code;
    this.status = options.status ?? STATUS[code];
    this.param = options.param ?? null;
    this.retryable = options.retryable ?? false;
    this.retryAfter = options.retryAfter;
    this.headers = options.headers ?? {};
  }

  /** OpenAI's `type`, which follows from the status (contract §11). */
  get type(): string {
    if (this.code === 'insufficient_quota') return 'insufficient_quota';
    if (this.status >= 500) return 'api_error';
    if (this.status === 429) return 'rate_limit_exceeded';
    if (this.status === 403) return 'permission_error';
    if (this.status === 401) return 'authentication_error';
    return 'invalid_request_error';
  }

  /** Anything thrown becomes a LazuError; what nobody foresaw is `internal_error` and says nothing about its cause. */
  static from(error: unknown): LazuError {
    if (error instanceof LazuError) return error;
    return new LazuError('internal_error', 'Something went wrong on our side. Please try again.', { cause: error });
  }
}
