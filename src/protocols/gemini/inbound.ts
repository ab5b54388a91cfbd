import type { Inbound } from '../protocol.js';
import { ArrayFraming } from './array-framing.js';
import { outputTextIn } from './output-text.js';
import { readFacts, type Target } from './read-facts.js';
import { readRequest } from './read-request.js';
import { GeminiAnswerWriter, writeAnswer } from './write-answer.js';
import { writeError } from './write-error.js';

/** What path, query and config say of one request. */
export interface GeminiTarget extends Target {
  /** How a stream leaves: Google's clients ask for events with `alt=sse`, else they get one array. */
  readonly form: 'events' | 'array';
  /** Thoughts are to be shown. */
  readonly thoughts: boolean;
}

/** Gemini's generateContent as callers speak it; made for one request, whose path names the model. */
export const geminiInbound = ({ model, stream, form, thoughts }: GeminiTarget): Inbound => ({
  name: 'gemini',
  readFacts: (body, size) => readFacts({ model, stream }, body, size),
  writeError,
  keepAliveFrame: ': keep-alive\n\n',
  ...(form === 'array' && { framing: { contentType: 'application/json', frames: () => new ArrayFraming() } }),
  readRequest,
  answerWriter: as => new GeminiAnswerWriter({ ...as, thoughts }),
  writeAnswer: (events, as) => writeAnswer(events, { ...as, thoughts }),
  outputTextIn,
});
