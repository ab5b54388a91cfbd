import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import {
  answerJson,
  answerStream,
  chatAnswer,
  chatFrames,
  FakeUpstream,
  neverAnswers,
  type Script,
} from '../support/fake-upstream.js';
import { LazuProcess } from '../support/lazu-process.js';
import { until } from '../support/usage.js';

jest.setTimeout(60_000);

const body = { model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] };
const words = chatFrames(Array.from({ length: 2_000 }, () => 'word '));

/** LEAVE_GRACE_MS is 2 s; nothing that was left may run longer than 3 s. */
const MOST_MS = 3_000;

interface Row {
  status: string;
  usage_source: string;
  input: number;
  output: number;
}

describe('a caller that leaves', () => {
  let database: TestDatabase;
  let upstream: FakeUpstream;
  let dataDir: string;
  let client: pg.Client;
  let lazu: LazuProcess;

  beforeAll(async () => {
    database = await createTestDatabase();
    upstream = await FakeUpstream.start();
    dataDir = await mkdtemp(join(tmpdir(), 'lazu-leave-'));
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    lazu = await LazuProcess.start({
      DATABASE_URL: database.url,
      LAZU_DATA_DIR: dataDir,
      OPENAI_API_KEY: 'sk-operators-secret',
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      KEEPALIVE_MS: '500',
    });
  });
  beforeEach(() => client.query('TRUNCATE usage_records'));
  afterAll(async () => {
    await lazu.kill('SIGTERM');
    await client.end();
    await upstream.stop();
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const rows = async (): Promise<Row[]> => {
    const quantity = (name: string): string =>
      `coalesce((jsonb_path_query_first(dimensions, '$[*] ? (@.name == "${name}")') ->> 'quantity')::int, 0) AS ${name}`;
    const answer = await client.query<Row>(
      `SELECT status, usage_source, ${quantity('input')}, ${quantity('output')} FROM usage_records`,
    );
    return answer.rows;
  };

  /** Asks, and leaves after so long. @returns when that was */
  const askAndLeave = async (request: object, afterMs: number): Promise<number> => {
    const leave = new AbortController();
    const gone = lazu
      .post('/v1/chat/completions', request, { signal: leave.signal })
      .then(response => response.text())
      .catch(() => undefined);
    await sleep(afterMs);
    leave.abort();
    const leftAt = performance.now();
    await gone;
    return leftAt;
  };

  const headThenSilence: Script = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  };

  it.each<[string, Script, number, (output: number) => boolean]>([
    ['a stream after its first output', answerStream(words, { everyMs: 20 }), 400, output => output > 3],
    ['a stream whose upstream has said nothing', neverAnswers, 200, output => output === 0],
    ['a stream whose upstream has sent its head only', headThenSilence, 200, output => output === 0],
    ['a stream that has had keep-alives only', neverAnswers, 1_300, output => output === 0],
  ])(
    'trap 1, trap 3: %s: the upstream is aborted, input and what was delivered are charged',
    async (...[, script, afterMs, fits]) => {
      upstream.answers(script);
      const leftAt = await askAndLeave({ ...body, stream: true }, afterMs);
      await until(() => upstream.last.abortedAt !== undefined, MOST_MS + 2_000);
      const tookMs = upstream.last.abortedAt! - leftAt;
      expect(tookMs).toBeGreaterThan(1_500); // the grace, in which the final usage may come
      expect(tookMs).toBeLessThan(MOST_MS);
      await until(async () => (await rows()).length > 0);
      const [row] = await rows();
      expect(row).toMatchObject({ status: 'left', usage_source: 'estimated' });
      expect(row!.input).toBeGreaterThan(0);
      expect(fits(row!.output)).toBe(true);
    },
  );

  it('trap 3: a whole answer runs on to its end and is charged what it cost', async () => {
    upstream.answers(async (request, response) => {
      await sleep(3_500);
      await answerJson(chatAnswer('late'))(request, response);
    });
    await askAndLeave(body, 200);
    await until(async () => (await rows()).length > 0);
    expect(upstream.last.abortedAt).toBeUndefined();
    expect(await rows()).toEqual([{ status: 'left', usage_source: 'drained', input: 10, output: 5 }]);
  });

  it('trap 3: two hundred that leave at once leave nothing running', async () => {
    upstream.answers(answerStream(words, { everyMs: 50 }));
    const left = await Promise.all(Array.from({ length: 200 }, () => askAndLeave({ ...body, stream: true }, 500)));
    const lastLeft = Math.max(...left);
    await until(() => upstream.seen.every(request => request.abortedAt !== undefined), 10_000);
    const longest = Math.max(...upstream.seen.map(request => request.abortedAt!)) - lastLeft;
    expect(upstream.seen.length).toBeGreaterThan(100);
    await until(async () => (await rows()).length === upstream.seen.length);
    expect(new Set((await rows()).map(row => row.status))).toEqual(new Set(['left']));
    process.stdout.write(
      `200 leave: ${upstream.seen.length} upstream calls, the last aborted after ${Math.round(longest)} ms\n`,
    );
  });
});
