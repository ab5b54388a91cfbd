import type { ErrorCode } from '../../errors.js';
import type { JsonObject } from '../../protocols/protocol.js';
import { HEADERS, headersNamed } from '../headers.js';
import { ref, text } from '../schemas/schema.js';
import type { Tag } from './operation.js';

/** A route of the inference mount, described by hand: nothing of Nest's knows its body. */
export interface InferenceOperation {
  readonly tag: Tag;
  readonly operation: JsonObject;
  readonly errors: readonly ErrorCode[];
}

const answerHeaders = headersNamed(['X-Lazu-Request-Id', 'X-Lazu-Dropped-Params', ...HEADERS.rateLimits]);

const STREAM_EXAMPLE = [
  'data: {"id":"…","object":"chat.completion.chunk","created":1795300000,"model":"lazu/sandbox","choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":null}]}',
  '',
  'data: [DONE]',
  '',
].join('\n');

const chat: JsonObject = {
  operationId: 'Chat_create',
  summary: 'Chat completion',
  description: [
    'A drop-in for the endpoint of the same name of OpenAI, whoever the vendor of `model` is. Fields that are not named here reach',
    'a vendor of the same protocol untouched. A field whose absence would change the meaning of the answer and that the vendor',
    'lacks is refused (`unsupported_parameter`); a hint is dropped and named in `X-Lazu-Dropped-Params`. Fields that name an object',
    'stored at the vendor are refused.',
    '\n\nWith `stream: true` the answer is `text/event-stream`: chunks, then `data: [DONE]`. An error after the first byte is one last',
    'event with the error object, and no `[DONE]` follows. Comment lines (`: keep-alive`) come when the vendor is silent.',
  ].join(' '),
  parameters: [
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
  ],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: ref('ChatRequest'),
        example: { model: 'lazu/sandbox', messages: [{ role: 'user', content: 'Hello!' }] },
      },
    },
  },
  responses: {
    '200': {
      description: 'The answer: JSON, or with `stream: true` server-sent events.',
      headers: answerHeaders,
      content: {
        'application/json': { schema: ref('ChatCompletion') },
        'text/event-stream': {
          schema: text('Each `data:` is a ChatCompletionChunk, or Error; the last one is `[DONE]`.'),
          example: STREAM_EXAMPLE,
          'x-lazu-event': ref('ChatCompletionChunk'),
        },
      },
    },
  },
};

export const inferenceOperations: Readonly<Record<string, InferenceOperation>> = {
  'POST /v1/chat/completions': {
    tag: 'Chat',
    operation: chat,
    errors: [
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
    ],
  },
};
