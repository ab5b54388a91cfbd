import { Logger } from '@nestjs/common';
import { LazuError, type ErrorCode } from '../errors.js';
import type { Topic } from './topic.js';

type Kind = 'tell' | 'ask' | 'answer' | 'failure';
/** Kind, number of the question (0 with `tell`), topic or (with `failure`) code, and what is said. */
export type Parcel = readonly [kind: Kind, n: number, name: string, said: unknown];

/** The pipe between two processes: whole messages, in order, until one of them ends. */
export interface Wire {
  send(parcels: readonly Parcel[]): void;
  receive(listener: (parcels: readonly Parcel[]) => void): void;
}

interface Waiting {
  readonly answered: (answer: unknown) => void;
  readonly failed: (error: LazuError) => void;
  /** `performance.now()`; Infinity: as long as it takes. */
  readonly until: number;
  /** It was due at the last look. */
  isLate: boolean;
}

type Handler = (question: unknown) => unknown;

/** More questions that wait for an answer mean that nobody answers. */
const MOST_WAITING = 20_000;
const LOOK_MS = 100;

/**
 * Questions and news between a worker and its primary. What is asked in one turn of the event loop travels as one message, in the order
 * in which it was said, so a crowd of requests costs one write and one read.
 */
export class Link {
  readonly #logger = new Logger(Link.name);
  readonly #handlers = new Map<string, Handler>();
  readonly #waiting = new Map<number, Waiting>();
  #outbox: Parcel[] = [];
  #isLeaving = false;
  #asked = 0;
  #look: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(private readonly wire: Wire) {
    wire.receive(parcels => {
      for (const parcel of parcels) this.#receive(parcel);
    });
  }

  /** Who answers this topic from now on. What it throws fails the asker, as a LazuError. */
  on<Question, Answer>(
    { name }: Topic<Question, Answer>,
    handler: (question: Question) => Answer | Promise<Answer>,
  ): void {
    this.#handlers.set(name, handler as Handler);
  }

  /**
   * Sends without waiting; lost when the other side ends. It leaves with everything before it as soon as the code that runs has ended:
   * a caller who has seen an answer may ask the next worker right away, and what the answer cost should be there first.
   */
  tell<Question>({ name }: Topic<Question, unknown>, question: Question): void {
    this.#send(['tell', 0, name, question]);
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    process.nextTick(() => this.#flush());
  }

  /**
   * @param patienceMs Infinity: as long as both live
   * @throws LazuError what the other side threw, or `service_unavailable` when it says nothing in time
   */
  ask<Question, Answer>(
    { name }: Topic<Question, Answer>,
    question: Question,
    patienceMs: number,
  ): Promise<Awaited<Answer>> {
    if (this.#closed || this.#waiting.size >= MOST_WAITING) return Promise.reject(silent());
    const n = ++this.#asked;
    this.#send(['ask', n, name, question]);
    this.#look ??= setInterval(() => this.#lookAfter(), LOOK_MS).unref();
    return new Promise((resolve, failed) => {
      const answered = resolve as (answer: unknown) => void;
      this.#waiting.set(n, { answered, failed, until: performance.now() + patienceMs, isLate: false });
    });
  }

  /** The other side has ended. */
  close(): void {
    this.#closed = true;
    this.#outbox = [];
    for (const { failed } of this.#waiting.values()) failed(silent());
    this.#waiting.clear();
  }

  #send(parcel: Parcel): void {
    if (this.#closed) return;
    if (this.#outbox.length === 0) setImmediate(() => this.#flush());
    this.#outbox.push(parcel);
  }

  #flush(): void {
    const parcels = this.#outbox;
    this.#outbox = [];
    this.#isLeaving = false;
    if (parcels.length > 0) this.wire.send(parcels);
  }

  #receive([kind, n, name, said]: Parcel): void {
    switch (kind) {
      case 'tell':
        return this.#heed(name, said);
      case 'ask':
        return this.#answer(n, name, said);
      case 'answer':
        return this.#take(n)?.answered(said);
      case 'failure':
        return this.#take(n)?.failed(unpack(name as ErrorCode, said as Failure));
    }
  }

  #heed(name: string, said: unknown): void {
    const failed = (error: unknown): void => this.#logger.error(`${name}: ${String(error)}`);
    try {
      const done = this.#handlers.get(name)?.(said);
      if (isPromise(done)) done.then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }

  #answer(n: number, name: string, said: unknown): void {
    const failed = (error: unknown): void => this.#send(this.#failure(n, name, error));
    try {
      const handler = this.#handlers.get(name);
      if (!handler) throw new LazuError('service_unavailable', 'This process does not know that yet.');
      const answer = handler(said);
      if (isPromise(answer)) answer.then(given => this.#send(['answer', n, name, given]), failed);
      else this.#send(['answer', n, name, answer]);
    } catch (error) {
      failed(error);
    }
  }

  #take(n: number): Waiting | undefined {
    const waiting = this.#waiting.get(n);
    this.#waiting.delete(n);
    return waiting;
  }

  #failure(n: number, name: string, thrown: unknown): Parcel {
    const error = LazuError.from(thrown);
    if (error.code === 'internal_error') this.#logger.error({ topic: name, err: error.cause ?? error });
    const { message, param, retryable, retryAfter, status } = error;
    return ['failure', n, error.code, { message, param, retryable, retryAfter, status } satisfies Failure];
  }

  /** Given up is what was late twice: where this process stood still, the answer is there, and is read between two looks. */
  #lookAfter(): void {
    const now = performance.now();
    for (const [n, question] of this.#waiting) {
      if (question.until > now) continue;
      if (question.isLate) {
        this.#waiting.delete(n);
        question.failed(silent());
      }
      question.isLate = true;
    }
    if (this.#waiting.size > 0) return;
    clearInterval(this.#look);
    this.#look = undefined;
  }
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';

/** Of a LazuError, what may cross. */
type Failure = Pick<LazuError, 'message' | 'param' | 'retryable' | 'retryAfter' | 'status'>;

const unpack = (code: ErrorCode, { message, ...options }: Failure): LazuError => new LazuError(code, message, options);

const silent = (): LazuError =>
  new LazuError('service_unavailable', 'The processes of this host do not answer each other. Please try again.', {
    retryAfter: 1,
  });
