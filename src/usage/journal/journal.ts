import { mkdirSync, rmdirSync } from 'node:fs';
import { LazuError } from '../../errors.js';
import { newBatch, type Batch } from './batch.js';
import { GroupSync } from './group-sync.js';
import { closedLine } from './line.js';
import { beat, disown, makeOwnDirectory } from './owner.js';
import type { Segment } from './segment.js';
import { Segments } from './segments.js';

export interface JournalOptions {
  /** Directory of all journals of this installation. */
  readonly root: string;
  readonly sync: 'interval' | 'always' | 'off';
  /** Above so many bytes new requests are refused. */
  readonly maxBytes: number;
  readonly segmentBytes?: number;
  readonly segmentAgeMs?: number;
}

/** What an operator must hear of; never a line's content. */
export interface JournalWatch {
  problem(message: string): void;
  recovered(message: string): void;
}

/** The records that reached the file in one write, as JSON text, counted in `segment.held` until the taker takes them off. */
export type Deliver = (records: readonly string[], segment: Segment) => void;

const OPENED_FLUSH_MS = 10;
const SYNC_MS = 50;
const TICK_MS = 1_000;
const SEGMENT_BYTES = 8 * 1024 * 1024;
const SEGMENT_AGE_MS = 60_000;
/** What must fit on a disk that was full before requests are taken again. */
const PROBE_BYTES = 256 * 1024;

/**
 * What happened, in a file, before a caller can see it: the write-ahead log of metering. Survives the process, and, as `sync`
 * says, power loss: `interval` loses at most 50 ms, `always` nothing, `off` what the system had not written back.
 */
export class Journal {
  readonly directory: string;
  readonly segments: Segments;
  #adoptedBytes = 0;
  #openedText = '';
  #closedText = '';
  #batch: Batch | undefined;
  #flushTimer: NodeJS.Timeout | undefined;
  #syncTimer: NodeJS.Timeout | undefined;
  #failing = false;
  #full = false;
  #ended = false;
  #abandoned: [string, Segment][] = [];
  readonly #tick: NodeJS.Timeout;
  readonly #groupSync = new GroupSync();

  constructor(
    private readonly options: JournalOptions,
    private readonly deliver: Deliver,
    private readonly watch: JournalWatch,
  ) {
    mkdirSync(options.root, { recursive: true, mode: 0o700 });
    this.directory = makeOwnDirectory(options.root);
    this.segments = new Segments(this.directory, options.sync);
    this.#tick = setInterval(() => this.#everySecond(), TICK_MS).unref();
  }

  /** Bytes on disk that wait for Postgres, those of adopted journals included. */
  get bytes(): number {
    return this.segments.bytes + this.#adoptedBytes;
  }

