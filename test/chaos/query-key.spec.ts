import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase } from '../support/database.js';
import { answerJson, answerStream, chatFrames, FakeUpstream, usage } from '../support/fake-upstream.js';
import { LazuProcess } from '../support/lazu-process.js';
import { RawHttp } from '../support/raw-http.js';
import { until } from '../support/usage.js';

jest.setTimeout(60_000);

const body = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }], stream: true });

it('trap 39: the ?key= form reaches no log, journal, error, record, upstream or metric', async () => {
  const database = await createTestDatabase();
  const upstream = await FakeUpstream.start();
  const dataDir = await mkdtemp(join(tmpdir(), 'lazu-query-key-'));
  const lazu = await LazuProcess.start({
    DATABASE_URL: database.url,
    LAZU_DATA_DIR: dataDir,
    LOG_LEVEL: 'verbose',
    OPENAI_API_KEY: 'sk-operators-secret',
    OPENAI_BASE_URL: `${upstream.url}/v1`,
  });
  const greeting = lazu.stdout; // the first start prints the key, this once
  const wrong = `sk-lazu-${'W'.repeat(43)}`;
  const told: string[] = [];
  const ask = async (method: string, target: string, sent = body): Promise<number> => {
    const text =
      `${method} ${target} HTTP/1.1\r\nhost: lazu\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `content-length: ${sent.length}\r\n\r\n${sent}`;
    const answer = await RawHttp.ask(lazu.url, text);
    told.push(answer.text);
    return Number(answer.text.slice(9, 12));
  };

  upstream.answers(
    answerStream(chatFrames(['Hello'], { usage: usage(10, 5) })),
    answerJson({ error: { message: 'no' } }, 500),
  );
  const path = '/v1/chat/completions';
  expect(await ask('POST', `${path}?key=${lazu.apiKey}`)).toBe(200);
  expect(await ask('POST', `${path}?a=b&k%65y=${lazu.apiKey}`)).toBe(502);
  for (const key of [lazu.apiKey, wrong]) {
    const targets = [
      path,
      '/v1/models',
      '/v1/models/nothing',
      '/api/usage?group_by=day',
      '/api/admin/keys',
      '/nothing',
      '//v1/models',
    ];
    for (const target of targets) {
      const query = `${target.includes('?') ? '&' : '?'}key=${key}`;
      for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS', 'HEAD']) await ask(method, target + query, '{"a":');
    }
    await ask('POST', `http://lazu${path}?key=${key}`);
    await ask('POST', `${path}?key=${key}&key=${key}`);
    await ask('POST', `${path}/?KEY=1&key=${key}#key=${key}`);
    await ask('GET', `/v1/models/%ff?key=${key}`);
    await ask('POST', `${path}?key=${key}`, '[');
    await RawHttp.ask(lazu.url, `GET /v1/models?key=${key} HTTP/1.1\r\nbad header\r\n\r\n`, 500);
    await RawHttp.ask(
      lazu.url,
      `GET /v1/models?key=${key} HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`,
      500,
    );
  }
  const journal = async (): Promise<string> => {
    const folder = join(dataDir, 'journal');
    const files = (await readdir(folder, { recursive: true })).filter(name => name.endsWith('.jsonl'));
    return (await Promise.all(files.map(file => readFile(join(folder, file), 'utf8')))).join('');
  };
  const journalled = await journal();
  expect(journalled).toContain('"closed"');

  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await until(async () => (await client.query('SELECT 1 FROM usage_records')).rows.length >= 2);
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
  );
  const stored: string[] = [];
  for (const { name } of tables) {
    const { rows } = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
    stored.push(...rows.map(({ row }) => row));
  }
  await client.end();
  const metrics = await (await fetch(`${lazu.url}/metrics`)).text();
  await lazu.kill('SIGTERM');
  const seen = upstream.seen.map(({ path: to, headers, raw }) => to + JSON.stringify(headers) + raw.toString());
  const places = {
    log: lazu.stdout.slice(greeting.length) + lazu.stderr,
    answers: told.join(''),
    journal: journalled,
    database: stored.join('\n'),
    upstream: seen.join('\n'),
    metrics,
  };
  for (const [place, text] of Object.entries(places)) {
    expect(text.length).toBeGreaterThan(place === 'log' ? -1 : 0);
    for (const key of [lazu.apiKey, wrong]) {
      const secret = key.slice('sk-lazu-'.length);
      for (const part of [secret.slice(0, 16), secret.slice(16, 32)]) {
        if (text.includes(part)) throw new Error(`${place} holds a key: …${text.slice(Math.max(0, text.indexOf(part) - 200), text.indexOf(part))}`); // prettier-ignore
      }
    }
  }
  await upstream.stop();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});
