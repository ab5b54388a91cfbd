import type { AnswerEvent } from '../answer-event.js';
import type { JsonObject } from '../protocol.js';

const object = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
const list = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.map(object) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

interface ThoughtPart {
  readonly of: 'summary' | 'content';
  readonly index: unknown;
}

/** Between the parts of a summary, which are paragraphs. */
const PARAGRAPH = '\n\n';

/**
 * Reads one item of the output: its deltas as they come, and from the whole item at its end what did not come in deltas.
 * https://platform.openai.com/docs/api-reference/responses/object#responses/object-output
 */
export class ItemReader {
  /** What the model said instead of an answer. */
  refusal = '';
  isToolCall = false;
  #hasProbabilities = false;
  /** All that was given out of this item's text, reasoning or input. */
  #given = '';
  /** Which part of the thoughts came last. */
  #part: ThoughtPart | undefined;

  push(event: JsonObject): AnswerEvent[] {
    switch (event.type) {
      case 'response.output_item.added':
        return this.#begin(object(event.item));
      case 'response.output_text.delta':
        return [...this.#give('text-delta', text(event.delta)), ...this.#probabilities(event.logprobs)];
      case 'response.refusal.delta':
        this.refusal += text(event.delta);
        return [];
      case 'response.reasoning_summary_text.delta':
        return this.#think({ of: 'summary', index: event.summary_index }, text(event.delta));
      case 'response.reasoning_text.delta':
        return this.#think({ of: 'content', index: event.content_index }, text(event.delta));
      case 'response.function_call_arguments.delta':
        return this.isToolCall ? this.#give('tool-input-delta', text(event.delta)) : [];
      case 'response.output_item.done':
        return this.#end(object(event.item));
      default:
        return []; // parts that begin and end, annotations, server tools at work, and what is still to be invented
    }
  }

  #begin(item: JsonObject): AnswerEvent[] {
    if (item.type !== 'function_call' || this.isToolCall) return [];
    this.isToolCall = true;
    return [{ type: 'tool-call-start', id: text(item.call_id), name: text(item.name) }];
  }

  #give(type: 'text-delta' | 'reasoning-delta' | 'tool-input-delta', piece: string): AnswerEvent[] {
    if (piece === '') return [];
    this.#given += piece;
    return [type === 'tool-input-delta' ? { type, json: piece } : { type, text: piece }];
  }

  /** Chat's entries, which have the bytes of each token beside it. */
  #probabilities(logprobs: unknown): AnswerEvent[] {
    const tokens = list(logprobs).map(entry =>
      withBytes({ ...entry, top_logprobs: list(entry.top_logprobs).map(withBytes) }),
    );
    this.#hasProbabilities ||= tokens.length > 0;
    return tokens.length > 0 ? [{ type: 'logprobs', tokens }] : [];
  }

  /** Thoughts, or a summary of them, in parts; of an item that has both, what came first. */
  #think(part: ThoughtPart, piece: string): AnswerEvent[] {
    const before = this.#part;
    if (piece === '' || (before && before.of !== part.of)) return [];
    this.#part = part;
    return this.#give('reasoning-delta', (before && before.index !== part.index ? PARAGRAPH : '') + piece);
  }

  #end(item: JsonObject): AnswerEvent[] {
    switch (item.type) {
      case 'message':
        return this.#endMessage(item);
      case 'function_call': {
        const begin = this.#begin(item);
        return [...begin, ...this.#give('tool-input-delta', this.#rest(text(item.arguments))), { type: 'block-end' }];
      }
      case 'reasoning':
        return this.#endReasoning(item);
      case 'image_generation_call':
        return imageOf(item);
      case undefined: // nobody says what it has become
        return this.#given !== '' || this.isToolCall ? [{ type: 'block-end' }] : [];
      default:
        return [...sealed(item), { type: 'block-end' }];
    }
  }

  #endMessage({ content, phase }: JsonObject): AnswerEvent[] {
    const parts = list(content);
    this.refusal ||= parts.map(part => text(part.refusal)).join('');
    const rest = this.#give('text-delta', this.#rest(parts.map(part => text(part.text)).join('')));
    const all = this.#hasProbabilities ? [] : parts.flatMap(part => this.#probabilities(part.logprobs));
    // https://platform.openai.com/docs/guides/text#message-phase: what was said on the way must be marked so when it goes back
    const mark: AnswerEvent[] =
      phase === 'commentary' ? [...sealed({ type: 'message', phase }), { type: 'block-end' }] : [];
    return this.#given === '' ? [] : [...rest, ...all, { type: 'block-end' }, ...mark];
  }

  #endReasoning({ type, id, summary, content, encrypted_content }: JsonObject): AnswerEvent[] {
    const of = this.#part?.of ?? (list(content).length > 0 ? 'content' : 'summary');
    const thoughts = list(of === 'content' ? content : summary).map(part => text(part.text));
    const rest = this.#give('reasoning-delta', this.#rest(thoughts.filter(part => part !== '').join(PARAGRAPH)));
    const seal = text(encrypted_content) === '' ? [] : sealed({ type, id, summary: summary ?? [], encrypted_content });
    return this.#given === '' && seal.length === 0 ? [] : [...rest, ...seal, { type: 'block-end' }];
  }

  /** What of the whole has not been given yet. */
  #rest(whole: string): string {
    return whole.startsWith(this.#given) ? whole.slice(this.#given.length) : '';
  }
}

/** https://platform.openai.com/docs/guides/tools-image-generation */
function imageOf({ result, output_format: format }: JsonObject): AnswerEvent[] {
  if (text(result) === '') return [];
  return [{ type: 'image', mediaType: `image/${text(format) || 'png'}`, data: text(result) }, { type: 'block-end' }];
}

const withBytes = (entry: JsonObject): JsonObject => ({ bytes: [...Buffer.from(text(entry.token))], ...entry });

const sealed = (value: JsonObject): AnswerEvent[] => [
  { type: 'sealed-block', sealed: { protocol: 'openai-responses', value } },
];
