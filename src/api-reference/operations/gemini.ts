import { geminiErrors } from '../../protocols/gemini/inbound.js';
import type { JsonObject } from '../../protocols/protocol.js';
import { headersNamed } from '../headers.js';
import { listOf, ref, text } from '../schemas/schema.js';
import { answerHeaders, CHAT_ERRORS, headerParameters, type InferenceOperations } from './inference-operation.js';
import type { Operations } from './operation.js';

const model: JsonObject = {
  name: 'model',
  in: 'path',
  required: true,
  description: 'An id of `GET /v1/models`, or an alias of one. It may hold slashes, raw or as `%2F`.',
  schema: { type: 'string' },
};

const body = (schema: string): JsonObject => ({
  required: true,
  content: {
    'application/json': {
      schema: ref(schema),
      example: { contents: [{ role: 'user', parts: [{ text: 'Hello!' }] }] },
    },
  },
});

const generate: JsonObject = {
  operationId: 'Gemini_generate',
  summary: 'Chat in the dialect of Gemini',
  description: [
    'A drop-in for the method of the same name of Google, for every chat model, whoever its vendor is: point a Google Gen AI SDK at',
    'this host by its base URL. Where the vendor speaks this dialect itself, the body goes there as it came; elsewhere it is',
    'translated, hints that the vendor lacks are named in `X-Lazu-Dropped-Params`, and tools that Google runs are refused. Both of',
    "Google's spellings are read (`inlineData`, `inline_data`). What names an object stored at Google (`cachedContent`, files, file",
    'search) is refused everywhere.',
    "\n\nWhat another vendor needs back stands in `thoughtSignature`, as Gemini's own signatures do. Thoughts are shown with",
    '`thinkingConfig.includeThoughts`.',
  ].join(' '),
  parameters: [model, ...headerParameters],
  requestBody: body('GenerateContentRequest'),
  responses: {
    '200': {
      description: 'The answer.',
      headers: answerHeaders,
      content: { 'application/json': { schema: ref('GenerateContentResponse') } },
    },
  },
};

const stream: JsonObject = {
  ...generate,
  operationId: 'Gemini_stream',
  summary: 'Chat in the dialect of Gemini, streamed',
  description:
    'With `alt=sse` server-sent events, as Google’s SDKs ask for, else one JSON array that grows. An error after the first byte is the last element or event.',
  parameters: [
    model,
    {
      name: 'alt',
      in: 'query',
      description: '`sse`: server-sent events.',
      schema: { type: 'string', enum: ['sse', 'json'] },
    },
    ...headerParameters,
  ],
  responses: {
    '200': {
      description: 'Chunks of the answer, each an answer of its own.',
      headers: answerHeaders,
      content: {
        'text/event-stream': {
          schema: text('Each `data:` is a GenerateContentResponse, or GeminiError.'),
          example: 'data: {"candidates":[{"content":{"parts":[{"text":"Hello"}],"role":"model"},"index":0}]}\n\n',
        },
        'application/json': { schema: listOf({ anyOf: [ref('GenerateContentResponse'), ref('GeminiError')] }) },
      },
    },
  },
};

const countTokens: JsonObject = {
  operationId: 'Gemini_countTokens',
  summary: 'Number of input tokens, in the dialect of Gemini',
  description: [
    "By the vendor's own endpoint where it has one in this dialect, else by estimate, which `X-Lazu-Estimated: true` says.",
    'Free; counts as one request.',
  ].join(' '),
  parameters: [model, ...headerParameters],
  requestBody: body('GeminiCountRequest'),
  responses: {
    '200': {
      description: 'The number.',
      headers: { ...answerHeaders, ...headersNamed(['X-Lazu-Estimated']) },
      content: { 'application/json': { schema: ref('GeminiCount') } },
    },
  },
};

const envelope = { errors: CHAT_ERRORS, errorSchema: 'GeminiError' };

export const geminiInferenceOperations: InferenceOperations = {
  'POST /v1beta/models/{model}:generateContent': { tag: 'Chat', operation: generate, ...envelope },
  'POST /v1beta/models/{model}:streamGenerateContent': { tag: 'Chat', operation: stream, ...envelope },
  'POST /v1beta/models/{model}:countTokens': { tag: 'Chat', operation: countTokens, ...envelope },
};

const errorEnvelope = { schema: 'GeminiError', write: geminiErrors.writeError };

export const geminiOperations: Operations = {
  'GET /v1beta/models': {
    tag: 'Models',
    summary: "List models in Gemini's shape",
    description: 'The models of `GET /v1/models`; all of them, unless `pageSize` says less.',
    answer: ref('GeminiModelList'),
    errorEnvelope,
  },
  'GET /v1beta/models/{id}': {
    tag: 'Models',
    summary: "Read a model in Gemini's shape",
    description: 'An id may hold slashes (`BAAI/bge-m3`), raw or as `%2F`.',
    answer: ref('GeminiModel'),
    errors: ['model_not_found'],
    errorEnvelope,
  },
};
