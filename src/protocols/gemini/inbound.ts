import type { Inbound, JsonObject } from '../protocol.js';
import { ArrayFraming } from './array-framing.js';
import { field, isObject, unsupported } from './fields.js';
import { outputTextIn } from './output-text.js';
import { readFacts, type Target } from './read-facts.js';
import { readRequest } from './read-request.js';
import { refuseStoredObjects } from './stored-objects.js';
import { GeminiAnswerWriter, writeAnswer } from './write-answer.js';
import { writeError } from './write-error.js';

export { wantsThoughts } from './read-settings.js';

/** What path, query and config say of one request. */
export interface GeminiTarget extends Target {
  /** How a stream leaves: Google's clients ask for events with `alt=sse`, else they get one array. */
  readonly form: 'events' | 'array';
  /** Thoughts are to be shown. */
  readonly thoughts: boolean;
}

/** How all refusals of these paths are written. */
export const geminiErrors: Pick<Inbound, 'writeError'> = { writeError };

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

/** Gemini's countTokens: https://ai.google.dev/api/tokens */
export function geminiTokenCount(model: string): Inbound & Required<Pick<Inbound, 'writeCount'>> {
  const inbound = geminiInbound({ model, stream: false, form: 'events', thoughts: false });
  return {
    ...inbound,
    readFacts: (body, size) => {
      refuseStoredObjects(body);
      return inbound.readFacts(counted(body), size);
    },
    readRequest: body => readRequest(counted(body)),
    writeCount: totalTokens => ({ totalTokens }),
  };
}

/** The whole request that is to be counted, when it is not contents alone: one of them, or what is checked is not what is counted. */
function counted(body: JsonObject): JsonObject {
  const request = field(body, 'generateContentRequest');
  if (!isObject(request)) return body;
  if (field(body, 'contents') === undefined) return request;
  throw unsupported('contents', 'cannot stand beside `generateContentRequest`: put it inside.');
}
