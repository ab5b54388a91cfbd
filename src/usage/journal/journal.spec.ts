import { jest } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { LazuError } from '../../errors.js';
import { Journal, type JournalOptions } from './journal.js';
import { openedLine } from './line.js';
import { claimOrphans } from './owner.js';
import { interruptedRecord, recordsLeftIn } from './replay.js';
import type { Segment } from './segment.js';

let root: string;
let journals: Journal[];
let delivered: { records: readonly string[]; segment: Segment }[];
let problems: string[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lazu-journal-'));
  journals = [];
  delivered = [];
  problems = [];
});
afterEach(async () => {
  for (const journal of journals) await journal.end();
  rmSync(root, { recursive: true, force: true });
});

function open(options: Partial<JournalOptions> = {}): Journal {
  const journal = new Journal(
    { root, sync: 'off', maxBytes: 1e9, ...options },
    (records, segment) => delivered.push({ records, segment }),
    { problem: message => problems.push(message), recovered: message => problems.push(message) },
  );
  journals.push(journal);
  return journal;
}

const start = (journal: Journal, requestId = `req_lazu_${ulid()}`) => {
  const opening = {
    requestId,
    accountId: 'acct_1',
    keyId: 'key_1',
    startedAt: 1_764_000_000_000,
    endpoint: '/v1/chat/completions',
    protocol: 'openai-chat',
    stream: true,
    model: 'm',
    catalogModel: 'm',
  };
  return { requestId, segment: journal.open(openedLine(opening)) };
};
const recordOf = (requestId: string, pad = '') => JSON.stringify({ request_id: requestId, pad });
const linesOf = (journal: Journal) =>
  readdirSync(journal.directory)
    .filter(name => name.endsWith('.jsonl'))
    .sort()
    .flatMap(name => readFileSync(join(journal.directory, name), 'utf8').split('\n').filter(Boolean));
const written = (ms = 25) => new Promise(resolve => setTimeout(resolve, ms));
const taken = () => {
  for (const { records, segment } of delivered.splice(0)) {
    segment.held -= records.length;
    segment.settle();
  }
};

describe('Journal', () => {
  it('has an end in the file before it resolves, and an opening within 10 ms', async () => {
    const journal = open();
    const { requestId, segment } = start(journal);
    expect(linesOf(journal)).toEqual([]);
    await written();
    expect(linesOf(journal)).toEqual([
      expect.stringContaining(`{"type":"opened","request":{"request_id":"${requestId}"`),
    ]);
    await journal.append(recordOf(requestId), segment);
    expect(linesOf(journal).at(-1)).toBe(`{"type":"closed","record":${recordOf(requestId)}}`);
    expect(delivered).toEqual([{ records: [recordOf(requestId)], segment }]);
  });

  it('writes all ends of an event-loop turn at once and lets them share a promise', async () => {
    const journal = open();
    const requests = Array.from({ length: 50 }, () => start(journal));
    const ends = requests.map(({ requestId, segment }) => journal.append(recordOf(requestId), segment));
    expect(new Set(ends).size).toBe(1);
    await Promise.all(ends);
    expect(delivered).toHaveLength(1);
    expect(linesOf(journal)).toHaveLength(100);
  });

  it.each(['interval', 'always'] as const)('writes with sync %s too', async sync => {
    const journal = open({ sync, segmentBytes: 2_000 });
    for (let turn = 0; turn < 20; turn++) {
      const requests = Array.from({ length: 5 }, () => start(journal));
      await Promise.all(requests.map(({ requestId, segment }) => journal.append(recordOf(requestId), segment)));
    }
    expect(delivered.flatMap(({ records }) => records)).toHaveLength(100);
    expect(linesOf(journal)).toHaveLength(200);
    taken();
    await journal.end();
    expect(readdirSync(root)).toEqual([]);
  });

  it('removes a file when all its records are taken and all its openings are closed, not before', async () => {
    const journal = open({ segmentBytes: 300 });
    const first = start(journal);
    const second = start(journal);
    await written(); // both openings are in the first file, which is full
    expect(journal.segments.current).not.toBe(first.segment);
    await journal.append(recordOf(first.requestId, 'x'.repeat(400)), first.segment);
    taken();
    expect(readdirSync(journal.directory)).toContain('00000001.jsonl');
    await journal.append(recordOf(second.requestId), second.segment);
    expect(readdirSync(journal.directory)).not.toContain('00000001.jsonl');
    expect(journal.segments.openCount).toBe(0);
    taken();
    journal.rotate();
    expect(journal.bytes).toBe(0);
  });

  it('refuses new requests when it is full, lets those that run end, and recovers', async () => {
    const journal = open({ maxBytes: 500 });
    const { requestId, segment } = start(journal);
    journal.checkRoom();
    await journal.append(recordOf(requestId, 'x'.repeat(500)), segment);
    expect(() => journal.checkRoom()).toThrow(expect.objectContaining({ code: 'service_unavailable', status: 503 }));
    expect(problems).toEqual([expect.stringContaining('JOURNAL_MAX_MB')]);
    taken();
    journal.rotate();
    journal.checkRoom();
    expect(problems.at(-1)).toBe('the journal has room again');
  });

  it('counts adopted journals against its bound', () => {
    const journal = open({ maxBytes: 500 });
    journal.adopt(600);
    expect(() => journal.checkRoom()).toThrow(LazuError);
    journal.adopt(-600);
    journal.checkRoom();
  });
});

