import { BEGIN_BATCH, END_BATCH, RECORDED, REJECTED } from '../usage/charge-topics.js';
import type { UnflushedCharges } from '../usage/unflushed-charges.js';
import type { Link } from '../workers/link.js';
import type { Reservation, Verdict } from './limit-store.js';
import { CORRECT, EXTEND, FORGET, LEFT, PROVE, RELEASE, RESERVE, SETTLE } from './limit-topics.js';
import type { MemoryLimitStore } from './memory-limit-store.js';

/**
 * In the primary: serves one worker from the store that all share, and knows what must be put right when that worker dies: requests
 * that it had open, batches that it was writing, charges of which nobody will say that they are recorded.
 */
export class WorkerDesk {
  /** Requests whose verdict is being found; true: the worker has given up on it meanwhile. */
  readonly #undecided = new Map<string, boolean>();
  readonly #open = new Set<string>();
  /** Requests whose charges are in no sum yet, as far as is known. */
  readonly #charged = new Set<string>();
  readonly #batches = new Map<number, () => void>();
  #begun = 0;
  #isClosed = false;

  constructor(
    link: Link,
    private readonly store: MemoryLimitStore,
    private readonly charges: UnflushedCharges,
  ) {
    link.on(RESERVE, ask => this.#reserve(ask));
    link.on(EXTEND, ({ requestId, byMicroUsd }) => store.extend(requestId, byMicroUsd));
    link.on(CORRECT, ({ requestId, tokens }) => store.correct(requestId, tokens));
    link.on(SETTLE, settled => this.#settle(settled.requestId, settled.chargeMicroUsd, settled.tokens, settled.ask));
    link.on(RELEASE, requestId => this.#release(requestId));
    link.on(LEFT, spender => store.left(spender));
    link.on(PROVE, () => store.prove());
    link.on(FORGET, accountId => store.forget(accountId));
    link.on(BEGIN_BATCH, () => this.#beginBatch());
    link.on(END_BATCH, batch => this.#endBatch(batch));
    link.on(RECORDED, ({ requestIds, inserted }) => {
      for (const requestId of requestIds) this.#charged.delete(requestId);
      charges.recorded(requestIds, inserted);
    });
    link.on(REJECTED, requestId => {
      this.#charged.delete(requestId);
      charges.rejected(requestId);
    });
  }

  /** The worker has ended. Its holds stay until `clear`: what it charged and could not tell is in its journal. */
  close(): void {
    this.#isClosed = true;
    for (const batch of this.#batches.keys()) this.#endBatch(batch);
  }

  /** Its journal has been recorded: nothing of it is open, and all that it charged is in the sums. */
  async clear(): Promise<void> {
    for (const requestId of this.#open) this.store.release(requestId);
    this.#open.clear();
    if (this.#charged.size === 0) return;
    await this.charges.record(() => Promise.resolve(this.charges.recorded([...this.#charged], undefined)));
  }

  #reserve(ask: Reservation): Verdict | Promise<Verdict> {
    const { requestId } = ask;
    const verdict = this.store.reserve(ask);
    if (!(verdict instanceof Promise)) return this.#decided(requestId, verdict);
    this.#undecided.set(requestId, false);
    return verdict.then(
      given => this.#decided(requestId, given),
      (error: unknown) => {
        this.#undecided.delete(requestId);
        throw error;
      },
    );
  }

  #decided(requestId: string, verdict: Verdict): Verdict {
    const isGivenUp = this.#undecided.get(requestId) === true || this.#isClosed;
    this.#undecided.delete(requestId);
    if (verdict.admitted && isGivenUp) this.store.release(requestId);
    else if (verdict.admitted) this.#open.add(requestId);
    return verdict;
  }

  #settle(requestId: string, chargeMicroUsd: bigint, tokens: number, ask: Reservation | undefined): void {
    if (ask) void this.store.reserve(ask); // nothing limits it: admitted at once
    this.#open.delete(requestId);
    if (chargeMicroUsd > 0n) this.#charged.add(requestId);
    this.store.settle(requestId, chargeMicroUsd, tokens);
  }

  #release(requestId: string): void {
    if (this.#undecided.has(requestId)) this.#undecided.set(requestId, true);
    this.#open.delete(requestId);
    this.store.release(requestId);
  }

  #beginBatch(): Promise<number> {
    const batch = ++this.#begun;
    return new Promise(begin => {
      void this.charges.record(async () => {
        if (this.#isClosed) return;
        const ended = new Promise<void>(end => this.#batches.set(batch, end));
        begin(batch);
        await ended;
      });
    });
  }

  #endBatch(batch: number): void {
    this.#batches.get(batch)?.();
    this.#batches.delete(batch);
  }
}
