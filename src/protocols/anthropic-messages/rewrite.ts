import type { AnswerRewriter, JsonObject } from '../protocol.js';
import { isObject } from '../scalars.js';
import { dataOf, eachFrame } from '../sse.js';
import { writeEvent } from './write-event.js';

/** The name that was asked for, where the upstream's own is private (contract §3): it stands in the message, and nowhere else. */
export class MessageRewriter implements AnswerRewriter {
  constructor(private readonly model: string | undefined) {}

  answer(answer: JsonObject): JsonObject {
    return this.model !== undefined && typeof answer.model === 'string' ? { ...answer, model: this.model } : answer;
  }

  frames(frames: Buffer): Buffer {
    if (this.model === undefined || !frames.includes('"message_start"')) return frames;
    return Buffer.concat([...eachFrame(frames)].map(frame => this.#frame(frame)));
  }

  #frame(frame: Buffer): Buffer {
    const data = frame.includes('"message_start"') ? dataOf(frame) : undefined;
    if (data === undefined) return frame;
    try {
      const event: unknown = JSON.parse(data);
      if (!isObject(event) || event.type !== 'message_start' || !isObject(event.message)) return frame;
      return Buffer.from(writeEvent({ ...event, type: event.type, message: this.answer(event.message) }));
    } catch {
      return frame; // no JSON: it passes as it is
    }
  }
}
