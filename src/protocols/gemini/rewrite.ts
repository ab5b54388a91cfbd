import type { AnswerRewrite, AnswerRewriter, JsonObject } from '../protocol.js';
import { dataOf, eachFrame } from '../sse.js';
import { isObject } from './fields.js';

/** The upstream's own name of the model is private: answers say the one that was asked for (contract §3). */
export class GeminiAnswerRewriter implements AnswerRewriter {
  constructor(private readonly rewrite: Pick<AnswerRewrite, 'model'>) {}

  answer(answer: JsonObject): JsonObject {
    const { model } = this.rewrite;
    return model === undefined || answer.modelVersion === undefined ? answer : { ...answer, modelVersion: model };
  }

  frames(frames: Buffer): Buffer {
    if (this.rewrite.model === undefined || !frames.includes('"modelVersion"')) return frames;
    return Buffer.concat([...eachFrame(frames)].map(frame => this.#frame(frame)));
  }

  #frame(frame: Buffer): Buffer {
    try {
      const chunk: unknown = JSON.parse(dataOf(frame) ?? '');
      if (!isObject(chunk)) return frame;
      const rewritten = this.answer(chunk);
      return rewritten === chunk ? frame : Buffer.from(`data: ${JSON.stringify(rewritten)}\n\n`);
    } catch {
      return frame; // no JSON: it passes as it is
    }
  }
}
