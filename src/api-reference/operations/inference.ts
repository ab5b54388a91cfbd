import { anthropicMessagesOperations } from './anthropic-messages.js';
import { geminiInferenceOperations } from './gemini.js';
import type { InferenceOperations } from './inference-operation.js';
import { openaiChatOperations } from './openai-chat.js';

/** Routes that Express never sees, a file per dialect. */
export const inferenceOperations: InferenceOperations = {
  ...openaiChatOperations,
  ...anthropicMessagesOperations,
  ...geminiInferenceOperations,
};
