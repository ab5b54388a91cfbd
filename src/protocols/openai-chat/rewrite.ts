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

  /** A whole answer; the very same object when nothing had to change. */
  answer(answer: JsonObject): JsonObject {
    const { model, reasoningField } = this.rewrite;
    let rewritten = answer;
    if (model !== undefined && typeof answer.model === 'string') rewritten = { ...rewritten, model };
    if (reasoningField === undefined || !Array.isArray(answer.choices)) return rewritten;
    let changed = false;
    const choices = answer.choices.map((choice: unknown) => {
      if (!isObject(choice)) return choice;
      const part = isObject(choice.delta) ? 'delta' : 'message';
      const piece = choice[part];
      if (!isObject(piece) || typeof piece[reasoningField] !== 'string' || piece.reasoning_content !== undefined)
        return choice;
      changed = true;
      return { ...choice, [part]: { ...piece, reasoning_content: piece[reasoningField] } };
    });
    return changed ? { ...rewritten, choices } : rewritten;
  }

  /** Complete frames of a stream; the very same bytes when nothing had to change. */
  frames(frames: Buffer): Buffer {
    const { model, reasoningField } = this.rewrite;
    if (model === undefined && !frames.includes(`"${reasoningField}"`)) return frames;
    return Buffer.concat([...eachFrame(frames)].map(frame => this.#frame(frame)));
  }

  #frame(frame: Buffer): Buffer {
    const chunk = parse(dataOf(frame));
    if (!chunk) return frame;
    const rewritten = this.answer(chunk);
    return rewritten === chunk ? frame : Buffer.from(`data: ${JSON.stringify(rewritten)}\n\n`);
  }
}

function parse(data: string | undefined): JsonObject | undefined {
  try {
    const chunk: unknown = JSON.parse(data ?? '');
    return isObject(chunk) ? chunk : undefined;
  } catch {
    return undefined; // `[DONE]`, or no JSON: it passes as it is
  }
}
