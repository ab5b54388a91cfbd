import { Injectable } from '@nestjs/common';
import { accountIdOf, requestIdOf } from './journal/line.js';

/** What one request cost. */
export interface Charge {
  readonly accountId: string;
  readonly keyId: string;
  /** Milliseconds since 1970: the day that its sum counts in. */
  readonly startedAt: number;
  readonly microUsd: bigint;
}

/** @param accountId undefined: of every account */
type Watcher = (accountId: string | undefined) => void;

/** @param isRejected they will never be in the sums: nobody pays for them */
type PostedWatcher = (charges: ReadonlyMap<string, Charge>, isRejected: boolean) => void;

const nothing = (): void => undefined;

/**
 * Charges of this process, or of all workers of this primary, that are in a journal and not yet in PostgreSQL's sums.
 *
 * The invariant: whoever reads a sum within `read` sees each charge exactly once, either in that sum or here. A batch of the recorder
 * and its `recorded` happen within one `record`, which no `read` overlaps; a charge comes here before its record can be part of a
 * batch (both happen in the event-loop turn in which the journal has it). Charges are kept by request id, so recording a batch
 * again, after a connection that was lost while it committed, takes nothing away twice.
 */
@Injectable()
export class UnflushedCharges {
  readonly #byRequest = new Map<string, Charge>();
  readonly #watchers: Watcher[] = [];
  readonly #postedWatchers: PostedWatcher[] = [];
  readonly #endedWatchers: ((accountId: string, requestIds: readonly string[]) => void)[] = [];
  readonly #before: (() => Promise<void>)[] = [];
  #batches: Promise<unknown> = Promise.resolve();
  #reads: Promise<unknown> = Promise.resolve();
  #caughtUp: Promise<unknown> = Promise.resolve();

  add(requestId: string, charge: Charge): void {
    this.#byRequest.set(requestId, charge);
  }

  /** microUSD. */
  ofAccount(accountId: string): bigint {
    let sum = 0n;
    for (const charge of this.#byRequest.values()) if (charge.accountId === accountId) sum += charge.microUsd;
    return sum;
  }

  /** microUSD of requests that started at `since` or later. */
  ofKey(keyId: string, since: number): bigint {
    let sum = 0n;
    for (const { keyId: of, startedAt, microUsd } of this.#byRequest.values()) {
      if (of === keyId && startedAt >= since) sum += microUsd;
    }
    return sum;
  }

  /** Reads sums while no batch is on its way; charges that a dead process left are waited for. */
  async read<T>(work: () => Promise<T>): Promise<T> {
    await this.#caughtUp;
    const mine = this.#batches.then(work);
    this.#reads = Promise.all([this.#reads, mine.catch(nothing)]).then(nothing);
    return mine;
  }

  /** Writes a batch while nobody reads; workers write theirs side by side. */
  record<T>(work: () => Promise<T>): Promise<T> {
    const reads = this.#reads;
    const ready = this.#before.length === 0 ? reads : Promise.all(this.#before.map(wait => wait())).then(() => reads);
    const mine = ready.then(work);
    this.#batches = Promise.all([this.#batches, mine.catch(nothing)]).then(nothing);
    return mine;
  }

  /** Charges that are in no sum, by request id. */
  all(): Iterable<readonly [string, Charge]> {
    return this.#byRequest;
  }

  /** Resolves when what dead processes charged is in the sums. */
  get caughtUp(): Promise<unknown> {
    return this.#caughtUp;
  }

  /** Waited for before each batch; never rejects. */
  before(wait: () => Promise<void>): void {
    this.#before.push(wait);
  }

  /** What dead processes charged is in no sum until this resolves. */
  catchUp(caughtUp: Promise<unknown>): void {
    this.#caughtUp = caughtUp;
  }

  /**
   * These are in the sums now.
   * @param inserted microUSD by account id that the batch added; undefined: not known for sure
   */
  recorded(requestIds: readonly string[], inserted: ReadonlyMap<string, bigint> | undefined): void {
    const own = new Map<string, bigint>();
    const posted = this.#postedWatchers.length > 0 ? new Map<string, Charge>() : undefined;
    for (const requestId of requestIds) {
      const charge = this.#byRequest.get(requestId);
      if (!charge) continue;
      this.#byRequest.delete(requestId);
      posted?.set(requestId, charge);
      own.set(charge.accountId, (own.get(charge.accountId) ?? 0n) + charge.microUsd);
    }
    if (posted && posted.size > 0) for (const watcher of this.#postedWatchers) watcher(posted, false);
    if (!inserted) return this.#tell(undefined);
    // More than was here: another process made it, and sums that were read before lack it. Less: some of it was in a sum that was read
    // before, when a process died before it could say so.
    for (const accountId of new Set([...own.keys(), ...inserted.keys()])) {
      if ((inserted.get(accountId) ?? 0n) !== (own.get(accountId) ?? 0n)) this.#tell(accountId);
    }
  }

  /** This record will never be in the sums: nobody pays for it. */
  rejected(requestId: string): void {
    const charge = this.#byRequest.get(requestId);
    if (!charge) return;
    this.#byRequest.delete(requestId);
    for (const watcher of this.#postedWatchers) watcher(new Map([[requestId, charge]]), true);
    this.#tell(charge.accountId);
  }

  /** Told when sums that were read before are no longer true. */
  watch(watcher: Watcher): void {
    this.#watchers.push(watcher);
  }

  /** Records of a dead process, as JSON text: its requests are over, and in the sums. */
  ended(records: readonly string[]): void {
    if (this.#endedWatchers.length === 0) return;
    const byAccount = new Map<string, string[]>();
    for (const record of records) {
      const accountId = accountIdOf(record);
      const ids = byAccount.get(accountId);
      if (ids) ids.push(requestIdOf(record));
      else byAccount.set(accountId, [requestIdOf(record)]);
    }
    for (const watcher of this.#endedWatchers) for (const [accountId, ids] of byAccount) watcher(accountId, ids);
  }

  /** Told of requests whose process died, once they are in the sums. */
  watchEnded(watcher: (accountId: string, requestIds: readonly string[]) => void): void {
    this.#endedWatchers.push(watcher);
  }

  /** Told when charges are in the sums, or never will be. */
  watchPosted(watcher: PostedWatcher): void {
    this.#postedWatchers.push(watcher);
  }

  #tell(accountId: string | undefined): void {
    for (const watcher of this.#watchers) watcher(accountId);
  }
}