describe('a disk that is full', () => {
  it('says so to whoever ends a request, and keeps nothing that was half written', async () => {
    const journal = open();
    const { requestId, segment } = start(journal);
    await journal.append(recordOf(requestId), segment);
    const later = start(journal);
    symlinkSync('/dev/full', join(journal.directory, '00000002.jsonl'));
    journal.rotate();
    await expect(journal.append(recordOf(later.requestId), later.segment)).rejects.toMatchObject({
      code: 'service_unavailable',
      cause: { code: 'ENOSPC' },
    });
    expect(problems).toEqual([expect.stringContaining('ENOSPC')]);
    expect(journal.segments.current.bytes).toBe(0);
    expect(journal.segments.openCount).toBe(1);
    expect(delivered).toHaveLength(1);
  });

  it('fails the end, refuses new requests, and writes what it owes when there is room again', async () => {
    const journal = open();
    const { requestId, segment } = start(journal);
    await written();
    const size = fs.statSync(segment.path).size;
    const failing = jest.spyOn(segment, 'write').mockImplementation(() => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    });
    await expect(journal.append(recordOf(requestId), segment)).rejects.toMatchObject({ code: 'service_unavailable' });
    expect(() => journal.checkRoom()).toThrow(LazuError);
    expect(delivered).toEqual([]);
    journal.abandon(recordOf(requestId, 'lost'), segment);
    failing.mockRestore();
    await written(1_200);
    journal.checkRoom();
    expect(delivered.flatMap(({ records }) => records)).toEqual([recordOf(requestId, 'lost')]);
    expect(fs.statSync(segment.path).size).toBeGreaterThan(size);
    expect(linesOf(journal)).toHaveLength(2);
    expect(problems).toEqual([expect.stringContaining('ENOSPC'), 'the journal can be written again']);
  });
});

