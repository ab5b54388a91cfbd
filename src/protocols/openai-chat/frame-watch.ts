import type { LazuError } from '../../errors.js';
import type { FrameWatch, JsonObject, WatchOptions } from '../protocol.js';
import { dataOf, eachFrame } from '../sse.js';
import type { Usage } from '../usage.js';
import { readErrorObject } from './read-error.js';
import { mergeUsage, readUsage, usageIn } from './usage.js';

const DONE = Buffer.from('data: [DONE]\n\n');
const NOTHING = Buffer.alloc(0);
const COLON = 58;
const SPACE = 32;
const OPENING_BRACE = 123;
const FINISHED = /"finish_reason"\s*:\s*"/;

/**
 * Watches an OpenAI chat stream go by. Frames that hold nothing but output cost a few searches in their bytes and no parsing; only
 * bytes that mention usage, an error or the end are looked at frame by frame.
 */
export class OpenAiChatFrameWatch implements FrameWatch {
  reported: Usage | undefined;
  model: string | undefined;
  error: LazuError | undefined;
  hasOutput = false;
  #done = false;
  #finished = false;
  #usageIsFinal = false;
  #heldUsage: Buffer | undefined;
  /** The last two runs of plain frames: where a finish reason would be if the stream ends without `[DONE]`. */
  #last: Buffer = NOTHING;
  #beforeLast: Buffer = NOTHING;

  constructor(private readonly options: WatchOptions) {}

  get complete(): boolean {
    return this.#done;
  }

  get usage(): Usage | undefined {
    return this.#done || this.#usageIsFinal ? this.reported : undefined;
  }

  see(frames: Buffer): Uint8Array {
    if (this.#done) return NOTHING;
    if (this.model === undefined) this.#readModel(frames);
    if (holdsObject(frames, '"usage"') || frames.includes('[DONE]') || holdsObject(frames, '"error"'))
      return this.#lookCloser(frames);
    this.hasOutput ||= frames.includes('data:');
    this.#beforeLast = this.#last;
    this.#last = frames;
    return frames;
  }

  ended(): void {
    // One of several answers may have finished while another had not: then only the mark is proof.
    if ((this.options.answers ?? 1) > 1) return;
    this.#finished ||= [this.#beforeLast, this.#last].some(frames => FINISHED.test(frames.toString('latin1')));
    if (this.#finished && !this.error) this.#done = true;
  }

  terminal(): Uint8Array {
    return this.#heldUsage && this.options.includeUsage ? Buffer.concat([this.#heldUsage, DONE]) : DONE;
  }

  /** The first frame names the model that answers. */
  #readModel(frames: Buffer): void {
    this.model = /"model"\s*:\s*"([^"\\]{1,200})"/.exec(frames.toString('latin1', 0, 2048))?.[1];
  }

  #lookCloser(frames: Buffer): Uint8Array {
    const kept: Buffer[] = [];
    for (const frame of eachFrame(frames)) {
      if (this.#done || this.error) break;
      if (this.#passes(frame)) kept.push(frame);
    }
    return kept.length === 1 ? kept[0]! : Buffer.concat(kept);
  }

  /** Whether this one frame goes to the caller now. */
  #passes(frame: Buffer): boolean {
    const data = dataOf(frame);
    if (data === undefined) return true;
    if (data === '[DONE]') {
      this.#done = true;
      return false;
    }
    const chunk = parse(data);
    if (isObject(chunk.error)) {
      this.error = readErrorObject(chunk.error);
      return false;
    }
    const finishes = FINISHED.test(data);
    this.#finished ||= finishes;
    const onlyUsage = isObject(chunk.usage) && Array.isArray(chunk.choices) && chunk.choices.length === 0;
    const usage = usageIn(chunk);
    if (usage) {
      this.reported = mergeUsage(this.reported, readUsage(usage, chunk.service_tier));
      this.#usageIsFinal = finishes || onlyUsage; // some vendors count along in every frame
    }
    if (onlyUsage) {
      this.#heldUsage = frame;
      return false;
    }
    this.hasOutput = true;
    return true;
  }
}

/**
 * Whether some `name` in these bytes has an object as its value. Many vendors send `"usage":null` in every frame, so a mention alone
 * is no mark. Text inside a JSON string cannot match, as its quotes are escaped.
 */
function holdsObject(frames: Buffer, name: string): boolean {
  for (let at = frames.indexOf(name); at >= 0; at = frames.indexOf(name, at + 1)) {
    let next = at + name.length;
    while (frames[next] === COLON || frames[next] === SPACE) next++;
    if (frames[next] === OPENING_BRACE) return true;
  }
  return false;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function parse(data: string): JsonObject {
  try {
    const value: unknown = JSON.parse(data);
    return isObject(value) ? value : {};
  } catch {
    return {}; // not ours to judge: it passes as it is
  }
}
