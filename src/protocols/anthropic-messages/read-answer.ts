import type { AnswerEvent } from '../answer-event.js';
import type { JsonObject, StepMachine } from '../protocol.js';
import { garbled } from '../upstream-error.js';
import { readErrorObject } from './read-error.js';
import { isExecution, mergeRawUsage, readUsage } from './usage.js';
import { readStopReason } from './vocabulary.js';

const object = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The block that is open: as it will be when it ends, for the protocol's own use. */
interface OpenBlock {
  readonly block: JsonObject;
  /** Pieces of a tool's input, when it did not come whole. */
  input: string;
}

/**
 * Reads Anthropic's stream: https://platform.claude.com/docs/en/build-with-claude/streaming
 * Blocks come one after another, so the index is not needed. Events and blocks that nobody knows yet are passed over or sealed.
 */
export class AnthropicAnswerReader implements StepMachine<JsonObject, AnswerEvent[]> {
  #open: OpenBlock | undefined;
  #usage: JsonObject = {};
  #executions = 0;
  #stopReason: unknown;
  #explanation: string | undefined;

  push(event: JsonObject): AnswerEvent[] {
    switch (event.type) {
      case 'message_start':
        return this.#start(object(event.message));
      case 'content_block_start':
        return this.#openBlock(object(event.content_block));
      case 'content_block_delta':
        return this.#delta(object(event.delta));
      case 'content_block_stop':
        return this.#closeBlock();
      case 'message_delta':
        return this.#finish(object(event.delta), object(event.usage));
      case 'message_stop': {
        const stopReason = readStopReason(this.#stopReason);
        return [{ type: 'answer-end', stopReason, explanation: this.#explanation }];
      }
      case 'error':
        throw readErrorObject(event.error);
      default:
        return []; // `ping`, and what is still to be invented
    }
  }

  /** Anthropic ends every answer with `message_stop`: the end of the connection adds nothing. */
  end(): AnswerEvent[] {
    return [];
  }

  #start(message: JsonObject): AnswerEvent[] {
    this.#usage = object(message.usage);
    this.#stopReason = message.stop_reason;
    const blocks = Array.isArray(message.content) ? (message.content as unknown[]) : [];
    return [
      { type: 'answer-start', id: text(message.id), model: text(message.model) },
      // Some answers are over when they begin: no `message_delta` follows.
      {
        type: 'usage',
        usage: readUsage(this.#usage, this.#executions),
        final: typeof message.stop_reason === 'string',
      },
      // Blocks that are there from the start, as when code calls a tool:
      // https://platform.claude.com/docs/en/agents-and-tools/tool-use/programmatic-tool-calling
      ...blocks.flatMap(block => [...this.#openBlock(object(block)), ...this.#closeBlock()]),
    ];
  }

  #openBlock(block: JsonObject): AnswerEvent[] {
    this.#open = { block: { ...block }, input: '' };
    if (isExecution(block)) this.#executions++;
    switch (block.type) {
      case 'text':
        return block.text ? [{ type: 'text-delta', text: text(block.text) }] : [];
      case 'thinking':
        return block.thinking ? [{ type: 'reasoning-delta', text: text(block.thinking) }] : [];
      case 'tool_use':
        return [{ type: 'tool-call-start', id: text(block.id), name: text(block.name) }];
      default:
        return []; // sealed when it is complete
    }
  }

  #delta(delta: JsonObject): AnswerEvent[] {
    if (!this.#open) return [];
    const { block } = this.#open;
    switch (delta.type) {
      case 'text_delta':
        return [{ type: 'text-delta', text: text(delta.text) }];
      case 'thinking_delta':
        block.thinking = text(block.thinking) + text(delta.thinking);
        return delta.thinking ? [{ type: 'reasoning-delta', text: text(delta.thinking) }] : [];
      case 'signature_delta':
        block.signature = text(block.signature) + text(delta.signature);
        return [];
      case 'input_json_delta': {
        const json = text(delta.partial_json);
        this.#open.input += json;
        return block.type === 'tool_use' && json !== '' ? [{ type: 'tool-input-delta', json }] : [];
      }
      default:
        return []; // citations have no neutral form
    }
  }

  #closeBlock(): AnswerEvent[] {
    if (!this.#open) return [];
    const { block, input } = this.#open;
    this.#open = undefined;
    switch (block.type) {
      case 'text':
        return [{ type: 'block-end' }];
      case 'tool_use': {
        const whole: AnswerEvent[] =
          input === '' ? [{ type: 'tool-input-delta', json: JSON.stringify(object(block.input)) }] : [];
        return [...whole, { type: 'block-end' }];
      }
      default: {
        const value = input === '' ? block : { ...block, input: parsed(input) };
        return [{ type: 'sealed-block', sealed: { protocol: 'anthropic-messages', value } }, { type: 'block-end' }];
      }
    }
  }

  #finish(delta: JsonObject, usage: JsonObject): AnswerEvent[] {
    this.#stopReason = delta.stop_reason ?? this.#stopReason;
    this.#explanation = text(object(delta.stop_details).explanation) || this.#explanation;
    this.#usage = mergeRawUsage(this.#usage, usage);
    return [
      { type: 'usage', usage: readUsage(this.#usage, this.#executions), final: typeof delta.stop_reason === 'string' },
    ];
  }
}

/**
 * A whole message is the events of its stream at once.
 * @throws LazuError `upstream_error` for what is no message, which would look like an empty one
 */
export function readAnswer(message: JsonObject): AnswerEvent[] {
  if (!Array.isArray(message.content)) throw garbled();
  const reader = new AnthropicAnswerReader();
  const { stop_reason, stop_details, usage } = message;
  return [
    { type: 'message_start', message },
    { type: 'message_delta', delta: { stop_reason, stop_details }, usage },
    { type: 'message_stop' },
  ].flatMap(event => reader.push(event));
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return {}; // cut off by `max_tokens`
  }
}
