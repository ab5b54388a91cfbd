import type { LazuError } from '../../errors.js';
import type { Segment } from './segment.js';

/** All ends of one event-loop turn: written together, and everybody waits for the same promise. */
export interface Batch {
  readonly records: string[];
  /** Parallel to `records`: where each request was opened. */
  readonly openedIn: Segment[];
  readonly written: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: LazuError) => void;
}

export function newBatch(): Batch {
  let resolve = (): void => undefined;
  let reject = (_error: LazuError): void => undefined;
  const written = new Promise<void>((onWritten, onFailure) => {
    resolve = onWritten;
    reject = onFailure;
  });
  return { records: [], openedIn: [], written, resolve, reject };
}
