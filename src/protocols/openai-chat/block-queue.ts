import type { AnswerEvent } from '../answer-event.js';
import { JsonEnd } from './json-end.js';

/** `text`, `reasoning`, `image`, or the key of a tool call. */
type Key = string | number;

interface QueuedBlock {
  readonly key: Key;
  readonly isCall: boolean;
  /** The call's own; a call without a name has not begun. */
  id: string;
  name: string | undefined;
  /** What the call says so far. */
  input: string;
  /** Events that have not left yet. */
  waiting: AnswerEvent[];
  begun: boolean;
  readonly end: JsonEnd;
  /** Once the input's end was seen: whether it is JSON. */
  isWhole: boolean | undefined;
}

/**
 * Makes blocks that do not overlap of deltas that interleave. The first block goes out as it comes; what belongs to later ones waits
 * until the first is whole, which text is as soon as something else follows, and a tool call when its input is JSON.
 */
export class BlockQueue {
  #blocks: QueuedBlock[] = [];
  #known = new Map<Key, QueuedBlock>();

  /** One more event of the block of this kind that is last, or of a new one. */
  add(kind: 'text' | 'reasoning' | 'image', event: AnswerEvent): void {
    const last = this.#blocks.at(-1);
    const block = last?.key === kind && kind !== 'image' ? last : this.#enqueue(kind, false);
    block.waiting.push(event);
  }

  /** A piece of a tool call. @param id used where the vendor gives none */
  addCall(key: Key, id: string, name: string | undefined, json: string): void {
    const block = this.#known.get(key) ?? this.#enqueue(key, true);
    block.id ||= id;
    block.name ??= name;
    if (json === '') return;
    block.input += json;
    block.end.see(json);
    block.waiting.push({ type: 'tool-input-delta', json });
  }

  has(key: Key): boolean {
    return this.#known.has(key);
  }

  /** What can go out by now. */
  take(): AnswerEvent[] {
    const events: AnswerEvent[] = [];
    for (let first = this.#blocks[0]; first; first = this.#blocks[0]) {
      this.#flush(first, events);
      if (this.#blocks.length === 1 || !isWhole(first)) break;
      this.#close(first, events);
    }
    return events;
  }

  /** The answer is over: everything goes out, and every block ends. */
  end(): AnswerEvent[] {
    const events: AnswerEvent[] = [];
    for (const block of [...this.#blocks]) {
      block.name ??= '';
      this.#flush(block, events);
      this.#close(block, events);
    }
    return events;
  }

  #enqueue(key: Key, isCall: boolean): QueuedBlock {
    const empty = { id: '', name: undefined, input: '', waiting: [], begun: false, isWhole: undefined };
    const block: QueuedBlock = { key, isCall, ...empty, end: new JsonEnd() };
    this.#blocks.push(block);
    if (isCall) this.#known.set(key, block);
    return block;
  }

  #flush(block: QueuedBlock, events: AnswerEvent[]): void {
    if (block.isCall && block.name === undefined) return;
    if (block.isCall && !block.begun) events.push({ type: 'tool-call-start', id: block.id, name: block.name ?? '' });
    block.begun = true;
    for (const event of block.waiting) events.push(event);
    block.waiting = [];
  }

  #close(block: QueuedBlock, events: AnswerEvent[]): void {
    // A call without arguments is a call with none.
    if (block.isCall && block.input === '') events.push({ type: 'tool-input-delta', json: '{}' });
    events.push({ type: 'block-end' });
    this.#blocks.shift();
  }
}

/** An input that is no object is taken for whole at the end of the answer. */
function isWhole(block: QueuedBlock): boolean {
  const { isCall, input, name, end } = block;
  if (!isCall) return true;
  if (name === undefined || !end.isReached) return false;
  block.isWhole ??= isJson(input);
  return block.isWhole;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
