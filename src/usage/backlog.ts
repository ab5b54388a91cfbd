import { Logger } from '@nestjs/common';
import { claimOrphans } from './journal/owner.js';
import type { Journal } from './journal/journal.js';
import { forget, recordsIn, recordsLeftIn, sizeOf } from './journal/replay.js';

interface Orphan {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Records that must be read back from disk: what dead processes left, and what our own memory let go. The same record may come
 * twice; inserting passes over it.
 */
export class Backlog {
  readonly #log = new Logger('Journal');
  #orphans: Orphan[] = [];

  /** @param ended told of records of a dead process that are in Postgres: nothing of those requests is open anywhere */
  constructor(
    private readonly root: string,
    private readonly journal: Journal,
    private readonly ended: (records: readonly string[]) => void = () => undefined,
  ) {}

  /** Journals of dead processes that nobody has begun to read. */
  get waits(): boolean {
    return this.#orphans.length > 0;
  }

  /** Looks for journals of dead processes and makes them ours. @returns whether there are any */
  async adopt(): Promise<boolean> {
    for (const path of claimOrphans(this.root, this.journal.directory)) {
      const bytes = await sizeOf(path);
      this.journal.adopt(bytes);
      this.#orphans.push({ path, bytes });
      this.#log.log(`replaying ${path} (${bytes} bytes), left by a process that is gone`);
    }
    return this.#orphans.length > 0;
  }

  /** Portions of at most `most` records. Asking for the next one says that the last one is in Postgres. */
  async *portions(most: number): AsyncGenerator<readonly string[]> {
    for (let orphan = this.#orphans.shift(); orphan; orphan = this.#orphans.shift()) {
      yield* this.#replay(orphan, most);
    }
    for (const segment of this.journal.segments.spilled) {
      yield* slices(await recordsIn(segment.path), most);
      segment.spilled = false;
      segment.settle();
    }
  }

  async *#replay(orphan: Orphan, most: number): AsyncGenerator<readonly string[]> {
    let recorded = false;
    try {
      for await (const records of recordsLeftIn(orphan.path)) {
        for (const portion of slices(records, most)) {
          yield portion;
          this.ended(portion);
        }
      }
      recorded = true;
      await forget(orphan.path);
      this.journal.adopt(-orphan.bytes);
    } catch (error) {
      recorded = true; // for this process
      this.#log.error(`${orphan.path} cannot be replayed; it is kept for the next start: ${String(error)}`);
    } finally {
      if (!recorded) this.#orphans.push(orphan);
    }
  }
}

function* slices(records: readonly string[], most: number): Generator<readonly string[]> {
  for (let from = 0; from < records.length; from += most) yield records.slice(from, from + most);
}
