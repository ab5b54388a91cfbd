import { closeSync, fdatasync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';

/** Encoding into one reused buffer is cheaper than allocating one per write; nearly every write of a turn fits. */
const SCRATCH = Buffer.allocUnsafeSlow(1024 * 1024);
/** No character of a JavaScript string takes more bytes of UTF-8 than this per code unit. */
const MAX_BYTES_PER_UNIT = 3;

/**
 * One file of the journal. It goes when it is sealed, every request opened in it has been closed (here or in a later segment), and
 * every record in it is in Postgres.
 */
export class Segment {
  /** Bytes of whole lines. */
  bytes = 0;
  readonly createdAt = Date.now();
  /** Requests whose `opened` line is here and that are not closed yet. */
  open = 0;
  /** Records here that memory holds until they are in Postgres. */
  held = 0;
  /** Records here that memory has let go: they are read back from the file. */
  spilled = false;
  sealed = false;
  readonly #fd: number;
  #fdClosed = false;
  #syncing = 0;
  #syncError: Error | null = null;
  #torn = false;
  #gone = false;
  #closed: (() => void) | undefined;

  /** @param removed called when the file is gone */
  constructor(
    readonly path: string,
    private readonly removed: (segment: Segment) => void,
  ) {
    this.#fd = openSync(path, 'a', 0o600);
  }

  /** All or nothing: what a full disk took of a write is cut off again. @throws what the disk says */
  write(text: string): void {
    const line = this.#torn ? `\n${text}` : text;
    const fits = line.length * MAX_BYTES_PER_UNIT <= SCRATCH.length;
    const buffer = fits ? SCRATCH : Buffer.from(line);
    const length = fits ? SCRATCH.write(line) : buffer.length;
    try {
      for (let written = 0; written < length;) written += writeSync(this.#fd, buffer, written, length - written);
    } catch (error) {
      this.#cutBack();
      throw error;
    }
    this.#torn = false;
    this.bytes += length;
  }

  /** Whether the disk takes so many bytes more. */
  hasRoom(bytes: number): boolean {
    const before = this.bytes;
    try {
      this.write('\n'.repeat(bytes));
      this.bytes = before;
      this.#cutBack();
      return true;
    } catch {
      return false;
    }
  }

  /** A closed file was synced when it was sealed: who asks later hears how that went. */
  sync(done: (error: Error | null) => void): void {
    if (this.#fdClosed) {
      setImmediate(done, this.#syncError);
      return;
    }
    this.#syncing++;
    fdatasync(this.#fd, error => {
      this.#syncing--;
      this.#syncError = error;
      done(error);
      this.#close();
    });
  }

  /** No more writes. @param closed called when the last sync is through and the file is closed */
  seal(closed?: () => void): void {
    this.sealed = true;
    this.#closed = closed;
    this.#close();
  }

  /** Removes the file once nothing needs it. */
  settle(): void {
    if (!this.sealed || this.#gone || this.open > 0 || this.held > 0 || this.spilled) return;
    this.#gone = true;
    rmSync(this.path, { force: true });
    this.removed(this);
  }

  #close(): void {
    if (!this.sealed || this.#syncing > 0 || this.#fdClosed) return;
    closeSync(this.#fd);
    this.#fdClosed = true;
    this.settle();
    this.#closed?.();
  }

  #cutBack(): void {
    try {
      ftruncateSync(this.#fd, this.bytes);
    } catch {
      this.#torn = true; // the next line starts on a line of its own
    }
  }
}
