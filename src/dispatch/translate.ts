import { from, type Observable } from 'rxjs';
import type { Reply } from '../egress/reply.js';
import { LazuError } from '../errors.js';
import type { AnswerEvent } from '../protocols/answer-event.js';
import type {
  AnswerRewriter,
  AnswerStamp,
  ForeignUpstream,
  FrameWatch,
  Inbound,
  JsonObject,
  StepMachine,
  Upstream,
} from '../protocols/protocol.js';
import { dataIn } from '../protocols/sse.js';
import { garbled } from '../protocols/upstream-error.js';
import type { Usage } from '../protocols/usage.js';
import type { Provider } from '../providers/provider.js';
import { collect } from './collect.js';
import { passThrough } from './pass-through.js';

/** What the ways of an answer need to know of the language it comes in. */
export type AnswerLanguage = Pick<Upstream, 'errorIn' | 'usageOf' | 'modelOf' | 'frameWatch' | 'outputTextIn'>;

/** Bytes of one whole answer that is a part of several. */
const PART_LIMIT = 64 * 1024 * 1024;

/** The answer of an upstream that does not speak the caller's protocol: read into events, written out of them. */
export class Translation implements AnswerLanguage, AnswerRewriter {
  #last: { readonly answer: JsonObject; readonly events: readonly AnswerEvent[] } | undefined;

  constructor(
    private readonly inbound: Inbound,
    private readonly upstream: ForeignUpstream,
    private readonly provider: Pick<Provider, 'readUsage'>,
    private readonly stamp: AnswerStamp,
  ) {}

  errorIn(answer: JsonObject): LazuError | undefined {
    return this.upstream.errorIn(answer);
  }

  usageOf(answer: JsonObject): Usage | undefined {
    let usage: Usage | undefined;
    for (const event of this.#read(answer)) if (event.type === 'usage' && event.final) usage = event.usage;
    return usage;
  }

  modelOf(answer: JsonObject): string | undefined {
    const start = this.#read(answer).find(event => event.type === 'answer-start');
    return start?.model || undefined;
  }

  /** What was delivered is in the caller's language. */
  outputTextIn(frames: string): string {
    return this.inbound.outputTextIn(frames);
  }

  frameWatch({ includeUsage }: { includeUsage: boolean }): FrameWatch {
    const writer = this.inbound.answerWriter({ ...this.stamp, includeUsage });
    return new TranslatingWatch(this.upstream, writer, event => this.#asRead(event));
  }

  answer(answer: JsonObject): JsonObject {
    return this.inbound.writeAnswer(this.#read(answer), this.stamp);
  }

  /** Frames are translated under the eyes of the watch. */
  frames(frames: Buffer): Buffer {
    return frames;
  }

  /** One part of several answers, as a caller's own upstream would have sent it. */
  reply(reply: Reply, stream: boolean): Reply {
    const bytes$: Observable<Uint8Array> = stream
      ? passThrough(reply.bytes$, this.frameWatch({ includeUsage: true }), () => Promise.resolve())
      : from(this.#whole(reply));
    return { ...reply, bytes$ };
  }

  async #whole(reply: Reply): Promise<Uint8Array> {
    const answer = JSON.parse((await collect(reply.bytes$, PART_LIMIT)).toString('utf8')) as JsonObject;
    const error = this.errorIn(answer);
    if (error) throw error;
    return Buffer.from(JSON.stringify(this.answer(answer)));
  }

  #read(answer: JsonObject): readonly AnswerEvent[] {
    if (this.#last?.answer !== answer) {
      const events = this.upstream.readAnswer(answer).map(event => this.#asRead(event));
      this.#last = { answer, events };
    }
    return this.#last.events;
  }

  /** Usage in the provider's own reading: what the caller is told is what is charged. */
  #asRead(event: AnswerEvent): AnswerEvent {
    if (event.type !== 'usage' || !this.provider.readUsage) return event;
    return { ...event, usage: this.provider.readUsage(event.usage.raw, event.usage) };
  }
}

/** Reads an upstream's frames and gives the caller's, one write for all that came at once. */
class TranslatingWatch implements FrameWatch {
  reported: Usage | undefined;
  model: string | undefined;
  error: LazuError | undefined;
  hasOutput = false;
  complete = false;
  #usageIsFinal = false;
  #tail = '';
  readonly #reader: StepMachine<JsonObject, AnswerEvent[]>;

  constructor(
    private readonly upstream: ForeignUpstream,
    private readonly writer: StepMachine<AnswerEvent, string>,
    private readonly asRead: (event: AnswerEvent) => AnswerEvent,
  ) {
    this.#reader = upstream.answerReader();
  }

  get usage(): Usage | undefined {
    return this.#usageIsFinal ? this.reported : undefined;
  }

  /** What was said before an error goes out before it. */
  see(frames: Buffer): Uint8Array {
    let written = '';
    try {
      for (const data of dataIn(frames)) {
        if (this.complete) break;
        const said = this.upstream.parseEvent?.(data) ?? (JSON.parse(data) as JsonObject);
        for (const event of this.#reader.push(said)) written += this.#take(this.asRead(event));
      }
    } catch (error) {
      this.error = error instanceof LazuError ? error : garbled(error);
    }
    return Buffer.from(written);
  }

  ended(): void {
    for (const event of this.#reader.end()) this.#tail += this.#take(this.asRead(event));
  }

  terminal(): Uint8Array {
    return Buffer.from(this.#tail + this.writer.end());
  }

  #take(event: AnswerEvent): string {
    switch (event.type) {
      case 'answer-start':
        this.model = event.model || undefined;
        break;
      case 'usage':
        this.reported = event.usage;
        this.#usageIsFinal ||= event.final;
        break;
      case 'answer-end':
        this.complete = true;
        break;
      case 'text-delta':
      case 'reasoning-delta':
      case 'tool-call-start':
      case 'tool-input-delta':
      case 'image':
        this.hasOutput = true;
        break;
      case 'sealed-block':
      case 'logprobs':
      case 'block-end':
        break;
    }
    return this.writer.push(event);
  }
}
