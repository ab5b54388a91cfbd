import type { Observable } from 'rxjs';
import type { Flow } from '../egress/flow.js';

/**
 * Owns the upstream subscription of one answer. While the caller listens, bytes pass through. When the caller's side unsubscribes,
 * the Flow is released, the source feeds only `afterwards` for `graceMs`, then is unsubscribed, which aborts the upstream; then
 * `left` is called once with whether the source completed by itself. `left` is not called when the source ended first.
 */
export interface Outlive {
  <T>(
    source$: Observable<T>,
    options: { flow: Flow; graceMs: number; left: (completed: boolean) => void },
  ): Observable<T>;
}
