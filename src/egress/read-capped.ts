const FIRST_BYTES = 64 * 1024;

/**
 * The whole body, or undefined as soon as it is more than `cap` bytes; leaving the loop cuts the connection. Chunks are copied
 * into one buffer and not collected: a server can send a byte at a time, and each chunk object costs a hundred times that.
 * @param declared what content-length promised, at most `cap`; undefined when it said nothing
 */
export async function readCapped(
  body: AsyncIterable<Uint8Array>,
  declared: number | undefined,
  cap: number,
): Promise<Buffer | undefined> {
  let buffer = Buffer.allocUnsafe(declared ?? Math.min(cap, FIRST_BYTES));
  let size = 0;
  for await (const chunk of body) {
    const needed = size + chunk.length;
    if (needed > cap) return undefined;
    if (needed > buffer.length) {
      const grown = Buffer.allocUnsafe(Math.min(cap, Math.max(needed, buffer.length * 2)));
      buffer.copy(grown, 0, 0, size);
      buffer = grown;
    }
    buffer.set(chunk, size);
    size = needed;
  }
  return size === buffer.length ? buffer : Buffer.from(buffer.subarray(0, size));
}
