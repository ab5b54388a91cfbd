import type { AnswerEvent } from '../answer-event.js';
import type { Sealed } from '../conversation.js';
import type { JsonObject } from '../protocol.js';
import { type CarriedSeal, writeCarried } from './carried.js';
import { isObject } from './fields.js';
import { unseal } from './seals.js';

interface OpenCall {
  readonly id: string;
  readonly name: string;
  /** JSON text so far. */
  input: string;
}

/**
 * The parts of an answer: https://ai.google.dev/api/caching#Part. Text goes piece by piece, a call whole, as Gemini sends it. Sealed
 * blocks of other protocols travel on the next call, or behind everything, where Gemini's own signatures stand.
 */
export class PartWriter {
  #seals: CarriedSeal[] = [];
  #textBefore = false;
  #call: OpenCall | undefined;
  #image: JsonObject | undefined;
  /** Google's own signature of the block that is open. */
  #signature: string | undefined;

  /** @param thoughts whether they are shown */
  constructor(private readonly thoughts: boolean) {}

  /** @returns what this event completes */
  write(event: AnswerEvent): JsonObject[] {
    switch (event.type) {
      case 'text-delta':
        this.#textBefore = true;
        return [{ text: event.text }];
      case 'reasoning-delta':
        return this.thoughts ? [{ text: event.text, thought: true }] : [];
      case 'tool-call-start':
        this.#call = { id: event.id, name: event.name, input: '' };
        return [];
      case 'tool-input-delta':
        if (this.#call) this.#call.input += event.json;
        return [];
      case 'image':
        this.#image = { inlineData: { mimeType: event.mediaType, data: event.data } };
        return [];
      case 'sealed-block':
        return this.#seal(event.sealed);
      case 'block-end':
        return this.#closeBlock();
      case 'answer-start':
      case 'logprobs':
      case 'usage':
      case 'answer-end':
        return [];
    }
  }

  /** What no call took along. */
  end(): JsonObject[] {
    const rest = this.#closeBlock();
    return this.#seals.length === 0 ? rest : [...rest, { text: '', thoughtSignature: writeCarried(this.#seals) }];
  }

  #seal(sealed: Sealed): JsonObject[] {
    const own = unseal(sealed);
    switch (own?.signs) {
      case undefined:
        this.#seals.push({ sealed, textBefore: this.#textBefore });
        return [];
      case 'text':
        return [{ text: '', thoughtSignature: own.signature }];
      case 'thought':
        return [{ text: '', thought: true, thoughtSignature: own.signature }];
      case 'call':
      case 'image':
        this.#signature = own.signature;
        return [];
      case 'part':
        return [own.part];
    }
  }

  #closeBlock(): JsonObject[] {
    const part = this.#call ? { functionCall: writeCall(this.#call) } : this.#image;
    if (!part) return [];
    const carried = this.#call && this.#seals.length > 0 ? writeCarried(this.#seals) : undefined;
    const thoughtSignature = this.#signature ?? carried;
    if (carried !== undefined) this.#seals = [];
    if (this.#call) this.#textBefore = false;
    this.#call = this.#image = this.#signature = undefined;
    return [thoughtSignature === undefined ? part : { ...part, thoughtSignature }];
  }
}

/** Arguments must be an object; what a model wrote that is none is given as it was. */
function writeCall({ id, name, input }: OpenCall): JsonObject {
  return { ...(id !== '' && { id }), name, args: argsOf(input) };
}

function argsOf(json: string): JsonObject {
  if (json.trim() === '') return {};
  try {
    const args: unknown = JSON.parse(json);
    if (isObject(args)) return args;
  } catch {
    // falls through
  }
  return { arguments: json };
}
