import { Observable } from 'rxjs';
import type { StepMachine } from '../protocols/protocol.js';

/** Frames as they leave, where the caller asked for another framing than server-sent events. Synchronous, so that `Flow` holds. */
export function reframe(
  frames$: Observable<Uint8Array>,
  machine: StepMachine<Uint8Array, Uint8Array>,
): Observable<Uint8Array> {
  return new Observable(out => {
    const send = (bytes: Uint8Array) => {
      if (bytes.length > 0) out.next(bytes);
    };
    return frames$.subscribe({
      next: frame => send(machine.push(frame)),
      error: (error: unknown) => out.error(error),
      complete: () => {
        send(machine.end());
        out.complete();
      },
    });
  });
}
