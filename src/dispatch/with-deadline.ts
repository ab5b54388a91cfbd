import type { Cancel } from '../egress/cancel.js';
import { LazuError } from '../errors.js';

/**
 * What egress does for sockets, for providers that answer in process: a deadline for the head, and the job's cancel.
 * @throws LazuError `upstream_timeout`, or what the job was cancelled with
 */
export function withDeadline<T>(promise: Promise<T>, ms: number, cancel: Cancel): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(
        new LazuError('upstream_timeout', 'The model provider did not answer in time. Please try again.', {
          retryable: true,
        }),
      );
    }, ms);
    cancel.listen(reject);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
