import { Observable } from 'rxjs';
import type { Flow } from '../../egress/flow.js';

/**
 * The frames one after another, `delayMs` before each, held back while the flow is held. Unsubscribing ends it at once.
 * @param broken what to fail with behind the last frame, as a cut connection does; undefined: a clean end
 */
export function played(
  frames: readonly Uint8Array[],
  { delayMs, flow, broken }: { delayMs: number; flow: Flow; broken?: Error },
): Observable<Uint8Array> {
  return new Observable(out => {
    let at = 0;
    let held = false;
    let timer: NodeJS.Timeout | undefined;
    const schedule = () => {
      timer ??= setTimeout(step, delayMs);
    };
    const step = () => {
      timer = undefined;
      if (held) return;
      const frame = frames[at++];
      if (frame !== undefined) {
        out.next(frame);
        schedule();
      } else if (broken) out.error(broken);
      else out.complete();
    };
    flow.drive({
      pause: () => {
        held = true;
      },
      resume: () => {
        held = false;
        if (!out.closed) schedule();
      },
    });
    schedule();
    return () => clearTimeout(timer);
  });
}
