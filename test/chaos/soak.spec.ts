import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { answerStream, chatFrames, FakeUpstream, usage } from '../support/fake-upstream.js';
import { Inspector } from '../support/inspector.js';
import { LazuProcess } from '../support/lazu-process.js';
import { Load, steadyUpstream } from '../support/load.js';
import { until } from '../support/usage.js';

const FULL = process.env['LAZU_CHAOS'] === 'full';
const REQUESTS = FULL ? 20_000 : 1_500;

jest.setTimeout(FULL ? 900_000 : 90_000);

describe('over time and under load', () => {
  let database: TestDatabase;
  let upstream: FakeUpstream;
  let dataDir: string;
  let lazu: LazuProcess;

  beforeAll(async () => {
    database = await createTestDatabase();
    upstream = await FakeUpstream.start();
    dataDir = await mkdtemp(join(tmpdir(), 'lazu-soak-'));
    lazu = await LazuProcess.start(
      {
        DATABASE_URL: database.url,
        LAZU_DATA_DIR: dataDir,
        OPENAI_API_KEY: 'sk-operators-secret',
        OPENAI_BASE_URL: `${upstream.url}/v1`,
        LEAVE_GRACE_MS: '100',
      },
      { node: ['--inspect=127.0.0.1:0'] },
    );
  });
  afterAll(async () => {
    await lazu.kill('SIGTERM');
    await upstream.stop();
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const ask = async (index: number): Promise<void> => {
    const leave = new AbortController();
    if (index % 10 < 3) setTimeout(() => leave.abort(), 10 + (index % 7) * 8);
    const body = { model: 'gpt-4o', messages: [{ role: 'user', content: `hi ${index}` }], stream: index % 3 > 0 };
    await lazu
      .post('/v1/chat/completions', body, { signal: leave.signal })
      .then(response => response.text())
      .catch(() => undefined);
  };
  /** So many requests, forty at a time, three of ten left by their callers. */
  const soak = async (requests: number): Promise<void> => {
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < requests) await ask(next++);
    };
    await Promise.all(Array.from({ length: 40 }, work));
    upstream.seen.length = 0;
    await sleep(1_500); // graces are over, records are in PostgreSQL
  };

  const inspect = async (): Promise<Inspector> => {
    await until(() => /ws:\/\/\S+/.test(lazu.stderr));
    return Inspector.open(/ws:\/\/\S+/.exec(lazu.stderr)![0]);
  };

  it('trap 23: with 30 % of callers leaving the heap does not grow', async () => {
    const words = Array.from({ length: 10 }, () => 'word ');
    upstream.answers((seen, response) =>
      seen.body.stream
        ? answerStream(chatFrames(words, { usage: usage(10, 5) }), { everyMs: 10 })(seen, response)
        : steadyUpstream(seen, response),
    );
    const inspector = await inspect();
    await soak(1_500); // compiled code, pools and caches are there
    const before = await inspector.heap();
    await soak(REQUESTS);
    const after = await inspector.heap();
    inspector.close();
    const each = Math.round((after - before) / REQUESTS);
    process.stdout.write(`heap ${Math.round(before / 1024)} KB, ${REQUESTS} requests later ${each} bytes more each\n`);
    expect(each).toBeLessThan(FULL ? 60 : 800); // a request that is kept takes several kilobytes
  });

  it('trap 24: the event loop turns while large bodies and many streams pass', async () => {
    upstream.answers(steadyUpstream);
    const streams = new Load(lazu.url, Array<string>(200).fill(lazu.apiKey));
    const large = 'x'.repeat(1024 * 1024);
    let running = true;
    const bodies = Array.from({ length: 4 }, async () => {
      while (running) {
        const body = { model: 'gpt-4o', messages: [{ role: 'user', content: large }] };
        const response = await lazu.post('/v1/chat/completions', body);
        expect(response.status).toBe(200);
        await response.text();
      }
    });
    await sleep(500);
    const inspector = await inspect();
    expect(await inspector.evaluate(watchTurns)).toBe(true);
    const took: number[] = [];
    for (const until = Date.now() + 4_000; Date.now() < until; await sleep(20)) {
      const startedAt = performance.now();
      expect((await fetch(`${lazu.url}/healthz`)).status).toBe(200);
      took.push(performance.now() - startedAt);
    }
    const turns = await inspector.evaluate<number[]>('globalThis.turns');
    inspector.close();
    running = false;
    await Promise.all([...bodies, streams.stop()]);
    expect(streams.failed).toEqual([]);
    const [p99, longest, healthz] = [percentile(turns, 99), percentile(turns, 100), percentile(took, 99)];
    process.stdout.write(
      `CPU of one turn under load: p99 ${Math.round(p99)} ms, longest ${Math.round(longest)} ms, of ${turns.length}; ` +
        `/healthz p99 ${Math.round(healthz)} ms, with ${streams.ended.length} answers\n`,
    );
    // Four bodies of 1 MB may fall into one turn, and a core that others use too is slow per instruction as well.
    expect(p99).toBeLessThan(250);
    expect(longest).toBeLessThan(1_000);
    expect(healthz).toBeLessThan(5_000);
  });
});

/**
 * Milliseconds of CPU that the process uses from one turn of its loop to the next: time that other processes take from it does not count,
 * a loop that is kept busy does.
 */
const watchTurns = `
  globalThis.turns = [];
  let before = process.cpuUsage();
  setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    globalThis.turns.push((user + system) / 1000);
  }, 1).unref();
  true;
`;

function percentile(values: number[], percent: number): number {
  const ordered = [...values].sort((a, b) => a - b);
  return ordered[Math.min(ordered.length - 1, Math.floor((ordered.length * percent) / 100))]!;
}
