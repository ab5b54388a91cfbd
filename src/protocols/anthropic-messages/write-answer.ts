import type { AnswerEvent } from '../answer-event.js';
import type { AnswerStamp, JsonObject, StepMachine } from '../protocol.js';
import { inputObject } from '../tool-input.js';
import type { Usage } from '../usage.js';
import { writeUsage } from './usage.js';
import { writeStopReason } from './vocabulary.js';
import { BlockWriter, type WrittenEvent } from './write-blocks.js';
import { writeDelta, writeEvent } from './write-event.js';

/** What of an answer is not content. */
interface Ends {
  readonly stop_reason: string;
  readonly stop_sequence: null;
  readonly stop_details: JsonObject | null;
}

/**
 * Anthropic's events: https://platform.claude.com/docs/en/build-with-claude/streaming#event-types
 * `message_start` waits for output, so that an attempt that fails before has said nothing (trap 30: there is only one).
 */
class EventWriter {
  readonly blocks = new BlockWriter();
  #id = '';
  #usage: Usage | undefined;
  readonly #waiting: WrittenEvent[] = [];
  #isStarted = false;
  #ends: Ends = { stop_reason: 'end_turn', stop_sequence: null, stop_details: null };

  constructor(private readonly as: AnswerStamp) {}

  push(event: AnswerEvent): WrittenEvent[] {
    if (event.type === 'answer-start') this.#id = event.id;
    if (event.type === 'usage') this.#usage = event.usage;
    if (event.type === 'answer-end') {
      const { stopReason, explanation } = event;
      const stop_reason = writeStopReason(stopReason, this.blocks.hasCalls);
      const details = { type: 'refusal', category: null, explanation: explanation ?? null };
      this.#ends = { stop_reason, stop_sequence: null, stop_details: stop_reason === 'refusal' ? details : null };
    }
    const events = event.type === 'answer-end' ? this.blocks.close() : this.blocks.write(event);
    if (this.#isStarted) return events;
    this.#waiting.push(...events);
    return isOutput(event) ? this.#release() : [];
  }

  end(): WrittenEvent[] {
    const delta = { type: 'message_delta', delta: this.#ends, usage: this.#usageNow() };
    return [...this.#release(), delta, { type: 'message_stop' }];
  }

  #release(): WrittenEvent[] {
    if (this.#isStarted) return [];
    this.#isStarted = true;
    return [this.#start(), ...this.#waiting];
  }

  #start(): WrittenEvent {
    const { model } = this.as;
    const head = { id: messageId(this.#id), type: 'message', role: 'assistant', model, content: [] };
    const usage = { ...this.#usageNow(), output_tokens: 0 };
    return { type: 'message_start', message: { ...head, stop_reason: null, stop_sequence: null, usage } };
  }

  /** Before the upstream has said it, what the input is likely to be: clients show it, and none is charged by it. */
  #usageNow(): JsonObject {
    return writeUsage(this.#usage ?? { dimensions: { input: this.as.inputTokens ?? 0 }, raw: {} });
  }
}

/** What begins an answer; for the rest `dispatch` may still go to another channel. */
const isOutput = ({ type }: AnswerEvent): boolean =>
  type === 'text-delta' || type === 'reasoning-delta' || type === 'tool-call-start' || type === 'answer-end';

export class AnthropicAnswerWriter implements StepMachine<AnswerEvent, string> {
  readonly #writer: EventWriter;

  constructor(as: AnswerStamp) {
    this.#writer = new EventWriter(as);
  }

  push(event: AnswerEvent): string {
    return written(this.#writer.push(event));
  }

  end(): string {
    return written(this.#writer.end());
  }
}

function written(events: readonly WrittenEvent[]): string {
  let frames = '';
  for (const event of events) {
    if (event.type === 'content_block_delta') frames += writeDelta(event.index as number, event.delta as JsonObject);
    else frames += writeEvent(event);
  }
  return frames;
}

/** A whole message is its stream put together: https://platform.claude.com/docs/en/api/messages/create */
export function writeAnswer(events: readonly AnswerEvent[], as: AnswerStamp): JsonObject {
  const writer = new EventWriter(as);
  const all = [...events.flatMap(event => writer.push(event)), ...writer.end()];
  let message: JsonObject = {};
  const content: JsonObject[] = [];
  const inputs: string[] = [];
  for (const event of all) {
    if (event.type === 'message_start') message = event.message as JsonObject;
    else if (event.type === 'content_block_start') {
      content.push({ ...(event.content_block as JsonObject) });
      inputs.push('');
    } else if (event.type === 'content_block_delta') {
      const { type: _, ...delta } = event.delta as JsonObject;
      if (typeof delta.partial_json === 'string') inputs[inputs.length - 1] += delta.partial_json;
      else append(content.at(-1)!, delta);
    } else if (event.type === 'message_delta')
      message = { ...message, ...(event.delta as JsonObject), usage: event.usage };
  }
  content.forEach((block, at) => {
    if (block.type === 'tool_use') block.input = inputObject(inputs[at]!);
  });
  return { ...message, content };
}

/** A delta names the field that it lengthens. */
function append(block: JsonObject, delta: JsonObject): void {
  for (const [name, text] of Object.entries(delta)) block[name] = String(block[name]) + String(text);
}

const messageId = (id: string): string => (id.startsWith('msg_') ? id : `msg_${id.replace(/[^\w-]/g, '_')}`);
