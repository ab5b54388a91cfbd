import { LazuError } from '../../errors.js';
import type { ForeignUpstream, Inbound, JsonObject, Upstream } from '../protocol.js';
import { permittedBetas } from './betas.js';
import { AnthropicFrameWatch } from './frame-watch.js';
import { withoutForeignSeals } from './foreign-seals.js';
import { outputTextIn } from './output-text.js';
import { AnthropicAnswerReader, readAnswer } from './read-answer.js';
import { readError, readErrorObject } from './read-error.js';
import { readCountFacts, readFacts } from './read-facts.js';
import { readRequest } from './read-request.js';
import { MessageRewriter } from './rewrite.js';
import { usageOf } from './usage.js';
import { AnthropicAnswerWriter, writeAnswer } from './write-answer.js';
import { writeError } from './write-error.js';
import { writeEvent } from './write-event.js';
import { writeRequest } from './write-request.js';

/** Anthropic's messages: https://platform.claude.com/docs/en/api/messages/create */
export const anthropicMessages: Inbound & Upstream & ForeignUpstream = {
  name: 'anthropic-messages',
  modelIn: 'body',
  requestHeaders: { 'anthropic-beta': permittedBetas },
  readFacts,
  readRequest,
  writeError,
  requestIdHeader: 'request-id',
  keepAliveFrame: writeEvent({ type: 'ping' }),
  answerWriter: as => new AnthropicAnswerWriter(as),
  writeAnswer,
  writeRequest,
  answerReader: () => new AnthropicAnswerReader(),
  readAnswer,
  readError,
  errorIn: answer => (answer.type === 'error' ? readErrorObject(answer.error) : undefined),
  modelOf: answer => (typeof answer.model === 'string' ? answer.model : undefined),
  usageOf,
  frameWatch: () => new AnthropicFrameWatch(),
  mergeAnswers: () => {
    throw oneAnswer();
  },
  answerMerger: () => {
    throw oneAnswer();
  },
  answerRewriter: ({ model }) => new MessageRewriter(model),
  outputTextIn,
  withoutForeignSeals,
};

/** https://platform.claude.com/docs/en/build-with-claude/token-counting */
export const anthropicTokenCount = {
  ...anthropicMessages,
  readFacts: readCountFacts,
  writeCount: (inputTokens: number): JsonObject => ({ input_tokens: inputTokens }),
};

/** The dialect has no word for more, so that nobody gets here. */
const oneAnswer = (): LazuError => new LazuError('unsupported_parameter', 'This dialect has one answer to a request.');
