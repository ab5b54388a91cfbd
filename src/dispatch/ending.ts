import type { LazuError } from '../errors.js';
import type { Ending } from '../usage/meter.js';
import type { Job } from './job.js';

type Ended = Pick<Job, 'call' | 'cancel' | 'facts' | 'trail'>;

/**
 * How a job without any output ended. The caller left, and the time that a call runs on for them is over: the vendor has read the
 * input, and bills it (contract §13). Anything else is a failure, and costs nothing.
 */
export function endingOf({ call, cancel, facts, trail }: Ended, error: LazuError): Ending {
  if (!call.gone.reason || cancel.reason !== error) return { kind: 'failed', error };
  const input = facts.inputTokensEstimate * trail.calls;
  return { kind: 'left', drained: false, delivered: { dimensions: { input, output: 0 } } };
}
