import type { ForeignUpstream, JsonObject } from '../protocol.js';
import { AnthropicAnswerReader, readAnswer } from './read-answer.js';
import { readError, readErrorObject } from './read-error.js';
import { writeRequest } from './write-request.js';

/** Anthropic's messages: https://platform.claude.com/docs/en/api/messages/create */
export const anthropicMessages: ForeignUpstream = {
  name: 'anthropic-messages',
  modelIn: 'body',
  writeRequest,
  answerReader: () => new AnthropicAnswerReader(),
  readAnswer,
  readError,
  errorIn: (answer: JsonObject) => (answer.type === 'error' ? readErrorObject(answer.error) : undefined),
};
