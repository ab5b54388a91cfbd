import type { StepMachine } from '../protocol.js';
import { dataOf, eachFrame } from '../sse.js';

/** White space between values is no output, and keeps a connection alive: https://www.rfc-editor.org/rfc/rfc8259#section-2 */
const STILL_HERE = '\n';

/**
 * A stream without `alt=sse`: one JSON array, an element a chunk, as Google sends it. Made of the frames that would have been sent; the
 * bytes of each element stay as they are: https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
 */
export class ArrayFraming implements StepMachine<Uint8Array, Uint8Array> {
  #begun = false;

  push(frames: Uint8Array): Uint8Array {
    let written = '';
    for (const frame of eachFrame(Buffer.from(frames.buffer, frames.byteOffset, frames.byteLength))) {
      const data = dataOf(frame);
      if (data === undefined) written += STILL_HERE;
      else {
        written += (this.#begun ? ',\r\n' : '[') + data;
        this.#begun = true;
      }
    }
    return Buffer.from(written);
  }

  end(): Uint8Array {
    return Buffer.from(this.#begun ? '\n]\n' : '[]\n');
  }
}
