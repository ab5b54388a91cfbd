import type { ServerResponse } from 'node:http';
import type { Cancel } from '../egress/cancel.js';
import type { Answer } from './inference.js';

/**
 * The one place that writes an answer; the other end of Flow. A caller that does not read holds back the upstream, and is cut after
 * `stallMs`. Resolves when the response is over, however it ended.
 */
export function drainInto(response: ServerResponse, answer: Answer, gone: Cancel, stallMs: number): Promise<void> {
  return new Promise(done => {
    response.writeHead(answer.status, answer.headers);
    let stalled: NodeJS.Timeout | undefined;
    const subscription = answer.frames$.subscribe({
      next: frame => {
        if (answer.length !== undefined) endWith(response, frame);
        else if (!response.write(frame)) {
          answer.flow.hold();
          stalled ??= setTimeout(() => response.destroy(), stallMs);
        }
      },
      error: () => response.destroy(), // frames$ never errors by design: errors are frames
      complete: () => {
        if (!response.writableEnded) response.end();
        if (response.writableLength === 0) return;
        // A whole answer may take long to carry away: Node's own timer starts anew as long as some of it goes.
        if (answer.length !== undefined) response.setTimeout(stallMs, () => response.destroy());
        else stalled ??= setTimeout(() => response.destroy(), stallMs);
      },
    });
    const left = () => {
      clearTimeout(stalled);
      subscription.unsubscribe(); // before the end of frames$, this is how dispatch learns of it
      answer.flow.resume();
      done();
    };
    if (gone.reason) return left();
    gone.listen(left);
    if (answer.length !== undefined) return;
    response.on('drain', () => {
      clearTimeout(stalled);
      stalled = undefined;
      answer.flow.resume();
    });
  });
}

/** Bytes up to which a body goes out in one write with its head. */
const ONE_WRITE = 16 * 1024;

/** Node joins head and body into one write only where both are text; Latin-1 is the text in which every byte is itself. */
function endWith(response: ServerResponse, body: Uint8Array): void {
  if (body.length > ONE_WRITE) response.end(body);
  else response.end(Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1'), 'latin1');
}
