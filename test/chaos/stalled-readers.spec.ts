import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { answerJson, chatAnswer, chatChunk, FakeUpstream, type Script } from '../support/fake-upstream.js';
import { LazuProcess } from '../support/lazu-process.js';
import { until } from '../support/usage.js';

jest.setTimeout(90_000);

const READERS = 100;
const STALL_MS = 3_000;
const FRAME = `data: ${JSON.stringify(chatChunk({ content: 'word '.repeat(3_000) }))}\n\n`;
/** Bytes an upstream would send each reader: more than all buffers on the way can hold. */
const ENDLESS = 64 * 1024 * 1024;

describe('callers that stop reading', () => {
  let database: TestDatabase;
  let upstream: FakeUpstream;
  let dataDir: string;
  let lazu: LazuProcess;
  const sockets = new Set<Socket>();

  beforeAll(async () => {
    database = await createTestDatabase();
    upstream = await FakeUpstream.start();
    dataDir = await mkdtemp(join(tmpdir(), 'lazu-stall-'));
    lazu = await LazuProcess.start({
      DATABASE_URL: database.url,
      LAZU_DATA_DIR: dataDir,
      OPENAI_API_KEY: 'sk-operators-secret',
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      WRITE_STALL_MS: String(STALL_MS),
      LEAVE_GRACE_MS: '0',
    });
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await lazu.kill('SIGTERM');
    await upstream.stop();
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** Sends a request and reads nothing. */
  const askAndSleep = (stream: boolean): Socket => {
    const body = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }], stream });
    const socket = connect(Number(new URL(lazu.url).port), '127.0.0.1');
    socket.pause().on('error', () => undefined);
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: lazu\r\nauthorization: Bearer ${lazu.apiKey}\r\n` +
        `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    sockets.add(socket);
    return socket;
  };

  /** Sends as fast as it is let. @returns bytes by request so far */
  const endless = (): { script: Script; sent: number[] } => {
    const sent: number[] = [];
    const script: Script = async (_request, response) => {
      const index = sent.push(0) - 1;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      while (sent[index]! < ENDLESS && !response.destroyed) {
        sent[index]! += FRAME.length;
        if (response.write(FRAME)) continue;
        await new Promise(resolve => response.once('drain', resolve).once('close', resolve));
      }
    };
    return { script, sent };
  };

  it('trap 23: hold back their upstream, cost little memory, and are cut after WRITE_STALL_MS', async () => {
    const before = await lazu.rssMb();
    let most = before;
    const watch = setInterval(() => void lazu.rssMb().then(mb => (most = Math.max(most, mb))).catch(() => undefined), 100); // prettier-ignore
    const { script, sent } = endless();
    upstream.answers(script);
    const startedAt = performance.now();
    for (let index = 0; index < READERS; index++) askAndSleep(true);
    const allCut = () => sent.length === READERS && upstream.seen.every(request => request.abortedAt !== undefined);
    await until(allCut, STALL_MS + 20_000).finally(() => clearInterval(watch));
    const cutAfterMs = Math.max(...upstream.seen.map(request => request.abortedAt!)) - startedAt;
    expect(Math.max(...sent)).toBeLessThan(ENDLESS / 2);
    const each = (most - before) / READERS;
    process.stdout.write(
      `${READERS} stalled readers: ${each.toFixed(2)} MB each, all cut ${Math.round(cutAfterMs)} ms after the first began\n`,
    );
    expect(each).toBeLessThan(3);
    expect(cutAfterMs).toBeGreaterThan(STALL_MS);

    // Once more: what the first hundred took serves the second.
    const { script: again, sent: sentAgain } = endless();
    upstream.answers(again);
    for (let index = 0; index < READERS; index++) askAndSleep(true);
    await until(() => sentAgain.length === READERS, 20_000);
    await sleep(2_500);
    const second = await lazu.rssMb();
    process.stdout.write(`the second hundred: ${((second - most) / READERS).toFixed(2)} MB each on top\n`);
    expect(second - most).toBeLessThan(0.5 * READERS);
    for (const socket of sockets) socket.destroy();
  });

  it('trap 23: who does not read a large whole answer is cut too, who reads it slowly is not', async () => {
    const answer = chatAnswer('word '.repeat(6_000_000));
    let taken = 0;
    upstream.answers((request, response) => {
      response.on('finish', () => taken++);
      return answerJson(answer)(request, response);
    });
    let got = 0;
    let slept = 0;
    const asleep = askAndSleep(false);
    const slow = askAndSleep(false);
    slow.on('data', chunk => {
      got += chunk.length;
      slow.pause();
      setTimeout(() => slow.resume(), 10);
    });
    slow.resume();
    await until(() => taken === 2, 30_000);
    await sleep(STALL_MS * 2.5); // Node's timer looks whether something went since it last looked: up to twice the time
    asleep.on('data', chunk => (slept += chunk.length)).resume(); // what was on its way can still be read
    await new Promise(resolve => asleep.once('close', resolve));
    const whole = JSON.stringify(answer).length;
    expect(slept).toBeLessThan(whole);
    await until(() => got > whole, 60_000);
  });
});
