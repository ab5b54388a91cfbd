import type { ErrorCode } from '../../errors.js';
import type { JsonObject } from '../../protocols/protocol.js';
import { HEADERS, headersNamed } from '../headers.js';
import type { Tag } from './operation.js';

/** A route of the inference mount, described by hand: nothing of Nest's knows its body. */
export interface InferenceOperation {
  readonly tag: Tag;
  readonly operation: JsonObject;
  readonly errors: readonly ErrorCode[];
  /** Schema of its error envelope; default: `Error`. */
  readonly errorSchema?: string;
}

/** By `METHOD /path`. */
export type InferenceOperations = Readonly<Record<string, InferenceOperation>>;

export const answerHeaders = headersNamed(['X-Lazu-Request-Id', 'X-Lazu-Dropped-Params', ...HEADERS.rateLimits]);

/** Request headers that every dialect has. */
export const headerParameters: readonly JsonObject[] = [
  {
    name: 'X-Lazu-Lane',
    in: 'header',
    description: 'Narrows what the key prefers.',
    schema: { type: 'string', enum: ['direct', 'cheap'] },
  },
  {
    name: 'traceparent',
    in: 'header',
    description: 'W3C trace context; passed on to the vendor, with `tracestate`.',
    schema: { type: 'string' },
  },
];

/** What any dialect of chat may answer. */
export const CHAT_ERRORS: readonly ErrorCode[] = [
  'bad_request_body',
  'missing_required_parameter',
  'invalid_request',
  'unsupported_parameter',
  'context_length_exceeded',
  'content_policy_violation',
  'insufficient_quota',
  'model_not_found',
  'method_not_allowed',
  'payload_too_large',
  'unsupported_media_type',
  'invalid_value',
  'request_rate_limit_exceeded',
  'token_rate_limit_exceeded',
  'upstream_rate_limited',
  'upstream_error',
  'upstream_unavailable',
  'price_unavailable',
  'upstream_timeout',
];
