import type { AnswerEvent, StopReason } from '../answer-event.js';
import type { AnswerStamp, JsonObject, StepMachine } from '../protocol.js';
import { PartWriter } from './answer-parts.js';
import { writeLogprobs } from './write-logprobs.js';
import { writeUsage } from './write-usage.js';

/** https://ai.google.dev/api/generate-content#FinishReason */
function finishReason(stopReason: StopReason): string {
  switch (stopReason) {
    case 'stop':
    case 'stop-sequence':
    case 'tool-calls':
      return 'STOP';
    case 'length':
      return 'MAX_TOKENS';
    case 'refusal':
    case 'content-filter':
      return 'SAFETY';
    case 'pause':
    case 'other':
      return 'OTHER';
  }
}

/** How a caller of Gemini wants its answer. */
export interface GeminiStamp extends AnswerStamp {
  /** Thoughts are shown; else they are thought in silence. */
  readonly thoughts: boolean;
}

/** What is said when an answer is over. */
class Ending {
  id = '';
  candidate: JsonObject = { finishReason: 'OTHER' };
  usage: JsonObject = {};

  see(event: AnswerEvent): void {
    if (event.type === 'answer-start') this.id = event.id;
    else if (event.type === 'usage') this.usage = { usageMetadata: writeUsage(event.usage) };
    else if (event.type === 'answer-end') {
      const { stopReason, explanation } = event;
      this.candidate = { finishReason: finishReason(stopReason), ...(explanation && { finishMessage: explanation }) };
    }
  }
}

/**
 * Gemini's chunks: https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
 * Every chunk holds a part, even the last, which has nothing to say: clients take an answer with an empty chunk for a broken one.
 */
export class GeminiAnswerWriter implements StepMachine<AnswerEvent, string> {
  readonly #parts: PartWriter;
  readonly #ending = new Ending();
  #tail: string | undefined;

  constructor(private readonly as: GeminiStamp) {
    this.#parts = new PartWriter(as.thoughts);
  }

  push(event: AnswerEvent): string {
    this.#ending.see(event);
    if (event.type === 'answer-start') this.#tail = undefined;
    if (event.type === 'logprobs') return this.#chunk([{ text: '' }], writeLogprobs(event.tokens));
    const parts = this.#parts.write(event);
    return parts.length === 0 ? '' : this.#chunk(parts, NOTHING);
  }

  end(): string {
    const { candidate, usage } = this.#ending;
    const rest = this.#parts.end();
    return this.#chunk(rest.length > 0 ? rest : [{ text: '' }], candidate, usage);
  }

  /** Only what differs from chunk to chunk is serialised: of a whole chunk it would cost three times as much. */
  #chunk(parts: readonly JsonObject[], candidate: JsonObject, more: JsonObject = NOTHING): string {
    this.#tail ??= `${fields({ modelVersion: this.as.model, responseId: this.#ending.id })}}\n\n`;
    const content = `{"parts":${JSON.stringify(parts)},"role":"model"}`;
    return `data: {"candidates":[{"content":${content}${fields(candidate)},"index":0}]${fields(more)}${this.#tail}`;
  }
}

const NOTHING: JsonObject = {};

/** These fields, each behind a comma. */
function fields(object: JsonObject): string {
  if (object === NOTHING) return '';
  const json = JSON.stringify(object);
  return json === '{}' ? '' : `,${json.slice(1, -1)}`;
}

/** The whole answer: https://ai.google.dev/api/generate-content#generatecontentresponse */
export function writeAnswer(events: readonly AnswerEvent[], { model, thoughts }: GeminiStamp): JsonObject {
  const writer = new PartWriter(thoughts);
  const ending = new Ending();
  const parts: JsonObject[] = [];
  const tokens: JsonObject[] = [];
  let open = false;
  for (const event of events) {
    ending.see(event);
    if (event.type === 'logprobs') tokens.push(...event.tokens);
    for (const part of writer.write(event)) {
      const last = parts.at(-1);
      if (open && last && isSameText(last, part))
        parts[parts.length - 1] = { ...last, ...part, text: `${String(last.text)}${String(part.text)}` };
      else parts.push(part);
      open = true;
    }
    if (event.type === 'block-end') open = false;
  }
  parts.push(...writer.end());
  const content = { parts: parts.length > 0 ? parts : [{ text: '' }], role: 'model' };
  const logprobs = tokens.length > 0 ? writeLogprobs(tokens) : {};
  const candidates = [{ content, ...ending.candidate, ...logprobs, index: 0 }];
  return { candidates, ...ending.usage, modelVersion: model, responseId: ending.id };
}

/** Two pieces of one text, or of one thought. */
const isSameText = (last: JsonObject, part: JsonObject): boolean =>
  typeof last.text === 'string' && typeof part.text === 'string' && last.thought === part.thought;