  /** @throws service_unavailable when the end of a request that starts now could not be recorded */
  checkRoom(): void {
    if (this.#failing || this.#ended) throw unavailable();
    const full = this.bytes >= this.options.maxBytes;
    if (full !== this.#full) {
      this.#full = full;
      if (full)
        this.watch.problem(`the journal has reached JOURNAL_MAX_MB (${this.bytes} bytes): requests are refused`);
      else this.watch.recovered('the journal has room again');
    }
    if (full) throw unavailable();
  }

  /** Notes that a request is under way; in the file within 10 ms. @returns what its end is appended with */
  open(line: string): Segment {
    this.#openedText += line;
    this.#flushTimer ??= setTimeout(() => {
      this.#flushTimer = undefined;
      this.#flush();
    }, OPENED_FLUSH_MS);
    const segment = this.segments.current;
    segment.open++;
    return segment;
  }

  /**
   * Notes how a request ended. Resolves when the record is in the file (with `always`, on the disk).
   * @throws service_unavailable when the disk does not take it; the request stays open until `abandon`
   */
  append(record: string, openedIn: Segment): Promise<void> {
    if (this.#ended) return Promise.reject(unavailable());
    if (!this.#batch) {
      this.#batch = newBatch();
      setImmediate(() => this.#flush());
    }
    const batch = this.#batch;
    batch.records.push(record);
    batch.openedIn.push(openedIn);
    this.#closedText += closedLine(record);
    return batch.written;
  }

  /** The end of a request could not be written: this record says so as soon as the disk takes it. */
  abandon(record: string, openedIn: Segment): void {
    this.#abandoned.push([record, openedIn]);
  }

  /** Bytes of adopted journals count against the bound until they are recorded. */
  adopt(bytes: number): void {
    this.#adoptedBytes += bytes;
  }

  /** Starts the next file, so that the current one can be read back or removed. */
  rotate(): void {
    this.#flush();
    this.#rotate();
  }

  /** Writes out everything and gives the directory up; what is not in Postgres yet waits there for the next start. */
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#retryAbandoned();
    this.#flush();
    this.#ended = true;
    clearInterval(this.#tick);
    clearTimeout(this.#flushTimer);
    clearTimeout(this.#syncTimer);
    await new Promise<void>(closed => this.segments.end(closed));
    disown(this.directory);
    try {
      rmdirSync(this.directory);
    } catch {
      // Not empty: something is left to record.
    }
  }

  #flush(): void {
    const text = this.#openedText + this.#closedText;
    if (text === '' || this.#ended) return;
    const batch = this.#batch;
    this.#batch = undefined;
    this.#closedText = '';
    const segment = this.segments.current;
    try {
      segment.write(text);
    } catch (error) {
      this.#failed(error);
      batch?.reject(unavailable(error));
      return;
    }
    this.#openedText = '';
    if (batch) this.#written(batch, segment);
    if (this.options.sync === 'interval') this.#syncTimer ??= setTimeout(() => this.#syncNow(), SYNC_MS).unref();
    if (segment.bytes >= (this.options.segmentBytes ?? SEGMENT_BYTES)) this.#rotate();
  }

  #written(batch: Batch, segment: Segment): void {
    segment.held += batch.records.length;
    if (this.options.sync !== 'always') return this.#commit(batch, segment);
    this.#groupSync.after(segment, error => {
      if (!error) return this.#commit(batch, segment);
      segment.held -= batch.records.length;
      this.#failed(error);
      batch.reject(unavailable(error));
    });
  }

  #commit(batch: Batch, segment: Segment): void {
    for (const opened of batch.openedIn) {
      opened.open--;
      if (opened.sealed) opened.settle();
    }
    this.deliver(batch.records, segment);
    batch.resolve();
  }

  #syncNow(): void {
    this.#syncTimer = undefined;
    this.segments.current.sync(error => {
      if (error) this.#failed(error);
    });
  }

  #rotate(): void {
    if (this.#failing) return;
    try {
      this.segments.rotate();
    } catch (error) {
      this.#failed(error);
    }
  }

  #everySecond(): void {
    beat(this.directory);
    if (this.#failing && this.segments.current.hasRoom(PROBE_BYTES)) {
      this.#failing = false;
      this.watch.recovered('the journal can be written again');
      this.#flush();
    }
    if (!this.#failing) this.#retryAbandoned();
    if (Date.now() - this.segments.current.createdAt >= (this.options.segmentAgeMs ?? SEGMENT_AGE_MS)) this.rotate();
  }

  #retryAbandoned(): void {
    const abandoned = this.#abandoned;
    this.#abandoned = [];
    for (const [record, openedIn] of abandoned) {
      this.append(record, openedIn).catch(() => this.abandon(record, openedIn));
    }
  }

  #failed(error: unknown): void {
    if (!this.#failing) this.watch.problem(`the journal cannot be written, requests are refused: ${String(error)}`);
    this.#failing = true;
  }
}

function unavailable(cause?: unknown): LazuError {
  return new LazuError('service_unavailable', 'This request cannot be recorded right now. Please try again shortly.', {
    retryAfter: 5,
    cause,
  });
}
