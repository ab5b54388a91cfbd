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
 * that it came with, where it will be found again in its place. A text is the last block of an answer, or the seal behind it is left out:
 * clients, Claude Code among them, take the last block for what the answer says, and no vendor insists on what it sealed with a text.
 */
export class BlockWriter {
  #index = 0;
  #open: Open | undefined;
  #behind: Sealed[] = [];
  /** Seals of the text that ended last, for when something follows it. */
  #behindText: Sealed[] = [];
  #last: Open['type'] | undefined;
  #calls = 0;

  /** Whether the model called a tool. */
  get hasCalls(): boolean {
    return this.#calls > 0;
  }

  write(event: AnswerEvent): WrittenEvent[] {
    switch (event.type) {
      case 'text-delta':
        if (event.text === '') return [];
        return this.#piece('text', { type: 'text_delta', text: event.text });
      case 'reasoning-delta':
        if (event.text === '') return [];
        return this.#piece('thinking', { type: 'thinking_delta', thinking: event.text });
      case 'tool-call-start':
        this.#calls++;
        return [
          ...this.close(),
          ...this.#sealed(),
          this.#start('tool_use', { id: event.id, name: event.name, input: {} }),
        ];
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

  /** Whatever is open ends, also because the answer does. */
  close(): WrittenEvent[] {
    const events: WrittenEvent[] = [];
    if (this.#open?.type === 'thinking')
      events.push(this.#delta({ type: 'signature_delta', signature: this.#open.signature ?? UNSIGNED }));
    if (this.#open) events.push(this.#stop());
    this.#last = this.#open?.type ?? this.#last;
    this.#open = undefined;
    return this.#behind.length > 0 ? [...events, ...this.#sealed()] : events;
  }

  #sealed(): WrittenEvent[] {
    const seals = [...this.#behindText, ...this.#behind];
    this.#behindText = [];
    this.#behind = [];
    if (seals.length > 0) this.#last = undefined;
    return seals.flatMap(sealed => [this.#whole(sealedBlock(sealed)), this.#stop()]);
  }

  /** More of the block that is open, or of one that begins with it. */
  #piece(type: 'text' | 'thinking', delta: JsonObject): WrittenEvent[] {
    if (this.#open?.type === type) return [this.#delta(delta)];
    const empty = type === 'text' ? { text: '' } : { thinking: '', signature: '' };
    return [...this.close(), ...this.#sealed(), this.#start(type, empty), this.#delta(delta)];
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
    const isText = (this.#open?.type ?? this.#last) === 'text';
    if (this.#open?.type === 'thinking' && this.#open.signature === undefined) this.#open.signature = signed(sealed);
    else if (isText) this.#behindText.push(sealed);
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
