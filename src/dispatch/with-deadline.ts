import { Observable } from 'rxjs';
import type { Cancel } from '../egress/cancel.js';
import type { Reply } from '../egress/reply.js';
import { LazuError } from '../errors.js';

/**
 * What egress does for sockets, for providers that answer in process: a deadline for the head, and the job's cancel to the end.
 * @throws LazuError `upstream_timeout`, or what the job was cancelled with
 */
export function withDeadline(answer: Promise<Reply>, ms: number, cancel: Cancel): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(
        new LazuError('upstream_timeout', 'The model provider did not answer in time. Please try again.', {
          retryable: true,
        }),
      );
    }, ms);
    cancel.listen(reject);
    answer
      .then(reply => resolve({ ...reply, bytes$: untilCancelled(reply.bytes$, cancel) }), reject)
      .finally(() => clearTimeout(timer));
  });
}

function untilCancelled(bytes$: Observable<Uint8Array>, cancel: Cancel): Observable<Uint8Array> {
  return new Observable(out => {
    const subscription = bytes$.subscribe(out);
    cancel.listen(reason => out.error(LazuError.from(reason)));
    return subscription;
  });
}
