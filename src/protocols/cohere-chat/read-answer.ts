import { LazuError } from '../../errors.js';
import type { AnswerEvent } from '../answer-event.js';
import type { JsonObject, StepMachine } from '../protocol.js';
import { readUsage } from './usage.js';
import { readStopReason } from './vocabulary.js';

const object = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/**
 * Reads Cohere's stream: https://docs.cohere.com/docs/streaming. Blocks come one after another. A tool plan is what the model thinks
 * before it calls tools, so it is reasoning: https://docs.cohere.com/docs/tool-use-overview. Citations have no neutral form.
 */
export class CohereAnswerReader implements StepMachine<JsonObject, AnswerEvent[]> {
  #open: 'text' | 'reasoning' | 'call' | undefined;
  /** What the open call says so far; models say `null`, or nothing, for no arguments. */
  #input = '';
  #isWritten = false;

  push(event: JsonObject): AnswerEvent[] {
    const message = object(object(event.delta).message);
    const content = object(message.content);
    switch (event.type) {
      case 'message-start':
        return [{ type: 'answer-start', id: text(event.id), model: '' }];
      case 'content-start':
        return [...this.#close(), ...this.#content(content)];
      case 'content-delta':
        return this.#content(content);
      case 'tool-plan-delta':
        return this.#say('reasoning', text(message.tool_plan));
      case 'tool-call-start':
        return [...this.#close(), ...this.#call(object(message.tool_calls))];
      case 'tool-call-delta':
        return this.#arguments(object(object(message.tool_calls).function));
      case 'content-end':
      case 'tool-call-end':
        return this.#close();
      case 'message-end':
        return [...this.#close(), ...this.#finish(object(event.delta))];
      default:
        return []; // citations, and what is still to be invented
    }
  }

  /** Every answer ends with `message-end`: the end of the connection adds nothing. */
  end(): AnswerEvent[] {
    return [];
  }

  #content({ thinking, text: said }: JsonObject): AnswerEvent[] {
    return [...this.#say('reasoning', text(thinking)), ...this.#say('text', text(said))];
  }

  #say(kind: 'text' | 'reasoning', said: string): AnswerEvent[] {
    if (said === '') return [];
    const closed = this.#open === kind ? [] : this.#close();
    this.#open = kind;
    return [...closed, { type: kind === 'text' ? 'text-delta' : 'reasoning-delta', text: said }];
  }

  #call({ id, function: named }: JsonObject): AnswerEvent[] {
    this.#open = 'call';
    this.#input = '';
    this.#isWritten = false;
    const start: AnswerEvent = { type: 'tool-call-start', id: text(id), name: text(object(named).name) };
    return [start, ...this.#arguments(object(named))];
  }

  /** Goes out as it comes once it is seen to be an object. */
  #arguments({ arguments: piece }: JsonObject): AnswerEvent[] {
    const said = text(piece);
    if (this.#open !== 'call' || said === '') return [];
    if (this.#isWritten) return [{ type: 'tool-input-delta', json: said }];
    this.#input += said;
    this.#isWritten = this.#input.trimStart().startsWith('{');
    return this.#isWritten ? [{ type: 'tool-input-delta', json: this.#input }] : [];
  }

  #close(): AnswerEvent[] {
    const kind = this.#open;
    this.#open = undefined;
    if (kind === undefined) return [];
    const none: AnswerEvent[] = kind === 'call' && !this.#isWritten ? [{ type: 'tool-input-delta', json: '{}' }] : [];
    return [...none, { type: 'block-end' }];
  }

  #finish({ finish_reason: reason, usage, error }: JsonObject): AnswerEvent[] {
    const stopReason = readStopReason(error ? 'ERROR' : reason);
    const metered: AnswerEvent[] = usage ? [{ type: 'usage', usage: readUsage(object(usage)), final: true }] : [];
    return [...metered, { type: 'answer-end', stopReason, explanation: undefined }];
  }
}

/**
 * A whole answer is the events of its stream at once.
 * @throws LazuError for what is none
 */
export function readAnswer(answer: JsonObject): AnswerEvent[] {
  const { id, message, finish_reason, usage } = answer;
  if (typeof message !== 'object' || message === null) {
    const garbled = 'The model provider sent an answer without a message. Please try again.';
    throw new LazuError('upstream_error', garbled, { retryable: true });
  }
  const { content, tool_plan, tool_calls } = message as JsonObject;
  const parts = list(content).map(object);
  const isThought = ({ type }: JsonObject): boolean => type === 'thinking';
  const started = (part: JsonObject): JsonObject => ({ type: 'content-start', delta: { message: { content: part } } });
  const events: JsonObject[] = [
    { type: 'message-start', id },
    ...parts.filter(isThought).map(started),
    { type: 'tool-plan-delta', delta: { message: { tool_plan } } },
    ...parts.filter(part => !isThought(part)).map(started),
    ...list(tool_calls).map(call => ({ type: 'tool-call-start', delta: { message: { tool_calls: call } } })),
    { type: 'message-end', delta: { finish_reason, usage } },
  ];
  const reader = new CohereAnswerReader();
  return events.flatMap(event => reader.push(event));
}