describe('what a dead process leaves', () => {
  const left = async (directory: string) => {
    const records: string[] = [];
    for await (const portion of recordsLeftIn(directory)) records.push(...portion);
    return records;
  };
  /** Makes a journal look as after kill -9: its owner file names a process that is no more. */
  const kill = (journal: Journal) => {
    const dead = spawnSync('true').pid;
    const path = join(journal.directory, 'owner.json');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), pid: dead }));
  };

  it('is its records, and `interrupted` at no charge for what it had open; a torn last line is not written', async () => {
    const dead = open();
    const [ended, running, torn] = [start(dead), start(dead), start(dead)];
    await dead.append(recordOf(ended.requestId), ended.segment);
    await dead.append(recordOf(torn.requestId), torn.segment);
    truncateSync(torn.segment.path, fs.statSync(torn.segment.path).size - 5);
    const records = await left(dead.directory);
    expect(records[0]).toBe(recordOf(ended.requestId));
    expect(records.slice(1).map(text => JSON.parse(text))).toEqual(
      [running, torn].map(({ requestId }) =>
        expect.objectContaining({ request_id: requestId, status: 'interrupted', charge_micro_usd: 0, model: 'm' }),
      ),
    );
  });

  it('is found across files: opened in one, closed in a later one', async () => {
    const dead = open({ segmentBytes: 100 });
    const [request, running] = [start(dead), start(dead)];
    await written();
    await dead.append(recordOf(request.requestId), request.segment);
    expect(readdirSync(dead.directory).filter(name => name.endsWith('.jsonl')).length).toBeGreaterThan(1);
    const records = (await left(dead.directory)).map(text => JSON.parse(text));
    expect(records).toEqual([
      { request_id: request.requestId, pad: '' },
      expect.objectContaining({ request_id: running.requestId, status: 'interrupted' }),
    ]);
  });

  it('is claimed by one of many, and goes on to the next claimer if that one dies too', async () => {
    const dead = open();
    const { requestId, segment } = start(dead);
    await dead.append(recordOf(requestId), segment);
    const [heir, rival] = [open(), open()];
    expect(claimOrphans(root, heir.directory)).toEqual([]); // it lives
    kill(dead);
    const claims = [claimOrphans(root, heir.directory), claimOrphans(root, rival.directory)];
    expect(claims.flat()).toEqual([join(heir.directory, dead.directory.split('/').at(-1)!)]);
    kill(heir);
    const [inherited] = claimOrphans(root, rival.directory);
    expect(await left(inherited!)).toEqual([recordOf(requestId)]);
  });

  it('is claimed though nobody has reaped its process', async () => {
    const theirs = open();
    const path = join(theirs.directory, 'owner.json');
    // `exec` makes a parent of the shell's child that never asks how it ended.
    const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 30']);
    try {
      const pid = Number(String((await once(parent.stdout, 'data'))[0]));
      const started = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[21];
      writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), pid, started }));
      const ours = open();
      expect(claimOrphans(root, ours.directory)).toEqual([]);
      while (!readFileSync(`/proc/${pid}/stat`, 'utf8').includes(' Z '))
        await new Promise(done => setTimeout(done, 20));
      expect(claimOrphans(root, ours.directory)).toHaveLength(1);
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('is left alone while an owner elsewhere shows signs of life', () => {
    const foreign = open();
    const path = join(foreign.directory, 'owner.json');
    writeFileSync(path, JSON.stringify({ place: 'another host', pid: 1, started: '1' }));
    const ours = open();
    expect(claimOrphans(root, ours.directory)).toEqual([]);
    utimesSync(path, new Date(Date.now() - 120_000), new Date(Date.now() - 120_000));
    expect(claimOrphans(root, ours.directory)).toHaveLength(1);
  });

  it('given up in an orderly way, belongs to the next at once', async () => {
    const stopped = open();
    const { requestId, segment } = start(stopped);
    await stopped.append(recordOf(requestId), segment);
    await stopped.end();
    expect(await left(stopped.directory)).toEqual([recordOf(requestId)]);
    expect(claimOrphans(root, open().directory)).toHaveLength(1);
    await expect(stopped.append('{}', segment)).rejects.toMatchObject({ code: 'service_unavailable' });
  });
});

it('an interrupted request never lasted less than nothing', () => {
  const request = {
    request_id: 'r',
    account_id: 'a',
    key_id: 'k',
    started_at: 2_000,
    endpoint: 'e',
    protocol: 'p',
    stream: false,
    model: 'm',
    catalog_model: 'm',
  };
  expect(interruptedRecord(request, 1_000).timings.total_ms).toBe(0);
});
