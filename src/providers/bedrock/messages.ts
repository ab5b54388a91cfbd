/**
 * Bytes of one message of an event stream: AWS sends at most 16 MiB of payload and 128 KiB of headers.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html describes the encoding.
 */
const LARGEST = 24 * 1024 * 1024;
/** Both lengths and three checksums: no message is shorter. */
const SMALLEST = 16;
/** The length of a message stands in its first bytes. */
const LENGTH_BYTES = 4;

/** Cuts a stream of bytes, however it was split on its way, into AWS's messages; every byte is copied at most twice. */
export class MessageSplitter {
  #pieces: Uint8Array[] = [];
  #size = 0;
  #wanted = LENGTH_BYTES;

  /** Bytes of a message that has begun and not ended. */
  get rest(): number {
    return this.#size;
  }

  /** @throws RangeError for a length that no message has: what follows cannot be read either */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    this.#pieces.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#wanted) return;
    const bytes = this.#pieces.length === 1 ? chunk : Buffer.concat(this.#pieces, this.#size);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    this.#wanted = LENGTH_BYTES;
    while (bytes.length - at >= LENGTH_BYTES) {
      const length = view.getUint32(at);
      if (length < SMALLEST || length > LARGEST) throw new RangeError(`a message of ${length} bytes`);
      if (bytes.length - at < length) {
        this.#wanted = length;
        break;
      }
      yield bytes.subarray(at, at + length);
      at += length;
    }
    this.#pieces = at < bytes.length ? [bytes.subarray(at)] : [];
    this.#size = bytes.length - at;
  }
}
