import { ERROR_CODES } from '../../errors.js';
import {
  anyObject,
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

/** An object of which Google has more fields than are named here. */
const open = (properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema => ({
  ...request(properties, required),
  additionalProperties: true,
});

const asked: Readonly<Record<string, Schema>> = {
  contents: listOf(ref('GeminiContent')),
  systemInstruction: ref('GeminiContent'),
  tools: listOf(
    open({ functionDeclarations: listOf(open({ name: text(), description: text() }, ['name'])) }),
    'Functions of your own; tools that the vendor runs only where it speaks this dialect.',
  ),
  toolConfig: open({
    functionCallingConfig: open({
      mode: oneOf(['AUTO', 'ANY', 'NONE', 'VALIDATED']),
      allowedFunctionNames: listOf(text()),
    }),
  }),
  generationConfig: open({
    candidateCount: integer('How many answers.', { minimum: 1, maximum: 8 }),
    maxOutputTokens: integer(undefined, { minimum: 1 }),
    temperature: number(undefined, { minimum: 0, maximum: 2 }),
    topP: number(undefined, { minimum: 0, maximum: 1 }),
    topK: number(undefined, { minimum: 0 }),
    seed: integer(),
    presencePenalty: number(undefined, { minimum: -2, maximum: 2 }),
    frequencyPenalty: number(undefined, { minimum: -2, maximum: 2 }),
    stopSequences: listOf(text()),
    responseLogprobs: flag(),
    logprobs: integer(undefined, { minimum: 0, maximum: 20 }),
    responseMimeType: text(),
    responseSchema: anyObject("Google's subset of OpenAPI."),
    responseJsonSchema: anyObject('JSON Schema.'),
    thinkingConfig: open({ thinkingBudget: integer(), thinkingLevel: text(), includeThoughts: flag() }),
  }),
  safetySettings: listOf(anyObject()),
  serviceTier: text(),
};

const modalities = listOf(object({ modality: text(), tokenCount: integer() }));

const usageMetadata = open({
  promptTokenCount: integer('Cached ones included.'),
  cachedContentTokenCount: integer(),
  candidatesTokenCount: integer(),
  thoughtsTokenCount: integer('Beside those of the candidates.'),
  totalTokenCount: integer(),
  promptTokensDetails: modalities,
  candidatesTokensDetails: modalities,
});

const model = object(
  {
    name: text('`models/` and an id of `GET /v1/models`.'),
    baseModelId: text(),
    version: text(),
    displayName: text(),
    inputTokenLimit: integer(),
    outputTokenLimit: integer(),
    supportedGenerationMethods: listOf(text()),
    thinking: flag(),
  },
  ['inputTokenLimit', 'outputTokenLimit', 'thinking'],
);

const detail = {
  anyOf: [
    object({
      '@type': text(),
      reason: text('The code, in capitals.'),
      domain: text(),
      metadata: object({
        message: text('For people: what is wrong and what to do.'),
        type: text(),
        code: oneOf(ERROR_CODES, 'For programs: match on this.'),
        param: nullable(text('The field at fault, as a dotted path such as `contents.0.parts.1`.')),
        request_id: text(undefined, { pattern: '^req_lazu_[0-9A-Z]{26}$' }),
      }),
    }),
    object({ '@type': text(), retryDelay: text('When to try again, such as `12s`.') }),
  ],
};

/** Bounds as `protocols/gemini/scalars.ts` checks them; fields not named here pass untouched. */
export const geminiSchemas: Readonly<Record<string, Schema>> = {
  GeminiContent: open({ role: oneOf(['user', 'model']), parts: listOf(ref('GeminiPart')) }),
  GeminiPart: open({
    text: text(),
    thought: flag('It is thought, not said.'),
    thoughtSignature: text('Base64; send it back on the part that it came on.'),
    inlineData: open({ mimeType: text(), data: text('Base64.') }),
    fileData: open({ mimeType: text(), fileUri: text('A public HTTPS URL.') }),
    functionCall: open({ id: text(), name: text(), args: anyObject() }),
    functionResponse: open({ id: text(), name: text(), response: anyObject() }),
  }),
  GenerateContentRequest: open(asked, ['contents']),
  GenerateContentResponse: open({
    candidates: listOf(
      open({ content: ref('GeminiContent'), finishReason: text(), index: integer(), logprobsResult: anyObject() }),
    ),
    promptFeedback: anyObject('The prompt was blocked.'),
    usageMetadata,
    modelVersion: text('What answered.'),
    responseId: text(),
  }),
  GeminiCountRequest: open({ contents: listOf(ref('GeminiContent')), generateContentRequest: open(asked) }),
  GeminiCount: open({ totalTokens: integer() }, ['totalTokens']),
  GeminiModel: model,
  GeminiModelList: object({ models: listOf(ref('GeminiModel')), nextPageToken: text() }, ['nextPageToken']),
  GeminiError: object({
    error: object({
      code: integer('The HTTP status.'),
      message: text(),
      status: text("Google's name for this status."),
      details: listOf(detail),
    }),
  }),
};
