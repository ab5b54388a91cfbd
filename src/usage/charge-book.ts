import type { Link } from '../workers/link.js';
import { BEGIN_BATCH, END_BATCH, RECORDED, REJECTED } from './charge-topics.js';
import type { UnflushedCharges } from './unflushed-charges.js';

/** What the recorder tells of the batches that it writes: `UnflushedCharges`, here or in the primary. */
export type ChargeBook = Pick<UnflushedCharges, 'record' | 'recorded' | 'rejected' | 'catchUp'>;
export const ChargeBook = Symbol('ChargeBook');

/**
 * A worker's: the primary keeps the charges of all workers, as it keeps their holds. What is told arrives in the order in which it was
 * told, so a charge is there before the batch that records it begins.
 */
export class RemoteCharges implements ChargeBook {
  constructor(private readonly primary: Link) {}

  async record<T>(work: () => Promise<T>): Promise<T> {
    const batch = await this.primary.ask(BEGIN_BATCH, undefined, Infinity); // meanwhile the journal keeps the records
    try {
      return await work();
    } finally {
      this.primary.tell(END_BATCH, batch);
    }
  }

  recorded(requestIds: readonly string[], inserted: ReadonlyMap<string, bigint> | undefined): void {
    this.primary.tell(RECORDED, { requestIds, inserted });
  }

  rejected(requestId: string): void {
    this.primary.tell(REJECTED, requestId);
  }

  /** Only the primary takes over journals of dead processes. */
  catchUp(): void {}
}
