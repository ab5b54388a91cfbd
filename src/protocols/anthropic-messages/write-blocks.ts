import type { AnswerEvent } from '../answer-event.js';
import type { Sealed } from '../conversation.js';
import type { JsonObject } from '../protocol.js';
import { UNSIGNED, writeSeal } from './seals.js';

export type WrittenEvent = JsonObject & { readonly type: string };

interface Open {
  readonly type: 'text' | 'thinking' | 'tool_use';
  signature?: string;
}

/**
 * The content of an answer as Anthropic's block events, with gapless indices and never two blocks at once (trap 30).
 * What another protocol sealed becomes the signature of the thought that it belongs to, else a block of redacted thinking behind the block
 * that it came with, where it will be found again in its place.
 */
export class BlockWriter {
  #index = 0;
  #open: Open | undefined;
  #behind: Sealed[] = [];
  #calls = 0;

  /** Whether the model called a tool. */
  get hasCalls(): boolean {
    return this.#calls > 0;
  }

  write(event: AnswerEvent): WrittenEvent[] {
    switch (event.type) {
      case 'text-delta':
        if (event.text === '') return [];
        return [...this.#begin('text'), this.#delta({ type: 'text_delta', text: event.text })];
      case 'reasoning-delta':
        if (event.text === '') return [];
        return [...this.#begin('thinking'), this.#delta({ type: 'thinking_delta', thinking: event.text })];
      case 'tool-call-start':
        this.#calls++;
        return [...this.close(), this.#start('tool_use', { id: event.id, name: event.name, input: {} })];
      case 'tool-input-delta':
        if (event.json === '' || this.#open?.type !== 'tool_use') return [];
        return [this.#delta({ type: 'input_json_delta', partial_json: event.json })];
      case 'sealed-block':
        this.#seal(event.sealed);
        return [];
      case 'block-end':
        return this.close();
      case 'image': // Anthropic's models write text only: https://platform.claude.com/docs/en/api/messages/create
      case 'logprobs':
      case 'answer-start':
      case 'usage':
      case 'answer-end':
        return [];
    }
  }

  /** Whatever is open ends. */
  close(): WrittenEvent[] {
    const events: WrittenEvent[] = [];
    if (this.#open?.type === 'thinking')
      events.push(this.#delta({ type: 'signature_delta', signature: this.#open.signature ?? UNSIGNED }));
    if (this.#open) events.push(this.#stop());
    this.#open = undefined;
    for (const sealed of this.#behind) events.push(this.#whole(sealedBlock(sealed)), this.#stop());
    this.#behind = [];
    return events;
  }

  #begin(type: 'text' | 'thinking'): WrittenEvent[] {
    if (this.#open?.type === type) return [];
    const empty = type === 'text' ? { text: '' } : { thinking: '', signature: '' };
    return [...this.close(), this.#start(type, empty)];
  }

  #start(type: Open['type'], block: JsonObject): WrittenEvent {
    this.#open = { type };
    return this.#whole({ type, ...block });
  }

  #whole(content_block: JsonObject): WrittenEvent {
    return { type: 'content_block_start', index: this.#index, content_block };
  }

  #delta(delta: JsonObject): WrittenEvent {
    return { type: 'content_block_delta', index: this.#index, delta };
  }

  #stop(): WrittenEvent {
    return { type: 'content_block_stop', index: this.#index++ };
  }

  #seal(sealed: Sealed): void {
    if (this.#open?.type === 'thinking' && this.#open.signature === undefined) this.#open.signature = signed(sealed);
    else this.#behind.push(sealed);
  }
}

/** A signature of Anthropic's own stays what it is. */
function signed(sealed: Sealed): string {
  const { protocol, value } = sealed;
  const isTrue = protocol === 'anthropic-messages' && typeof value.signature === 'string';
  return isTrue ? (value.signature as string) : writeSeal(sealed);
}

const sealedBlock = (sealed: Sealed): JsonObject =>
  sealed.protocol === 'anthropic-messages' ? sealed.value : { type: 'redacted_thinking', data: writeSeal(sealed) };
