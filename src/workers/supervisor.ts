import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { LazuError } from '../errors.js';
import type { Forked } from './fork.js';
import { inTime } from './in-time.js';
import { HELLO, HURRY, LISTENS, MAY_LISTEN, STOP, type Listening, type Welcome } from './turns.js';

export interface SupervisorOptions {
  readonly size: number;
  readonly welcome: Omit<Welcome, 'worker'>;
  readonly fork: () => Forked;
  /** A worker begins. @returns told when it has ended; what that leaves to do may take its time */
  readonly joined: (forked: Forked) => () => Promise<void>;
  /** What workers may take to end by themselves. */
  readonly stopMs: number;
}

const serving = new Gauge({ name: 'lazu_workers', help: 'Workers that serve, of WORKERS' });

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 10_000;
/** Who served so long before it died is no repeat offender. */
const STEADY_MS = 60_000;
/** What dead workers left may take to be recorded at a stop; what is left waits for the next start. */
const CLEAR_UP_MS = 5_000;

/** Keeps so many workers alive from the start to the stop of the host. */
export class Supervisor {
  readonly #logger = new Logger('Workers');
  readonly #living = new Map<Forked, { listens: boolean }>();
  readonly #clearingUp = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #open: (() => void) | undefined;
  /** Resolves when the first port may open: all are wired by then. */
  readonly #opened = new Promise<void>(open => (this.#open = open));
  #wired = 0;

  constructor(private readonly options: SupervisorOptions) {}

  /** Resolves when all listen. @throws LazuError when one ends before */
  async start(): Promise<Listening> {
    const numbers = Array.from({ length: this.options.size }, (_, index) => index + 1);
    const listening = await Promise.all(numbers.map(number => this.#employ(number)));
    return listening[0]!;
  }

  /** Ends them all: those that serve finish what runs. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const [forked, { listens }] of this.#living) {
      if (listens) forked.link.tell(STOP, undefined);
      else void forked.kill();
    }
    const ends = [...this.#living.keys()].map(({ ended }) => ended);
    await inTime(Promise.all(ends), this.options.stopMs);
    await Promise.all([...this.#living.keys()].map(forked => forked.kill()));
    await inTime(Promise.all(this.#clearingUp), CLEAR_UP_MS);
  }

  hurry(): void {
    for (const { link } of this.#living.keys()) link.tell(HURRY, undefined);
  }

  /** One more; when it has begun to serve, it is replaced for as long as the host lives. Resolves when it listens. */
  async #employ(number: number): Promise<Listening> {
    const { forked, listens } = this.#begin(number);
    const early = forked.ended.then(how => {
      throw new LazuError('service_unavailable', `worker ${number} ended before it was up (${how})`);
    });
    const listening = await Promise.race([listens, early]);
    early.catch(() => undefined);
    void this.#replace(number, forked);
    return listening;
  }

  async #replace(number: number, forked: Forked): Promise<void> {
    for (let backoff = FIRST_BACKOFF_MS; ;) {
      const since = performance.now();
      const how = await forked.ended;
      if (this.#stopping.signal.aborted) return;
      if (performance.now() - since > STEADY_MS) backoff = FIRST_BACKOFF_MS;
      this.#logger.error(`worker ${number} (pid ${forked.pid}) has ended (${how}); another begins in ${backoff} ms`);
      await sleep(backoff, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      if (this.#stopping.signal.aborted) return;
      backoff = Math.min(backoff * 2, LONGEST_BACKOFF_MS);
      ({ forked } = this.#begin(number));
    }
  }

  #count(): void {
    serving.set([...this.#living.values()].filter(({ listens }) => listens).length);
  }

  #begin(number: number): { forked: Forked; listens: Promise<Listening> } {
    const { fork, welcome, joined } = this.options;
    const forked = fork();
    const { link } = forked;
    const state = { listens: false };
    this.#living.set(forked, state);
    const left = joined(forked);
    link.on(HELLO, () => ({ ...welcome, worker: number }));
    link.on(MAY_LISTEN, () => {
      if (++this.#wired >= this.options.size) this.#open?.();
      return this.#opened;
    });
    void forked.ended.then(() => {
      this.#living.delete(forked);
      this.#count();
      const clearingUp = left()
        .catch((error: unknown) => this.#logger.error(String(error)))
        .finally(() => this.#clearingUp.delete(clearingUp));
      this.#clearingUp.add(clearingUp);
    });
    const listens = new Promise<Listening>(resolve => {
      link.on(LISTENS, listening => {
        state.listens = true;
        this.#count();
        resolve(listening);
      });
    });
    return { forked, listens };
  }
}
