import type { LazuError } from '../errors.js';
import type { Ending } from '../usage/meter.js';
import type { Job } from './job.js';

type Ended = Pick<Job, 'call' | 'cancel' | 'endpoint' | 'facts' | 'trail'>;

/**
 * How a job without any output ended. The caller left, and the time that a call runs on for them is over: the vendor has read the
 * input, and bills it (contract §13), unless it was never asked, or for nothing but a count. Anything else is a failure, and costs nothing.
 */
export function endingOf({ call, cancel, endpoint, facts, trail }: Ended, error: LazuError): Ending {
  if (!call.gone.reason || cancel.reason !== error) return { kind: 'failed', error };
  if (trail.calls === 0 || endpoint === 'count-tokens') return { kind: 'left', drained: false };
  const input = facts.inputTokensEstimate * trail.calls;
  return { kind: 'left', drained: false, delivered: { dimensions: { input, output: 0 }, calls: trail.calls } };
}
