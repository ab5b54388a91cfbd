import { LazuError } from '../../errors.js';
import type { AnswerEvent } from '../answer-event.js';
import type { JsonObject, StepMachine } from '../protocol.js';
import type { Usage } from '../usage.js';
import { BlockQueue } from './block-queue.js';
import { CallKeys } from './call-keys.js';
import { reasoningIn, textIn } from './read-pieces.js';
import { readErrorObject } from './read-error.js';
import { ReasoningDetails } from './reasoning-details.js';
import { mergeUsage, readUsage, usageIn } from './usage.js';
import { readStopReason } from './vocabulary.js';

/** What stands for the mark `[DONE]`, which is no JSON. */
export const DONE: JsonObject = Object.freeze({});

const object = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/**
 * Reads a stream of chunks: https://platform.openai.com/docs/api-reference/chat-streaming/streaming. One answer: of several choices the
 * first. The answer ends with `[DONE]`, or with the connection where a finish reason came before: usage stands behind that reason.
 */
export class ChatAnswerReader implements StepMachine<JsonObject, AnswerEvent[]> {
  readonly #blocks = new BlockQueue();
  readonly #details = new ReasoningDetails();
  readonly #calls = new CallKeys();
  #id = '';
  #begun = false;
  #over = false;
  #finish: string | undefined;
  #refusal = '';
  #usage: Usage | undefined;
  #usageIsFinal = false;

  /** @throws LazuError for an error chunk, or an answer that its vendor gave up */
  push(chunk: JsonObject): AnswerEvent[] {
    if (chunk === DONE) return this.#close();
    if (chunk.error) throw readErrorObject(typeof chunk.error === 'object' ? chunk.error : { message: chunk.error });
    // https://github.com/vllm-project/vllm/blob/main/vllm/entrypoints/openai/protocol.py
    if (chunk.object === 'error') throw readErrorObject(chunk);
    const events: AnswerEvent[] = [];
    this.#id ||= text(chunk.id);
    const choices = list(chunk.choices).map(object);
    const choice = choices.find(({ index }) => (index ?? 0) === 0);
    if (choice && !this.#begun) events.push(this.#begin(chunk));
    if (choice) events.push(...this.#choice(choice));
    return events.concat(this.#meter(chunk, choices.length === 0));
  }

  end(): AnswerEvent[] {
    return this.#finish === undefined ? [] : this.#close();
  }

  #begin(chunk: JsonObject): AnswerEvent {
    this.#begun = true;
    return { type: 'answer-start', id: this.#id, model: text(chunk.model) };
  }

  #choice(choice: JsonObject): AnswerEvent[] {
    // https://openrouter.ai/docs/api-reference/errors: behind output an error stands in the choice
    if (choice.error) throw readErrorObject(choice.error);
    const piece = object(choice.delta);
    this.#details.see(piece.reasoning_details);
    const reasoning = reasoningIn(piece);
    if (reasoning !== '') this.#blocks.add('reasoning', { type: 'reasoning-delta', text: reasoning });
    const said = textIn(piece.content);
    const calls = list(piece.tool_calls).map(object);
    if (said !== '' || calls.length > 0) this.#seal();
    if (said !== '') this.#text(said, object(choice.logprobs));
    for (const image of list(piece.images)) this.#image(object(image));
    this.#refusal += text(piece.refusal);
    calls.forEach((call, at) => this.#call(call, at, calls.length));
    if (typeof choice.finish_reason === 'string') {
      this.#finish = choice.finish_reason;
      readStopReason(this.#finish, false); // a failure is one at once
    }
    return this.#blocks.take();
  }

  #text(said: string, { content: tokens }: JsonObject): void {
    this.#blocks.add('text', { type: 'text-delta', text: said });
    const known = list(tokens).map(object);
    if (known.length > 0) this.#blocks.add('text', { type: 'logprobs', tokens: known });
  }

  /** https://openrouter.ai/docs/features/multimodal/image-generation */
  #image({ image_url: image }: JsonObject): void {
    const [, mediaType, data] = /^data:([^;,]+);base64,(.*)$/s.exec(text(object(image).url)) ?? [];
    if (mediaType && data) this.#blocks.add('image', { type: 'image', mediaType, data });
  }

  #call(call: JsonObject, at: number, ofSoMany: number): void {
    const { name, arguments: input } = object(call.function);
    const id = text(call.id);
    const known = text(name) || undefined;
    const key = this.#calls.keyOf({ index: call.index, id, name: known, at, ofSoMany });
    // Some clones give the input as an object: the same JSON.
    const json = typeof input === 'object' && input !== null ? JSON.stringify(input) : text(input);
    this.#blocks.addCall(key, id || this.#inventedId(key), known, json);
  }

  /** Where the vendor gives none: the same for the stream and the whole answer, and another in every answer. */
  #inventedId(key: number): string {
    return `call_${this.#id.replace(/[^a-zA-Z0-9]/g, '').slice(-24)}_${key}`;
  }

  #seal(): void {
    const sealed = this.#details.take();
    if (sealed) this.#blocks.add('reasoning', { type: 'sealed-block', sealed });
  }

  /** Some vendors count along in every chunk: final is what comes with the finish reason or behind it. */
  #meter(chunk: JsonObject, isUsageOnly: boolean): AnswerEvent[] {
    const usage = usageIn(chunk);
    if (!usage) return [];
    this.#usage = mergeUsage(this.#usage, readUsage(usage, chunk.service_tier));
    this.#usageIsFinal = this.#finish !== undefined || isUsageOnly;
    return [{ type: 'usage', usage: this.#usage, final: this.#usageIsFinal }];
  }

  #close(): AnswerEvent[] {
    if (this.#over) return [];
    this.#over = true;
    this.#seal();
    const events = [...(this.#begun ? [] : [this.#begin({})]), ...this.#blocks.end()];
    if (this.#usage && !this.#usageIsFinal) events.push({ type: 'usage', usage: this.#usage, final: true });
    const explanation = this.#refusal || undefined;
    const stopReason = explanation === undefined ? readStopReason(this.#finish, this.#calls.any) : 'refusal';
    return [...events, { type: 'answer-end', stopReason, explanation }];
  }
}

/**
 * A whole answer is one chunk; some say an empty `delta` beside the message: https://docs.perplexity.ai/guides/chat-completions-guide
 * @throws LazuError for an answer without a choice
 */
export function readAnswer(answer: JsonObject): AnswerEvent[] {
  const choices = list(answer.choices).map(object);
  if (choices.length === 0) {
    const message = 'The model provider sent an answer without a choice. Please try again.';
    throw new LazuError('upstream_error', message, { retryable: true });
  }
  const reader = new ChatAnswerReader();
  const said = { ...answer, choices: choices.map(choice => ({ ...choice, delta: choice.message })) };
  return [...reader.push(said), ...reader.push(DONE)];
}
