import type { AnswerEvent, StopReason } from '../answer-event.js';
import type { JsonObject, StepMachine } from '../protocol.js';
import { garbled } from '../upstream-error.js';
import { errorIn, readErrorObject } from './read-error.js';
import { ItemReader } from './read-item.js';
import { readUsage } from './usage.js';
import { readIncompleteReason } from './vocabulary.js';

const object = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/**
 * Reads the event stream: https://platform.openai.com/docs/api-reference/responses-streaming
 * Items may interleave, blocks of ours may not: while one item is open the events of others wait until it is done.
 */
export class ResponsesAnswerReader implements StepMachine<JsonObject, AnswerEvent[]> {
  #started = false;
  #current: number | undefined;
  readonly #items = new Map<number, ItemReader>();
  readonly #waiting = new Map<number, JsonObject[]>();
  readonly #done = new Set<number>();
  /** Ids of items that were streamed: not every host counts in its last event as it did before. */
  readonly #ids = new Set<unknown>();

  push(event: JsonObject): AnswerEvent[] {
    switch (event.type) {
      case 'response.completed':
      case 'response.incomplete':
        return [...this.#start(object(event.response)), ...this.#finish(object(event.response))];
      case 'response.failed':
        throw errorIn({ status: 'failed', ...object(event.response) }) ?? readErrorObject({});
      case 'error':
        throw errorIn(event) ?? readErrorObject({});
      default:
        if (typeof event.response === 'object') return this.#start(object(event.response));
        return typeof event.output_index === 'number' ? this.#route(event.output_index, event) : [];
    }
  }

  /** Every answer ends with an event that says how: the end of the connection adds nothing. */
  end(): AnswerEvent[] {
    return [];
  }

  #start(response: JsonObject): AnswerEvent[] {
    if (this.#started) return [];
    this.#started = true;
    return [{ type: 'answer-start', id: text(response.id), model: text(response.model) }];
  }

  #route(index: number, event: JsonObject): AnswerEvent[] {
    if (this.#done.has(index)) return [];
    const { id } = object(event.item);
    if (id !== undefined) this.#ids.add(id);
    this.#current ??= index;
    if (index !== this.#current) {
      const waiting = this.#waiting.get(index);
      if (waiting) waiting.push(event);
      else this.#waiting.set(index, [event]);
      return [];
    }
    const item = this.#items.get(index) ?? new ItemReader();
    this.#items.set(index, item);
    const events = item.push(event);
    if (event.type !== 'response.output_item.done') return events;
    this.#done.add(index);
    this.#current = undefined;
    return [...events, ...this.#next()];
  }

  /** What the item that has waited longest has to say, up to the first that is not done. */
  #next(): AnswerEvent[] {
    const [next] = this.#waiting;
    if (!next) return [];
    const [index, events] = next;
    this.#waiting.delete(index);
    return events.flatMap(event => this.#route(index, event));
  }

  /** The whole response has all items: what was not closed, or not streamed at all, is read from there. */
  #finish(response: JsonObject): AnswerEvent[] {
    const output = list(response.output);
    const streamed = new Set(this.#ids);
    const close = (index: number): AnswerEvent[] =>
      this.#route(index, { type: 'response.output_item.done', output_index: index, item: output[index] });
    const events: AnswerEvent[] = [];
    while (this.#current !== undefined) events.push(...close(this.#current));
    for (const [index, item] of output.entries()) if (!streamed.has(object(item).id)) events.push(...close(index));
    const { usage, service_tier: tier } = response;
    if (typeof usage === 'object' && usage !== null)
      events.push({ type: 'usage', usage: readUsage(usage as JsonObject, tier, output), final: true });
    const refusal = [...this.#items.values()].map(item => item.refusal).join('');
    events.push({
      type: 'answer-end',
      stopReason: this.#stopReason(response, refusal),
      explanation: refusal || undefined,
    });
    return events;
  }

  #stopReason({ status, incomplete_details: details }: JsonObject, refusal: string): StopReason {
    if (status === 'incomplete') return readIncompleteReason(object(details).reason);
    if (refusal !== '') return 'refusal';
    return [...this.#items.values()].some(item => item.isToolCall) ? 'tool-calls' : 'stop';
  }
}

/**
 * A whole response is its last event.
 * @throws LazuError `upstream_error` for what is no response, which would look like an empty one
 */
export function readAnswer(response: JsonObject): AnswerEvent[] {
  if (!Array.isArray(response.output)) throw garbled();
  return new ResponsesAnswerReader().push({ type: 'response.completed', response });
}
