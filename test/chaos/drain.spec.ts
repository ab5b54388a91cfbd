import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
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
  usage,
} from '../support/fake-upstream.js';
import { LazuProcess } from '../support/lazu-process.js';

jest.setTimeout(60_000);

const messages = [{ role: 'user', content: 'hi' }];
const whole = { model: 'gpt-4o', messages };
const stream = { ...whole, stream: true };
const frames = chatFrames(
  Array.from({ length: 40 }, () => 'word '),
  { usage: usage(10, 5) },
);

describe('SIGTERM and SIGINT', () => {
  let database: TestDatabase;
  let upstream: FakeUpstream;
  let dataDir: string;
  let lazu: LazuProcess;

  beforeEach(async () => {
    database = await createTestDatabase();
    upstream = await FakeUpstream.start();
    dataDir = await mkdtemp(join(tmpdir(), 'lazu-drain-'));
  });
  afterEach(async () => {
    await lazu.kill('SIGKILL');
    await upstream.stop();
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const start = async (environment: Record<string, string> = {}): Promise<void> => {
    lazu = await LazuProcess.start({
      DATABASE_URL: database.url,
      LAZU_DATA_DIR: dataDir,
      OPENAI_API_KEY: 'sk-operators-secret',
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      ...environment,
    });
  };

  const recorded = async (): Promise<unknown[]> => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query('SELECT status, error_code, stream FROM usage_records ORDER BY request_id');
    await client.end();
    return rows;
  };

  /** Status and code of a refusal; `refused` when nobody listens any more. */
  const tried = async (method: string, path: string): Promise<string> => {
    const options = { method, headers: { authorization: `Bearer ${lazu.apiKey}`, 'content-type': 'application/json' } };
    try {
      const response = await fetch(lazu.url + path, { ...options, body: method === 'POST' ? '{}' : undefined });
      const body = (await response.json()) as { error?: { code: string }; status?: string };
      return `${response.status} ${body.error?.code ?? body.status}`;
    } catch {
      return 'refused';
    }
  };

  it('trap 12: what runs comes to its end, nothing new begins, readiness is off, nothing waits in the journal', async () => {
    await start();
    upstream.answers(answerStream(frames, { everyMs: 50 }), async (request, response) => {
      await sleep(1_500);
      await answerJson(chatAnswer('late'))(request, response);
    });
    const streamed = await lazu.post('/v1/chat/completions', stream);
    const answered = lazu.post('/v1/chat/completions', whole);
    await sleep(200);
    const ended = lazu.kill('SIGTERM');
    await sleep(300);
    expect(['503 service_unavailable', 'refused']).toContain(await tried('POST', '/v1/chat/completions'));
    expect(['503 service_unavailable', 'refused']).toContain(await tried('GET', '/v1/models'));
    expect(['503 draining', 'refused']).toContain(await tried('GET', '/readyz'));
    expect(await streamed.text()).toMatch(/data: \[DONE\]\n\n$/);
    expect((await answered).status).toBe(200);
    expect(await ended).toBe(0);
    expect(await readdir(join(dataDir, 'journal'))).toEqual([]);
    expect(await recorded()).toEqual([
      { status: 'completed', error_code: null, stream: true },
      { status: 'completed', error_code: null, stream: false },
    ]);
  });

  it('trap 25: what outlives DRAIN_MS ends in an error, never in silence, and is recorded', async () => {
    await start({ DRAIN_MS: '800', SANDBOX: 'on' });
    upstream.answers(answerStream(frames.slice(0, 5), { then: 'hang' }), neverAnswers);
    const hanging = await lazu.post('/v1/chat/completions', stream);
    const silent = lazu.post('/v1/chat/completions', whole);
    const inProcess = await lazu.post('/v1/chat/completions', {
      ...stream,
      model: 'lazu/sandbox',
      messages: [{ role: 'user', content: 'word '.repeat(2_000) }],
      metadata: { sandbox: 'slow' },
    });
    const halfSent = connect(Number(new URL(lazu.url).port), '127.0.0.1');
    halfSent.on('error', () => undefined);
    halfSent.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: lazu\r\nauthorization: Bearer ${lazu.apiKey}\r\ncontent-length: 99\r\n\r\n{"model"`,
    );
    await sleep(200);
    const stoppedAt = performance.now();
    const ended = lazu.kill('SIGINT');
    for (const response of [hanging, inProcess]) {
      const text = await response.text();
      expect(text).not.toContain('[DONE]');
      expect(JSON.parse(text.trim().split('\n\n').at(-1)!.slice('data: '.length))).toMatchObject({
        error: {
          code: 'service_unavailable',
          type: 'api_error',
          request_id: response.headers.get('x-lazu-request-id'),
        },
      });
    }
    expect((await silent).status).toBe(503);
    expect(await (await silent).json()).toMatchObject({ error: { code: 'service_unavailable' } });
    expect(await ended).toBe(0);
    expect(performance.now() - stoppedAt).toBeLessThan(8_000);
    expect(await readdir(join(dataDir, 'journal'))).toEqual([]);
    const cut = { status: 'failed', error_code: 'service_unavailable' };
    expect(await recorded()).toEqual([
      expect.objectContaining(cut),
      expect.objectContaining(cut),
      expect.objectContaining(cut),
    ]);
  });

  it('a second Ctrl-C cuts the waiting short; npm forwarding the first one does not', async () => {
    await start();
    upstream.answers(answerStream(frames.slice(0, 5), { then: 'hang' }));
    const hanging = await lazu.post('/v1/chat/completions', stream);
    const ended = lazu.killGroup('SIGINT');
    await sleep(50);
    void lazu.kill('SIGINT');
    await sleep(1_500);
    expect(lazu.isRunning).toBe(true);
    void lazu.kill('SIGINT');
    expect(await hanging.text()).toContain('"service_unavailable"');
    expect(await ended).toBe(0);
    expect(await recorded()).toEqual([{ status: 'failed', error_code: 'service_unavailable', stream: true }]);
  });
});
