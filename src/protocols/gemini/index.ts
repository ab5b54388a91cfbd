import type { ForeignUpstream } from '../protocol.js';
import { GeminiAnswerReader, readAnswer } from './read-answer.js';
import { readError, readErrorObject } from './read-error.js';
import { isObject } from './wire.js';
import { writeRequest } from './write-request.js';

/** Gemini's content generation: https://ai.google.dev/api/generate-content */
export const gemini: ForeignUpstream = {
  name: 'gemini',
  modelIn: 'path',
  mustInline: () => true,
  writeRequest,
  answerReader: () => new GeminiAnswerReader(),
  readAnswer,
  readError,
  errorIn: answer => (isObject(answer.error) ? readErrorObject(answer.error) : undefined),
};
