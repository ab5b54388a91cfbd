import type { ForeignUpstream, Inbound, JsonObject, Upstream } from '../protocol.js';
import { OpenAiChatFrameWatch } from './frame-watch.js';
import { ChatStreamMerger, mergeAnswers } from './merge.js';
import { outputTextIn } from './output-text.js';
import { ChatAnswerReader, DONE, readAnswer } from './read-answer.js';
import { readError, readErrorObject } from './read-error.js';
import { readFacts } from './read-facts.js';
import { readRequest } from './read-request.js';
import { ChatAnswerRewriter } from './rewrite.js';
import { readUsage } from './usage.js';
import { ChatAnswerWriter, writeAnswer } from './write-answer.js';
import { writeError } from './write-error.js';
import { writeRequest } from './write-request.js';

/** OpenAI's chat completions: https://platform.openai.com/docs/api-reference/chat */
export const openaiChat: Inbound & Upstream & ForeignUpstream = {
  name: 'openai-chat',
  modelIn: 'body',
  modelOf: answer => (typeof answer.model === 'string' ? answer.model : undefined),
  readFacts,
  writeError,
  keepAliveFrame: ': keep-alive\n\n',
  readRequest,
  answerWriter: as => new ChatAnswerWriter(as),
  writeAnswer,
  writeRequest,
  // Files go inline only: https://platform.openai.com/docs/guides/pdf-files?api-mode=chat
  mustInline: ({ type }) => type === 'file',
  answerReader: () => new ChatAnswerReader(),
  readAnswer,
  parseEvent: data => (data === '[DONE]' ? DONE : (JSON.parse(data) as JsonObject)),
  readError,
  errorIn: answer => (isObject(answer.error) ? readErrorObject(answer.error) : undefined),
  usageOf: answer => (isObject(answer.usage) ? readUsage(answer.usage, answer.service_tier) : undefined),
  frameWatch: options => new OpenAiChatFrameWatch(options),
  mergeAnswers,
  answerMerger: () => new ChatStreamMerger(),
  answerRewriter: rewrite => new ChatAnswerRewriter(rewrite),
  outputTextIn,
};

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
