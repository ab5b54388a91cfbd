import { topic } from '../workers/topic.js';

/** A worker is about to write a batch; answered, with the batch's number, when nobody reads the sums. */
export const BEGIN_BATCH = topic<undefined, number>('charges.begin-batch');
/** That batch is through, whatever became of it. */
export const END_BATCH = topic<number>('charges.end-batch');
/** As `UnflushedCharges.recorded`. */
export const RECORDED = topic<{
  readonly requestIds: readonly string[];
  readonly inserted: ReadonlyMap<string, bigint> | undefined;
}>('charges.recorded');
/** As `UnflushedCharges.rejected`. */
export const REJECTED = topic<string>('charges.rejected');
