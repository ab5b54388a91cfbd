import { Observable, type Subscriber } from 'rxjs';

/**
 * The caller's end of a streamed answer. Frames may come before the sink subscribes, and from one attempt after another; the sink
 * sees one Observable. A sink that unsubscribes early is a caller who left.
 */
export class Outlet {
  #early: Uint8Array[] = [];
  #out: Subscriber<Uint8Array> | undefined;
  #ended = false;
  #onLeave: (() => void) | undefined;
  #left = false;

  readonly frames$ = new Observable<Uint8Array>(out => {
    this.#out = out;
    for (const frame of this.#early) out.next(frame);
    this.#early = [];
    if (this.#ended) out.complete();
    return () => this.leave();
  });

  get left(): boolean {
    return this.#left;
  }

  next(frame: Uint8Array): void {
    if (this.#out) this.#out.next(frame);
    else this.#early.push(frame);
  }

  complete(): void {
    this.#ended = true;
    this.#out?.complete();
  }

  /** The caller is gone; later frames go nowhere. */
  leave(): void {
    if (this.#ended || this.#left) return;
    this.#left = true;
    this.#onLeave?.();
  }

  /** One listener at a time: the attempt under way. Called at once when the caller has left already. */
  onLeave(listener: () => void): void {
    this.#onLeave = listener;
    if (this.#left) listener();
  }
}
