import type { ForeignUpstream, JsonObject } from '../protocol.js';
import { CohereAnswerReader, readAnswer } from './read-answer.js';
import { readError } from './read-error.js';
import { writeRequest } from './write-request.js';

/** Cohere's chat, version 2: https://docs.cohere.com/reference/chat */
export const cohereChat: ForeignUpstream = {
  name: 'cohere-chat',
  modelIn: 'body',
  writeRequest,
  // Text files are read into the prompt; images are fetched by the vendor.
  mustInline: ({ type }) => type === 'file',
  answerReader: () => new CohereAnswerReader(),
  readAnswer,
  // Behind the last event stands a mark that is no JSON.
  parseEvent: data => (data === '[DONE]' ? {} : (JSON.parse(data) as JsonObject)),
  readError,
  errorIn: (answer: JsonObject) =>
    typeof answer.message === 'string' ? readError(500, JSON.stringify(answer), {}) : undefined,
};
