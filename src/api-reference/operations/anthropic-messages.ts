import type { JsonObject } from '../../protocols/protocol.js';
import { headersNamed } from '../headers.js';
import { ref, text } from '../schemas/schema.js';
import { answerHeaders, CHAT_ERRORS, headerParameters, type InferenceOperations } from './inference-operation.js';

const STREAM_EXAMPLE = [
  'event: content_block_delta',
  'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}',
  '',
  'event: message_stop',
  'data: {"type":"message_stop"}',
  '',
].join('\n');

const hello = [{ role: 'user', content: 'Hello!' }];

const parameters = [
  ...headerParameters,
  {
    name: 'anthropic-beta',
    in: 'header',
    description:
      'Betas for a vendor that speaks this dialect itself. Those that name objects stored at the vendor, or change the price, stay here.',
    schema: { type: 'string' },
  },
];

const messages: JsonObject = {
  operationId: 'Messages_create',
  summary: 'Chat in the dialect of Anthropic',
  description: [
    'A drop-in for the endpoint of the same name of Anthropic, for every chat model, whoever its vendor is: point an Anthropic SDK, or',
    'Claude Code by `ANTHROPIC_BASE_URL`, at this host. Where the vendor speaks this dialect itself, the body goes there as it came;',
    'elsewhere it is translated, hints that the vendor lacks are named in `X-Lazu-Dropped-Params`, and server tools are refused.',
    'Fields that name an object stored at the vendor (`container`, `file_id`), and `mcp_servers`, are refused everywhere.',
    '\n\nA `thinking` block carries what its vendor needs back in `signature`, or in `redacted_thinking`: send both back as they came.',
    '\n\nWith `stream: true` the answer is `text/event-stream`, `message_start` to `message_stop`. An error after the first byte is',
    'one last `error` event. A `ping` comes when the vendor is silent.',
  ].join(' '),
  parameters,
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: ref('MessagesRequest'),
        example: { model: 'lazu/sandbox', max_tokens: 256, messages: hello },
      },
    },
  },
  responses: {
    '200': {
      description: 'The answer: JSON, or with `stream: true` server-sent events.',
      headers: answerHeaders,
      content: {
        'application/json': { schema: ref('Message') },
        'text/event-stream': {
          schema: text('Each `data:` is an event of the type that `event:` names.'),
          example: STREAM_EXAMPLE,
        },
      },
    },
  },
};

const countTokens: JsonObject = {
  operationId: 'Messages_countTokens',
  summary: 'Number of input tokens of a message',
  description: [
    "By the vendor's own endpoint where it has one in this dialect, else by estimate, which `X-Lazu-Estimated: true` says.",
    'Free; counts as one request.',
  ].join(' '),
  parameters,
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: ref('CountTokensRequest'),
        example: { model: 'lazu/sandbox', messages: hello },
      },
    },
  },
  responses: {
    '200': {
      description: 'The number.',
      headers: { ...answerHeaders, ...headersNamed(['X-Lazu-Estimated']) },
      content: { 'application/json': { schema: ref('TokenCount') } },
    },
  },
};

const envelope = { errors: CHAT_ERRORS, errorSchema: 'AnthropicError' };

export const anthropicMessagesOperations: InferenceOperations = {
  'POST /v1/messages': { tag: 'Chat', operation: messages, ...envelope },
  'POST /v1/messages/count_tokens': { tag: 'Chat', operation: countTokens, ...envelope },
};
