import type { LazuError } from '../../errors.js';
import type { FrameWatch, JsonObject } from '../protocol.js';
import { isObject } from '../scalars.js';
import { dataOf, eachFrame } from '../sse.js';
import type { Usage } from '../usage.js';
import { readErrorObject } from './read-error.js';
import { isExecution, mergeRawUsage, readUsage } from './usage.js';
import { writeEvent } from './write-event.js';

const NOTHING: Buffer = Buffer.alloc(0);
/** Frames without any of these hold content, which is not parsed. */
const MARKS = ['"message_', '"error"', '"server_tool_use"'] as const;
const STOP = Buffer.from(writeEvent({ type: 'message_stop' }));

/**
 * Watches an Anthropic stream go by: https://platform.claude.com/docs/en/build-with-claude/streaming
 * Frames with nothing but content cost a few searches in their bytes. What comes before the first content is kept until then: an
 * attempt that fails so early has said nothing, and another may begin the answer anew.
 */
export class AnthropicFrameWatch implements FrameWatch {
  reported: Usage | undefined;
  model: string | undefined;
  error: LazuError | undefined;
  hasOutput = false;
  #raw: JsonObject = {};
  #executions = 0;
  #usageIsFinal = false;
  #done = false;
  #kept: Buffer[] = [];
  #stop: Buffer = STOP;

  get complete(): boolean {
    return this.#done;
  }

  /** `message_start` has a placeholder for the output (trap 8): the figures count once the reason for the end is known. */
  get usage(): Usage | undefined {
    return this.#usageIsFinal ? this.reported : undefined;
  }

  see(frames: Buffer): Uint8Array {
    if (this.#done) return NOTHING;
    if (this.hasOutput && !MARKS.some(mark => frames.includes(mark))) return frames;
    for (const frame of eachFrame(frames)) {
      if (this.#done || this.error) break;
      if (this.#passes(frame)) this.#kept.push(frame);
    }
    return this.hasOutput ? this.#release() : NOTHING;
  }

  /** Some hosts of this protocol end the connection without the event that ends the answer. */
  ended(): void {
    if (this.#usageIsFinal && !this.error) this.#done = true;
  }

  terminal(): Uint8Array {
    return Buffer.concat([this.#release(), this.#stop]);
  }

  #release(): Buffer {
    const [only] = this.#kept;
    const released = only && this.#kept.length === 1 ? only : Buffer.concat(this.#kept);
    this.#kept = [];
    return released;
  }

  /** Whether this one frame goes to the caller, now or with the first content. */
  #passes(frame: Buffer): boolean {
    const event = parse(dataOf(frame));
    switch (event.type) {
      case 'message_start': {
        const message = isObject(event.message) ? event.message : {};
        if (typeof message.model === 'string') this.model = message.model;
        this.#count(message.usage, message.stop_reason);
        return true;
      }
      case 'message_delta':
        this.#count(event.usage, isObject(event.delta) ? event.delta.stop_reason : undefined);
        this.hasOutput = true; // an answer may have no content
        return true;
      case 'message_stop':
        this.#done = true;
        this.#stop = frame;
        return false;
      case 'error':
        this.error = readErrorObject(event.error);
        return false;
      case 'content_block_start':
        if (isObject(event.content_block) && isExecution(event.content_block)) this.#executions++;
        this.hasOutput = true;
        return true;
      case 'content_block_delta':
      case 'content_block_stop':
        this.hasOutput = true;
        return true;
      default:
        return true; // `ping`, comments, and what is still to be invented
    }
  }

  #count(usage: unknown, stopReason: unknown): void {
    if (isObject(usage)) this.reported = readUsage((this.#raw = mergeRawUsage(this.#raw, usage)), this.#executions);
    this.#usageIsFinal ||= typeof stopReason === 'string';
  }
}

function parse(data: string | undefined): JsonObject {
  try {
    const event: unknown = JSON.parse(data ?? '');
    return isObject(event) ? event : {};
  } catch {
    return {}; // not ours to judge: it passes as it is
  }
}
