import type { Observable } from 'rxjs';
import { LazuError } from '../errors.js';

/**
 * All bytes of a whole answer as one buffer.
 * @param limit bytes
 * @throws LazuError `upstream_error` for a larger answer, whose upstream is aborted; or what the source failed with
 */
export function collect(bytes$: Observable<Uint8Array>, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    const subscription = bytes$.subscribe({
      next: chunk => {
        size += chunk.length;
        chunks.push(chunk);
        if (size <= limit) return;
        reject(new LazuError('upstream_error', `The model provider's answer is larger than ${limit} bytes.`));
        queueMicrotask(() => subscription.unsubscribe()); // the first chunks may come while subscribe still runs
      },
      error: reject,
      complete: () => {
        const [only] = chunks;
        const whole = chunks.length === 1 && only ? Buffer.from(only.buffer, only.byteOffset, only.length) : undefined;
        resolve(whole ?? Buffer.concat(chunks, size));
      },
    });
  });
}
