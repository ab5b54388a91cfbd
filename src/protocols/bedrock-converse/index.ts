import type { ForeignUpstream } from '../protocol.js';
import { ConverseAnswerReader, readAnswer } from './read-answer.js';
import { readError } from './read-error.js';
import { writeRequest } from './write-request.js';

/** Amazon Bedrock's Converse: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html */
export const bedrockConverse: ForeignUpstream = {
  name: 'bedrock-converse',
  modelIn: 'path',
  // Bytes, or a bucket of the operator's: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ImageSource.html
  mustInline: () => true,
  writeRequest,
  answerReader: () => new ConverseAnswerReader(),
  readAnswer,
  readError,
  // What fails says so by its status.
  errorIn: () => undefined,
};
