import type { AnswerRewrite, JsonObject } from '../protocol.js';
import { dataOf, eachFrame } from '../sse.js';

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * What clones spell in another way than the contract (§3, §4) promises: the model's private name, and reasoning text beside
 * `reasoning_content`. The vendor's own field stays, so that clients made for it go on working.
 */
export class ChatAnswerRewriter {
  constructor(private readonly rewrite: AnswerRewrite) {}

  /** A whole answer, or a chunk of one; the very same object when nothing had to change. */
  answer(answer: JsonObject): JsonObject {
    const { model } = this.rewrite;
    const named = model !== undefined && typeof answer.model === 'string' ? { ...answer, model } : answer;
    if (!Array.isArray(answer.choices)) return named;
    let changed = false;
    const choices = answer.choices.map((choice: unknown) => {
      if (!isObject(choice)) return choice;
      const part = isObject(choice.delta) ? 'delta' : 'message';
      const piece = isObject(choice[part]) ? this.#piece(choice[part]) : undefined;
      changed ||= piece !== undefined;
      return piece ? { ...choice, [part]: piece } : choice;
    });
    return changed ? { ...named, choices } : named;
  }

  /** @returns undefined when nothing has to change */
  #piece(piece: JsonObject): JsonObject | undefined {
    const { reasoningField, contentInParts } = this.rewrite;
    if (piece.reasoning_content !== undefined) return undefined;
    if (reasoningField !== undefined && typeof piece[reasoningField] === 'string')
      return { ...piece, reasoning_content: piece[reasoningField] };
    if (!contentInParts || !Array.isArray(piece.content)) return undefined;
    const thinking = textIn(piece.content.flatMap((part: unknown) => (isObject(part) ? (part.thinking ?? []) : [])));
    const whole = { ...piece, content: textIn(piece.content) };
    return thinking === '' ? whole : { ...whole, reasoning_content: thinking };
  }

  /** Complete frames of a stream; the very same bytes when nothing had to change. */
  frames(frames: Buffer): Buffer {
    const { model, reasoningField, contentInParts } = this.rewrite;
    const mentions =
      (reasoningField !== undefined && frames.includes(`"${reasoningField}"`)) ||
      (contentInParts && frames.includes('"content":['));
    if (model === undefined && !mentions) return frames;
    return Buffer.concat([...eachFrame(frames)].map(frame => this.#frame(frame)));
  }

  #frame(frame: Buffer): Buffer {
    const chunk = parse(dataOf(frame));
    if (!chunk) return frame;
    const rewritten = this.answer(chunk);
    return rewritten === chunk ? frame : Buffer.from(`data: ${JSON.stringify(rewritten)}\n\n`);
  }
}

/** The text of those parts that are text. */
const textIn = (parts: readonly unknown[]): string =>
  parts
    .map(part => (isObject(part) && part.type === 'text' && typeof part.text === 'string' ? part.text : ''))
    .join('');

function parse(data: string | undefined): JsonObject | undefined {
  try {
    const chunk: unknown = JSON.parse(data ?? '');
    return isObject(chunk) ? chunk : undefined;
  } catch {
    return undefined; // `[DONE]`, or no JSON: it passes as it is
  }
}
