import { Observable } from 'rxjs';
import { LazuError } from '../errors.js';
import type { AnswerRewriter, FrameWatch } from '../protocols/protocol.js';
import { FrameGatherer } from '../protocols/sse.js';
import { garbled } from '../protocols/upstream-error.js';

/** How long an upstream may take to end its answer after the mark that ends it, so that its socket can be used again. */
const LINGER_MS = 1_000;
/** Bytes of one SSE frame; a frame can hold a whole image or file. */
const FRAME_LIMIT = 32 * 1024 * 1024;

/**
 * A stream whose two ends speak the same protocol: bytes pass unchanged (but for `rewriter`), in whole frames, under the eyes of `watch`. What ends the
 * answer is held back until `finish` resolves, which is when the record is in the journal.
 * @returns frames; errors with a LazuError when the upstream said one, broke off, or ended without an end
 */
export function passThrough(
  bytes$: Observable<Uint8Array>,
  watch: FrameWatch,
  finish: () => Promise<unknown>,
  rewriter?: AnswerRewriter,
): Observable<Uint8Array> {
  return new Observable(out => {
    const gatherer = new FrameGatherer(FRAME_LIMIT);
    let over = false;
    const fail = (error: LazuError) => {
      if (over) return;
      over = true;
      out.error(error);
    };
    const end = () => {
      over = true;
      finish()
        .then(() => {
          out.next(watch.terminal());
          out.complete();
          if (!subscription.closed) setTimeout(() => subscription.unsubscribe(), LINGER_MS).unref();
        })
        .catch((error: unknown) => out.error(LazuError.from(error)));
    };
    const see = (frames: Buffer) => {
      if (frames.length === 0) return;
      const content = watch.see(rewriter ? rewriter.frames(frames) : frames);
      if (content.length > 0) out.next(content);
      if (watch.error) fail(watch.error);
      else if (watch.complete) end();
    };
    const guarded = (step: () => void) => {
      if (over) return; // behind the terminal mark there is only the end of the connection, which lets it be used again
      try {
        step();
      } catch (error) {
        fail(garbled(error));
      }
    };
    const close = () => {
      see(gatherer.end());
      if (over) return;
      watch.ended();
      if (watch.complete) end();
      else fail(cut());
    };
    const subscription = bytes$.subscribe({
      next: chunk => guarded(() => see(gatherer.push(chunk))),
      error: (error: unknown) => fail(LazuError.from(error)),
      complete: () => guarded(close),
    });
    return () => {
      if (!watch.complete) subscription.unsubscribe();
    };
  });
}

const cut = () =>
  new LazuError('upstream_error', 'The model provider broke off its answer before the end. Please try again.', {
    retryable: true,
  });
