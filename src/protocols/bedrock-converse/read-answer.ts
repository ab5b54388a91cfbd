import type { AnswerEvent, StopReason } from '../answer-event.js';
import type { JsonObject, StepMachine } from '../protocol.js';
import { garbled } from '../upstream-error.js';
import { OpenBlock } from './open-block.js';
import { readException } from './read-error.js';
import { list, object, text } from './shapes.js';
import { readUsage } from './usage.js';
import { readStopReason } from './vocabulary.js';

/**
 * Reads Converse's stream, one event at a time as `{"contentBlockDelta": {…}}`:
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html
 * `metadata` with the usage comes behind `messageStop`, and the answer ends with both. Events that nobody knows yet are passed over.
 */
export class ConverseAnswerReader implements StepMachine<JsonObject, AnswerEvent[]> {
  #open: OpenBlock | undefined;
  #stopReason: StopReason = 'other';
  /** A schema was held to by a tool of ours: its call is the text of the answer. */
  #answersByTool = false;
  #stopped = false;
  #metered = false;

  push(event: JsonObject): AnswerEvent[] {
    return Object.entries(event).flatMap(([name, value]) => this.#read(name, object(value)));
  }

  /** Some models leave the usage out: a clean end behind the stop reason ends the answer too. */
  end(): AnswerEvent[] {
    return this.#stopped && !this.#metered ? this.#finish() : [];
  }

  #read(name: string, event: JsonObject): AnswerEvent[] {
    switch (name) {
      case 'messageStart':
        return [{ type: 'answer-start', id: '', model: '' }]; // Converse says neither
      case 'contentBlockStart':
        return this.#begin(event.contentBlockIndex, OpenBlock.begun(object(event.start)));
      case 'contentBlockDelta': {
        const delta = object(event.delta);
        // Only tools and images are begun; text and thoughts begin with their first piece.
        const begun =
          this.#open?.index === event.contentBlockIndex
            ? []
            : this.#begin(event.contentBlockIndex, OpenBlock.of(delta));
        return [...begun, ...(this.#open?.add(delta) ?? [])];
      }
      case 'contentBlockStop':
        return this.#close();
      case 'messageStop': {
        const closed = this.#close();
        this.#stopReason = readStopReason(event.stopReason);
        this.#stopped = true;
        return this.#metered ? [...closed, ...this.#finish()] : closed;
      }
      case 'metadata': {
        const usage = readUsage(object(event.usage), event.serviceTier);
        this.#metered = true;
        return [{ type: 'usage', usage, final: true }, ...(this.#stopped ? this.#finish() : [])];
      }
      default:
        if (name.endsWith('Exception')) throw readException(name, event);
        return [];
    }
  }

  #begin(index: unknown, block: OpenBlock): AnswerEvent[] {
    const closed = this.#close();
    block.index = index;
    this.#open = block;
    this.#answersByTool ||= block.isAnswer;
    return [...closed, ...block.start()];
  }

  #close(): AnswerEvent[] {
    const closed = this.#open?.end() ?? [];
    this.#open = undefined;
    return closed;
  }

  #finish(): AnswerEvent[] {
    const stopReason = this.#answersByTool && this.#stopReason === 'tool-calls' ? 'stop' : this.#stopReason;
    return [{ type: 'answer-end', stopReason, explanation: undefined }];
  }
}

/**
 * A whole answer is the events of its stream at once: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
 * @throws LazuError `upstream_error` for what is no answer, which would look like an empty one
 */
export function readAnswer(answer: JsonObject): AnswerEvent[] {
  if (typeof answer.stopReason !== 'string') throw garbled();
  const reader = new ConverseAnswerReader();
  const { stopReason, usage, serviceTier } = answer;
  const { content } = object(object(answer.output).message);
  return [
    { messageStart: {} },
    ...list(content).flatMap((block, index) => eventsOf(object(block), index)),
    { messageStop: { stopReason } },
    { metadata: { usage, serviceTier } },
  ].flatMap(event => reader.push(event));
}

function eventsOf(block: JsonObject, contentBlockIndex: number): JsonObject[] {
  const start = (begun: JsonObject): JsonObject => ({ contentBlockStart: { start: begun, contentBlockIndex } });
  const delta = (piece: JsonObject): JsonObject => ({ contentBlockDelta: { delta: piece, contentBlockIndex } });
  const stop: JsonObject = { contentBlockStop: { contentBlockIndex } };
  if (block.text !== undefined) return [delta({ text: block.text }), stop];
  if (block.toolUse) {
    const { input, ...toolUse } = object(block.toolUse);
    return [start({ toolUse }), delta({ toolUse: { input: JSON.stringify(input ?? {}) } }), stop];
  }
  if (block.reasoningContent) {
    const { reasoningText, redactedContent } = object(block.reasoningContent);
    const { text: thought, signature } = object(reasoningText);
    const pieces = [{ text: thought }, { signature }, { redactedContent }];
    return [...pieces.map(piece => delta({ reasoningContent: piece })), stop];
  }
  // Cited text is text; what it cites has no neutral form.
  if (block.citationsContent) {
    const cited = list(object(block.citationsContent).content).map(part => text(object(part).text));
    return [delta({ text: cited.join('') }), stop];
  }
  if (block.image) {
    const { format, source } = object(block.image);
    return [start({ image: { format } }), delta({ image: { source } }), stop];
  }
  return [];
}
