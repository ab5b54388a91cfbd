import { LazuError } from '../../errors.js';
import type { AnswerEvent } from '../answer-event.js';
import type { JsonObject, StepMachine } from '../protocol.js';
import { readLogprobs } from './logprobs.js';
import { PartialArgs } from './partial-args.js';
import { readErrorObject } from './read-error.js';
import { seal } from './seals.js';
import { UsageGatherer } from './usage.js';
import { isFailure, readStopReason } from './vocabulary.js';
import { isObject, object, objects, text } from './wire.js';

interface OpenCall {
  readonly id: string;
  readonly args: PartialArgs;
  signature: string;
}

/** Begins the ids that stand for those that Gemini did not give. */
export const MADE_ID = 'gemini-';

/**
 * Reads Gemini's stream, each chunk of which is an answer of its own: https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
 * Nothing marks the end but the connection's, after a finish reason.
 */
export class GeminiAnswerReader implements StepMachine<JsonObject, AnswerEvent[]> {
  readonly #usage = new UsageGatherer();
  #begun = false;
  #id = '';
  #open: 'text' | 'thought' | undefined;
  #call: OpenCall | undefined;
  #calls = 0;
  #finish: string | undefined;
  #blocked = false;
  #explanation: string | undefined;

  push(answer: JsonObject): AnswerEvent[] {
    if (isObject(answer.error)) throw readErrorObject(answer.error);
    const events: AnswerEvent[] = [];
    this.#id ||= text(answer.responseId);
    if (!this.#begun) events.push({ type: 'answer-start', id: this.#id, model: text(answer.modelVersion) });
    this.#begun = true;
    // One is all that is ever asked for.
    const candidate = objects(answer.candidates)[0] ?? {};
    for (const part of objects(object(candidate.content).parts)) events.push(...this.#part(part));
    const tokens = readLogprobs(object(candidate.logprobsResult));
    if (tokens.length > 0 && this.#open === 'text') events.push({ type: 'logprobs', tokens });
    this.#seeEnd(candidate, object(answer.promptFeedback));
    this.#usage.see(answer);
    const { usage } = this.#usage;
    if (usage && isObject(answer.usageMetadata)) events.push({ type: 'usage', usage, final: this.#isOver });
    return events;
  }

  /** Without a finish reason the answer was cut off, and gets no end. */
  end(): AnswerEvent[] {
    if (!this.#isOver) return [];
    const { usage } = this.#usage;
    const events = this.#close();
    if (usage) events.push({ type: 'usage', usage, final: true });
    const stopReason = this.#blocked ? 'content-filter' : readStopReason(this.#finish ?? '', this.#calls > 0);
    return [...events, { type: 'answer-end', stopReason, explanation: this.#explanation }];
  }

  get #isOver(): boolean {
    return this.#finish !== undefined || this.#blocked;
  }

  #seeEnd(candidate: JsonObject, feedback: JsonObject): void {
    const finish = text(candidate.finishReason);
    if (isFailure(finish)) throw failed(finish);
    if (finish !== '' && finish !== 'FINISH_REASON_UNSPECIFIED') this.#finish = finish;
    this.#explanation = text(candidate.finishMessage) || this.#explanation;
    // https://ai.google.dev/api/generate-content#PromptFeedback: then there is no candidate
    const reason = text(feedback.blockReason);
    if (reason === '' || reason === 'BLOCK_REASON_UNSPECIFIED') return;
    this.#blocked = true;
    this.#explanation = text(feedback.blockReasonMessage) || `The prompt was blocked: ${reason}.`;
  }

  #part(part: JsonObject): AnswerEvent[] {
    const signature = text(part.thoughtSignature);
    if (isObject(part.functionCall)) return this.#functionCall(part.functionCall, signature);
    if (isObject(part.inlineData)) return this.#media(part.inlineData, part.thought === true, signature);
    if (part.executableCode ?? part.codeExecutionResult ?? part.toolCall ?? part.toolResponse)
      return [...this.#close(), sealed({ signs: 'part', part }), { type: 'block-end' }];
    return this.#text(text(part.text), part.thought === true ? 'thought' : 'text', signature);
  }

  /** A signature ends the block it stands on; in streams it may come behind the text, on a part that says nothing. */
  #text(said: string, kind: 'text' | 'thought', signature: string): AnswerEvent[] {
    if (said === '' && signature === '') return [];
    const events = this.#open === kind ? [] : this.#close();
    if (said !== '') {
      this.#open = kind;
      events.push({ type: kind === 'text' ? 'text-delta' : 'reasoning-delta', text: said });
    }
    if (signature === '') return events;
    this.#open = undefined;
    return [...events, sealed({ signs: kind, signature }), { type: 'block-end' }];
  }

  #functionCall(call: JsonObject, signature: string): AnswerEvent[] {
    const name = text(call.name);
    const events: AnswerEvent[] = [];
    if (name !== '') {
      const id = text(call.id) || `${MADE_ID}${this.#id.replace(/[^\w-]/g, '')}-${this.#calls}`;
      events.push(...this.#close(), { type: 'tool-call-start', id, name });
      this.#call = { id, args: new PartialArgs(), signature: '' };
      this.#calls++;
    }
    if (!this.#call) return events;
    if (signature !== '') this.#call.signature = signature;
    for (const piece of objects(call.partialArgs)) this.#call.args.add(piece);
    if (isObject(call.args)) this.#call.args.set(call.args);
    return call.willContinue === true ? events : [...events, ...this.#close()];
  }

  /** Images that belong to the thoughts are drafts. */
  #media({ mimeType, data }: JsonObject, isThought: boolean, signature: string): AnswerEvent[] {
    const mediaType = text(mimeType);
    if (isThought || !mediaType.startsWith('image/')) return [];
    const signed = signature === '' ? [] : [sealed({ signs: 'image', signature })];
    return [...this.#close(), { type: 'image', mediaType, data: text(data) }, ...signed, { type: 'block-end' }];
  }

  #close(): AnswerEvent[] {
    const call = this.#call;
    const isOpen = this.#open !== undefined;
    this.#call = undefined;
    this.#open = undefined;
    if (!call) return isOpen ? [{ type: 'block-end' }] : [];
    const { id, args, signature } = call;
    const signed = signature === '' ? [] : [sealed({ signs: 'call', id, signature })];
    return [{ type: 'tool-input-delta', json: args.json() }, ...signed, { type: 'block-end' }];
  }
}

const sealed = (value: Parameters<typeof seal>[0]): AnswerEvent => ({ type: 'sealed-block', sealed: seal(value) });

/** A whole answer is the only chunk of its stream. */
export function readAnswer(answer: JsonObject): AnswerEvent[] {
  const reader = new GeminiAnswerReader();
  const events = [...reader.push(answer), ...reader.end()];
  if (events.at(-1)?.type === 'answer-end') return events;
  throw failed('no finish reason');
}

function failed(label: string): LazuError {
  const message = 'The model wrote something that its provider could not read. Please try again.';
  return new LazuError('upstream_error', message, { retryable: true, cause: new Error(`finished with ${label}`) });
}
