import { Observable } from 'rxjs';
import type { Flow } from '../egress/flow.js';

/**
 * Owns the upstream subscription of one answer. While the caller listens, frames pass. When the caller's side unsubscribes, the Flow
 * is released and the source runs on unheard, so that the final usage can still come; after `graceMs`, asked then, it is unsubscribed, which
 * aborts the upstream. `left` is told once whether the source ended by itself; it is not called when the source ended first.
 */
export function outlive<T>(
  source$: Observable<T>,
  { flow, graceMs, left }: { flow: Flow; graceMs: () => number; left: (ended: boolean) => void },
): Observable<T> {
  return new Observable(out => {
    let ended = false;
    let grace: NodeJS.Timeout | undefined;
    const end = () => {
      ended = true;
      if (grace === undefined) return;
      clearTimeout(grace);
      left(true);
    };
    const subscription = source$.subscribe({
      next: item => out.next(item),
      error: (error: unknown) => {
        end();
        out.error(error);
      },
      complete: () => {
        end();
        out.complete();
      },
    });
    return () => {
      if (ended) return;
      grace = setTimeout(() => {
        if (ended) return;
        subscription.unsubscribe();
        left(false);
      }, graceMs());
      flow.resume();
    };
  });
}
