import type { ForeignUpstream } from '../protocol.js';
import { refusedExtra } from './extras.js';
import { readAnswer, ResponsesAnswerReader } from './read-answer.js';
import { errorIn, readError } from './read-error.js';
import { writeRequest } from './write-request.js';

/** OpenAI's Responses: https://platform.openai.com/docs/api-reference/responses/create */
export const openaiResponses: ForeignUpstream = {
  name: 'openai-responses',
  modelIn: 'body',
  writeRequest,
  answerReader: () => new ResponsesAnswerReader(),
  readAnswer,
  readError,
  refusedExtra,
  errorIn,
};
