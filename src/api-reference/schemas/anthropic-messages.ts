import { ERROR_CODES } from '../../errors.js';
import {
  anyObject,
  exactly,
  flag,
  integer,
  listOf,
  nullable,
  number,
  object,
  oneOf,
  ref,
  request,
  type Schema,
  text,
} from './schema.js';

const cacheControl = request({ type: exactly('ephemeral'), ttl: oneOf(['5m', '1h']) }, ['type']);

const block: Schema = {
  type: 'object',
  description:
    '`text`, `image`, `document`, `tool_use`, `tool_result`, `thinking`, `redacted_thinking`, `search_result` …',
  properties: { type: text(), cache_control: nullable(cacheControl) },
  required: ['type'],
  additionalProperties: true,
};

const asked: Readonly<Record<string, Schema>> = {
  model: text('An id of `GET /v1/models`, or an alias of one.', { minLength: 1 }),
  messages: listOf(ref('MessageParam')),
  system: { anyOf: [text(), listOf(block)] },
  tools: listOf(ref('MessagesTool')),
  tool_choice: request(
    { type: oneOf(['auto', 'any', 'tool', 'none']), name: text(), disable_parallel_tool_use: flag() },
    ['type'],
  ),
  thinking: request(
    { type: oneOf(['enabled', 'adaptive', 'disabled']), budget_tokens: integer(), display: nullable(text()) },
    ['type'],
  ),
  output_config: request(
    {
      effort: nullable(oneOf(['low', 'medium', 'high', 'xhigh', 'max'])),
      format: nullable(
        request({ type: exactly('json_schema'), schema: anyObject('JSON Schema.') }, ['type', 'schema']),
      ),
    },
    [],
  ),
};

const usage = object(
  {
    input_tokens: integer('Without cached ones.'),
    cache_creation_input_tokens: nullable(integer()),
    cache_read_input_tokens: nullable(integer()),
    cache_creation: nullable(object({ ephemeral_5m_input_tokens: integer(), ephemeral_1h_input_tokens: integer() })),
    output_tokens: integer('Thinking included.'),
    output_tokens_details: nullable(anyObject()),
    server_tool_use: nullable(anyObject()),
    service_tier: nullable(text()),
    inference_geo: nullable(text()),
  },
  [
    ...['cache_creation_input_tokens', 'cache_read_input_tokens', 'cache_creation', 'output_tokens_details'],
    ...['server_tool_use', 'service_tier', 'inference_geo'],
  ],
);

/** `POST /v1/messages`. Bounds as `protocols/anthropic-messages/scalars.ts` checks them; fields not named here pass untouched. */
export const anthropicMessagesSchemas: Readonly<Record<string, Schema>> = {
  MessageParam: request({ role: oneOf(['user', 'assistant', 'system']), content: { anyOf: [text(), listOf(block)] } }, [
    'role',
    'content',
  ]),
  MessagesTool: {
    ...request(
      {
        type: nullable(
          text('A tool that the vendor runs, such as `web_search_20250305`; without it, a tool of your own.'),
        ),
        name: text(),
        description: text(),
        input_schema: anyObject('JSON Schema.'),
        strict: flag(),
        cache_control: nullable(cacheControl),
      },
      ['name'],
    ),
    additionalProperties: true,
  },
  MessagesRequest: request(
    {
      ...asked,
      max_tokens: integer('Most output tokens, thinking included.', { minimum: 0 }),
      stream: flag('Server-sent events instead of one JSON object.'),
      temperature: number(undefined, { minimum: 0, maximum: 1 }),
      top_p: number(undefined, { minimum: 0, maximum: 1 }),
      top_k: integer(undefined, { minimum: 0 }),
      stop_sequences: listOf(text()),
      metadata: request({ user_id: nullable(text('Your name for your end user.')) }, []),
      service_tier: text(),
    },
    ['model', 'messages', 'max_tokens'],
  ),
  Message: object(
    {
      id: text(),
      type: exactly('message'),
      role: exactly('assistant'),
      model: text("The vendor's own name of what answered."),
      content: listOf(block),
      stop_reason: oneOf(['end_turn', 'max_tokens', 'stop_sequence', 'tool_use', 'pause_turn', 'refusal']),
      stop_sequence: nullable(text()),
      stop_details: nullable(anyObject('On a refusal.')),
      usage,
    },
    ['stop_details'],
  ),
  CountTokensRequest: request(asked, ['model', 'messages']),
  TokenCount: object({ input_tokens: integer() }),
  AnthropicError: object({
    type: exactly('error'),
    error: object({
      type: text("Anthropic's name for this status."),
      message: text('For people: what is wrong and what to do.'),
      code: oneOf(ERROR_CODES, 'For programs: match on this.'),
      param: nullable(text('The field at fault, as a dotted path such as `messages.0.content`.')),
      request_id: text(undefined, { pattern: '^req_lazu_[0-9A-Z]{26}$' }),
    }),
    request_id: text('The same as the header `X-Lazu-Request-Id`.'),
  }),
};
