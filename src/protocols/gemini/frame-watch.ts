import type { LazuError } from '../../errors.js';
import type { FrameWatch, JsonObject, WatchOptions } from '../protocol.js';
import { dataOf, eachFrame } from '../sse.js';
import type { Usage } from '../usage.js';
import { isObject } from './fields.js';
import { readErrorObject } from './read-error.js';
import { UsageGatherer } from './usage.js';

const NOTHING = Buffer.alloc(0);
/** Frames without any of these hold output and running totals, and are not parsed; of those the last is, when it is asked for. */
const MARKS = ['"finishReason"', '"error"', '"groundingMetadata"', '"promptFeedback"'] as const;

/**
 * Watches a Gemini stream go by. There is no mark of its end: the frame that says why the model stopped is the last, so from there on
 * the latest frame is kept back until the connection ends.
 */
export class GeminiFrameWatch implements FrameWatch {
  model: string | undefined;
  error: LazuError | undefined;
  hasOutput = false;
  complete = false;
  #held: Buffer = NOTHING;
  /** For the model's name, which every frame says or none. */
  #looks = 0;
  #blocked = false;
  #finalUsage = false;
  #provisional: Buffer | undefined;
  readonly #gatherer = new UsageGatherer();
  readonly #open = new Set<unknown>();
  readonly #finished = new Set<unknown>();
  readonly #isOne: boolean;

  constructor({ answers = 1 }: WatchOptions) {
    this.#isOne = answers === 1;
  }

  get usage(): Usage | undefined {
    return this.#finalUsage ? this.#gatherer.usage : undefined;
  }

  get reported(): Usage | undefined {
    if (this.#provisional) this.#gatherer.see(parse(this.#provisional));
    this.#provisional = undefined;
    return this.#gatherer.usage;
  }

  see(frames: Buffer): Uint8Array {
    if (this.complete || this.error) return NOTHING;
    if (this.model === undefined && this.#looks++ < 3) this.#readModel(frames);
    if (this.#isOne && !this.#isOver && !MARKS.some(mark => frames.includes(mark))) {
      this.hasOutput ||= frames.includes('data:');
      this.#provisional = lastOf(frames) ?? this.#provisional;
      return frames;
    }
    const passed: Buffer[] = [];
    for (const frame of eachFrame(frames)) {
      if (this.error) break;
      passed.push(...this.#look(frame));
    }
    return passed.length === 1 ? passed[0]! : Buffer.concat(passed);
  }

  ended(): void {
    if (this.#isOver && !this.error) this.complete = true;
  }

  terminal(): Uint8Array {
    return this.#held;
  }

  /** Every candidate that began has finished, or none will begin. */
  get #isOver(): boolean {
    return this.#blocked || (this.#finished.size > 0 && this.#open.size === 0);
  }

  /** @returns the frames that may go to the caller now */
  #look(frame: Buffer): Buffer[] {
    const chunk = parse(frame);
    if (isObject(chunk.error)) {
      this.error = readErrorObject(chunk.error);
      return [];
    }
    this.#provisional = undefined;
    this.#gatherer.see(chunk);
    for (const candidate of Array.isArray(chunk.candidates) ? chunk.candidates.filter(isObject) : [])
      this.#follow(candidate);
    if (isObject(chunk.promptFeedback) && typeof chunk.promptFeedback.blockReason === 'string') this.#blocked = true;
    this.hasOutput ||= Object.keys(chunk).length > 0;
    const before = this.#held;
    const isOver = this.#isOver;
    if (isOver && isObject(chunk.usageMetadata)) this.#finalUsage = true;
    this.#held = isOver ? frame : NOTHING;
    return [before, ...(isOver ? [] : [frame])].filter(bytes => bytes.length > 0);
  }

  #follow({ index = 0, finishReason }: JsonObject): void {
    if (typeof finishReason === 'string') {
      this.#finished.add(index);
      this.#open.delete(index);
    } else if (!this.#finished.has(index)) this.#open.add(index);
  }

  #readModel(frames: Buffer): void {
    this.model = /"modelVersion"\s*:\s*"([^"\\]{1,200})"/.exec(frames.toString('latin1'))?.[1];
  }
}

/** The last frame of these that says something of its cost. */
function lastOf(frames: Buffer): Buffer | undefined {
  const at = frames.lastIndexOf('"usageMetadata"');
  if (at < 0) return undefined;
  const start = Math.max(frames.lastIndexOf('\n\n', at) + 2, frames.lastIndexOf('\n\r\n', at) + 3, 0);
  return frames.subarray(start > at ? 0 : start);
}

function parse(frame: Buffer): JsonObject {
  try {
    const value: unknown = JSON.parse(dataOf(frame) ?? '');
    return isObject(value) ? value : {};
  } catch {
    return {}; // not ours to judge: it passes as it is
  }
}
