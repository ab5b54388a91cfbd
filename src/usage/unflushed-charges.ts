import { Injectable } from '@nestjs/common';

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
    const mine = this.#reads.then(work);
    this.#batches = Promise.all([this.#batches, mine.catch(nothing)]).then(nothing);
    return mine;
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
    for (const requestId of requestIds) {
      const charge = this.#byRequest.get(requestId);
      if (!charge) continue;
      this.#byRequest.delete(requestId);
      own.set(charge.accountId, (own.get(charge.accountId) ?? 0n) + charge.microUsd);
    }
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
    this.#tell(charge.accountId);
  }

  /** Told when sums that were read before are no longer true. */
  watch(watcher: Watcher): void {
    this.#watchers.push(watcher);
  }

  #tell(accountId: string | undefined): void {
    for (const watcher of this.#watchers) watcher(accountId);
  }
}
