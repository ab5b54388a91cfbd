import { join } from 'node:path';
import { Segment } from './segment.js';

/** The files of one process's journal: the one being written, and those that wait to be recorded. */
export class Segments {
  current: Segment;
  readonly #live = new Set<Segment>();
  #serial = 0;
  #sealedBytes = 0;

  constructor(
    private readonly directory: string,
    private readonly sync: 'interval' | 'always' | 'off',
  ) {
    this.current = this.#next();
  }

  /** Bytes that are not in Postgres yet, or lie in one file with some that are not. */
  get bytes(): number {
    return this.#sealedBytes + this.current.bytes;
  }

  /** Requests that are open now. */
  get openCount(): number {
    let count = 0;
    for (const segment of this.#live) count += segment.open;
    return count;
  }

  /** Sealed files whose records memory has let go, oldest first. */
  get spilled(): Segment[] {
    return [...this.#live].filter(segment => segment.spilled && segment.sealed);
  }

  /** @throws what the disk says when it has no room for another file; the current one stays */
  rotate(): void {
    const sealed = this.current;
    if (sealed.bytes === 0) return;
    this.current = this.#next();
    this.#seal(sealed);
  }

  /** Seals the last file. @param closed called when it is closed */
  end(closed: () => void): void {
    this.#seal(this.current, closed);
  }

  #seal(segment: Segment, closed?: () => void): void {
    this.#sealedBytes += segment.bytes;
    if (this.sync !== 'off') segment.sync(() => undefined);
    segment.seal(closed);
  }

  #next(): Segment {
    const name = `${String(++this.#serial).padStart(8, '0')}.jsonl`;
    const segment = new Segment(join(this.directory, name), gone => {
      this.#live.delete(gone);
      this.#sealedBytes -= gone.bytes;
    });
    this.#live.add(segment);
    return segment;
  }
}
