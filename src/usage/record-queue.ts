import { keyIdOf, requestIdOf } from './journal/line.js';
import type { Segment } from './journal/segment.js';

/** Some 30 MB of text. Beyond it memory lets go of records; they are read back from the journal. */
const MOST_HELD = 20_000;

interface Part {
  readonly records: readonly string[];
  readonly segment: Segment;
  /** Index of the first record that is not recorded yet. */
  from: number;
}

/** Records of one batch, and what to call when Postgres has them. */
export interface Taken {
  readonly records: readonly string[];
  done(): void;
}

/** Records that are in the journal and not in Postgres yet, as JSON text, oldest first. */
export class RecordQueue {
  #parts: Part[] = [];
  #held = 0;
  /** Told when there is something to take. */
  onPush: (() => void) | undefined;

  /** @param mostHeld records kept in memory at most */
  constructor(private readonly mostHeld = MOST_HELD) {}

  get held(): number {
    return this.#held;
  }

  /** Room enough to hold records in memory again after some were let go. */
  get relaxed(): boolean {
    return this.#held < this.mostHeld / 2;
  }

  /** Takes over what the journal delivers, or leaves it to the file when memory holds enough. */
  push(records: readonly string[], segment: Segment): void {
    if (segment.spilled || this.#held + records.length > this.mostHeld) {
      segment.spilled = true;
      segment.held -= records.length;
    } else {
      this.#parts.push({ records, segment, from: 0 });
      this.#held += records.length;
    }
    this.onPush?.();
  }

  /** The oldest records, at most so many. They stay here, and can be found, until `done`. */
  take(most: number): Taken | undefined {
    const records: string[] = [];
    for (const part of this.#parts) {
      const rest = part.from === 0 ? part.records : part.records.slice(part.from);
      if (records.length + rest.length > most) {
        for (const record of rest.slice(0, most - records.length)) records.push(record);
        break;
      }
      for (const record of rest) records.push(record);
    }
    return records.length === 0 ? undefined : { records, done: () => this.#drop(records.length) };
  }

  /** @returns the record as JSON text; undefined when it is not here, or another key's */
  find(requestId: string, keyId: string): string | undefined {
    for (const part of this.#parts) {
      const found = part.records.find(record => requestIdOf(record) === requestId && keyIdOf(record) === keyId);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #drop(count: number): void {
    this.#held -= count;
    let whole = 0;
    for (const part of this.#parts) {
      if (count === 0) break;
      const dropped = Math.min(count, part.records.length - part.from);
      count -= dropped;
      part.from += dropped;
      part.segment.held -= dropped;
      if (part.from < part.records.length) break;
      whole++;
      part.segment.settle();
    }
    this.#parts.splice(0, whole);
  }
}
