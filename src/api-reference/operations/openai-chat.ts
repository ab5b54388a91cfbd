import type { JsonObject } from '../../protocols/protocol.js';
import { ref, text } from '../schemas/schema.js';
import { answerHeaders, CHAT_ERRORS, headerParameters, type InferenceOperations } from './inference-operation.js';

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
  parameters: headerParameters,
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

export const openaiChatOperations: InferenceOperations = {
  'POST /v1/chat/completions': { tag: 'Chat', operation: chat, errors: CHAT_ERRORS },
};
