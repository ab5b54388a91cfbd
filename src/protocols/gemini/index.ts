import type { ForeignUpstream, Upstream } from '../protocol.js';
import { GeminiFrameWatch } from './frame-watch.js';
import { GeminiStreamMerger, mergeAnswers } from './merge.js';
import { outputTextIn } from './output-text.js';
import { GeminiAnswerReader, readAnswer } from './read-answer.js';
import { readError, readErrorObject } from './read-error.js';
import { GeminiAnswerRewriter } from './rewrite.js';
import { UsageGatherer } from './usage.js';
import { isObject, text } from './wire.js';
import { writeRequest } from './write-request.js';

/** Gemini's content generation: https://ai.google.dev/api/generate-content */
export const gemini: ForeignUpstream & Upstream = {
  name: 'gemini',
  modelIn: 'path',
  mustInline: () => true,
  writeRequest,
  answerReader: () => new GeminiAnswerReader(),
  readAnswer,
  readError,
  errorIn: answer => (isObject(answer.error) ? readErrorObject(answer.error) : undefined),
  modelOf: answer => text(answer.modelVersion) || undefined,
  usageOf: answer => {
    const gatherer = new UsageGatherer();
    gatherer.see(answer);
    return gatherer.usage;
  },
  frameWatch: options => new GeminiFrameWatch(options),
  mergeAnswers,
  answerMerger: () => new GeminiStreamMerger(),
  answerRewriter: rewrite => new GeminiAnswerRewriter(rewrite),
  outputTextIn,
};
