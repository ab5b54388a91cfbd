import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { answerJson, chatAnswer, FakeUpstream } from '../support/fake-upstream.js';
import { LazuProcess } from '../support/lazu-process.js';
import { RawHttp, responsesIn } from '../support/raw-http.js';

jest.setTimeout(60_000);

const PATH = '/v1/chat/completions';
const ORIGIN = 'https://app.example';
const REQUEST_ID = /^req_lazu_[0-9A-HJKMNP-TV-Z]{26}$/;
const body = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] });

describe('limits at the door', () => {
  let database: TestDatabase;
  let upstream: FakeUpstream;
  let dataDir: string;
  let lazu: LazuProcess;
  /** Never ends its header, from the first moment on. */
  let slow: RawHttp;
  let slowSince: number;

  beforeAll(async () => {
    database = await createTestDatabase();
    upstream = await FakeUpstream.start();
    dataDir = await mkdtemp(join(tmpdir(), 'lazu-door-'));
    lazu = await LazuProcess.start({
      DATABASE_URL: database.url,
      LAZU_DATA_DIR: dataDir,
      OPENAI_API_KEY: 'sk-operators-secret',
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      CORS_ORIGINS: ORIGIN,
      MAX_BODY_MB: '2',
    });
    slow = new RawHttp(lazu.url);
    slow.write('POST /v1/chat/completions HTTP/1.1\r\nhost: lazu\r\n');
    slowSince = performance.now();
    upstream.answers(answerJson(chatAnswer('ok')));
  });
  afterAll(async () => {
    await lazu.kill('SIGTERM');
    await upstream.stop();
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** A good completion request, but for what a test changes. */
  const request = (options: { line?: string; headers?: string; sent?: string } = {}): string => {
    const { line = `POST ${PATH} HTTP/1.1`, headers = '', sent = body } = options;
    const length = /content-length|transfer-encoding/i.test(headers) ? '' : `content-length: ${sent.length}\r\n`;
    return (
      `${line}\r\nhost: lazu\r\nauthorization: Bearer ${lazu.apiKey}\r\ncontent-type: application/json\r\n` +
      `${length}${headers}\r\n${sent}`
    );
  };

  const expectEnvelope = (text: string, status: number, code: string): void => {
    const [response] = responsesIn(text);
    expect([response?.status, text.slice(0, 200)]).toEqual([status, expect.anything()]);
    expect(response!.headers['x-lazu-request-id']).toMatch(REQUEST_ID);
    const { error } = JSON.parse(response!.body) as { error: Record<string, unknown> };
    expect(Object.keys(error).sort()).toEqual(['code', 'message', 'param', 'request_id', 'type']);
    expect([error['code'], error['request_id']]).toEqual([code, response!.headers['x-lazu-request-id']]);
  };

  it.each<[string, () => string, number, string]>([
    [
      'a header that is too large',
      () => request({ headers: `x-large: ${'x'.repeat(70_000)}\r\n` }),
      431,
      'invalid_request',
    ],
    ['a line that is no header', () => request({ headers: 'no header at all\r\n' }), 400, 'invalid_request'],
    ['no HTTP at all', () => 'hello\r\n\r\n', 400, 'invalid_request'],
    [
      'two different lengths',
      () => request({ headers: 'content-length: 5\r\ncontent-length: 9\r\n' }),
      400,
      'invalid_request',
    ],
    [
      'a length and chunks',
      () => request({ headers: 'content-length: 5\r\ntransfer-encoding: chunked\r\n' }),
      400,
      'invalid_request',
    ],
    [
      'a chunk that is none',
      () => request({ headers: 'transfer-encoding: chunked\r\n', sent: 'zz\r\n' }),
      400,
      'bad_request_body',
    ],
    [
      'a declared length over the limit',
      () => request({ headers: 'content-length: 3000000\r\n', sent: '{' }),
      413,
      'payload_too_large',
    ],
  ])('refuses %s in the envelope, and closes the connection', async (_name, sent, status, code) => {
    const http = new RawHttp(lazu.url);
    http.write(sent());
    const { text } = await http.answer(5_000);
    expectEnvelope(text, status, code);
    expect(await http.closedWithin(5_000)).toBeDefined();
  });

  it.each([
    ['the absolute form of the URL', `POST http://lazu${PATH} HTTP/1.1`, 200],
    ['a query that nobody asked for', `POST ${PATH}?beta=true HTTP/1.1`, 200],
    ['two slashes', `POST /${PATH} HTTP/1.1`, 404],
    ['an encoded slash', 'POST /v1/chat%2Fcompletions HTTP/1.1', 404],
    ['an encoded letter', 'POST /v1/chat/completion%73 HTTP/1.1', 404],
    ['dots', `POST /v1/./chat/completions HTTP/1.1`, 404],
    ['a path that does not decode', 'POST /v1/chat/%zz HTTP/1.1', 404],
  ])('knows one path only: %s', async (_name, line, status) => {
    const { text } = await RawHttp.ask(lazu.url, request({ line }));
    if (status === 404) expectEnvelope(text, 404, 'not_found');
    else expect(responsesIn(text)[0]).toMatchObject({ status });
  });

  it('answers HTTP/1.0 and closes', async () => {
    const http = new RawHttp(lazu.url);
    http.write(request({ line: `POST ${PATH} HTTP/1.0` }));
    expect(responsesIn((await http.answer(5_000)).text)[0]).toMatchObject({ status: 200 });
    expect(await http.closedWithin(2_000)).toBeDefined();
  });

  it('says 100 Continue to who waits for it, and reads a body in chunks', async () => {
    const http = new RawHttp(lazu.url);
    http.write(request({ headers: 'expect: 100-continue\r\ntransfer-encoding: chunked\r\n', sent: '' }));
    await sleep(200);
    expect((await http.answer(100)).text).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    http.write(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
    await sleep(500);
    expect((await http.answer(100)).text).toContain('HTTP/1.1 200 OK');
    http.socket.destroy();
  });

  it('answers pipelined requests in their order, a refused one among them', async () => {
    const http = new RawHttp(lazu.url);
    http.write(request() + request({ sent: '[1]' }) + `GET /healthz HTTP/1.1\r\nhost: lazu\r\n\r\n` + request());
    await sleep(1_000);
    const { text } = await http.answer(100);
    expect(responsesIn(text).map(response => response.status)).toEqual([200, 400, 200, 200]);
    http.socket.destroy();
  });

  it.each([PATH, '/api/admin/accounts'])(
    'a body over the limit while it streams to %s: 413, not read to its end',
    async path => {
      const before = await lazu.rssMb();
      const http = new RawHttp(lazu.url);
      const key = path.startsWith('/api/admin') ? lazu.adminKey : lazu.apiKey;
      http.write(
        `POST ${path} HTTP/1.1\r\nhost: lazu\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
      );
      const chunk = Buffer.from(`10000\r\n${' '.repeat(65_536)}\r\n`);
      let sent = 0;
      while (http.socket.bytesRead === 0 && !http.socket.destroyed && sent < 200 * 1024 * 1024) {
        http.write(chunk);
        sent += chunk.length;
        await sleep(http.socket.writableNeedDrain ? 20 : 0);
      }
      expectEnvelope((await http.answer(3_000)).text, 413, 'payload_too_large');
      expect(await http.closedWithin(5_000)).toBeDefined();
      expect(sent).toBeLessThan(50 * 1024 * 1024);
      expect((await lazu.rssMb()) - before).toBeLessThan(40);
    },
  );

  it('a thousand idle connections hinder nobody', async () => {
    const idle = Array.from({ length: 1_000 }, () => new RawHttp(lazu.url));
    await sleep(500);
    const startedAt = performance.now();
    expect((await lazu.post(PATH, JSON.parse(body) as object)).status).toBe(200);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    for (const http of idle) http.socket.destroy();
  });

  /** The same cases on a path of the inference mount and on one that goes through Express. */
  const cases: [
    string,
    (key: string, adminKey: string) => RequestInit & { query?: string },
    number,
    string | undefined,
  ][] = [
    ['no key', () => ({}), 401, 'invalid_api_key'],
    ['no key of ours', () => ({ headers: { authorization: 'Bearer sk-proj-1' } }), 401, 'invalid_api_key'],
    [
      'an unknown key',
      () => ({ headers: { authorization: `Bearer sk-lazu-${'A'.repeat(43)}` } }),
      401,
      'invalid_api_key',
    ],
    [
      'an admin key',
      (_key, adminKey) => ({ headers: { authorization: `Bearer ${adminKey}` } }),
      401,
      'invalid_api_key',
    ],
    ['an unknown key in the query', () => ({ query: `?key=sk-lazu-${'B'.repeat(43)}` }), 401, 'invalid_api_key'],
    [
      'a method that it has not',
      key => ({ method: 'DELETE', headers: { authorization: `Bearer ${key}` } }),
      405,
      'method_not_allowed',
    ],
    ['the key as Bearer', key => ({ headers: { authorization: `Bearer ${key}` } }), 200, undefined],
    ['the key as bearer', key => ({ headers: { authorization: `bearer  ${key}` } }), 200, undefined],
    ['the key in x-api-key', key => ({ headers: { 'x-api-key': key } }), 200, undefined],
    ['the key in x-goog-api-key', key => ({ headers: { 'x-goog-api-key': key } }), 200, undefined],
    ['the key in the query', key => ({ query: `?key=${key}` }), 200, undefined],
    ['another header first', key => ({ headers: { authorization: 'Bearer other', 'x-api-key': key } }), 200, undefined],
  ];
  it.each(cases)('both mounts, %s: the same answer, id and CORS', async (_name, init, status, code) => {
    for (const path of [PATH, '/v1/models']) {
      const { query = '', ...rest } = init(lazu.apiKey, lazu.adminKey);
      const method = rest.method ?? (path === PATH ? 'POST' : 'GET');
      const response = await fetch(lazu.url + path + query, {
        ...rest,
        method,
        headers: { ...rest.headers, origin: ORIGIN, 'x-request-id': 'mine', 'content-type': 'application/json' },
        body: method === 'POST' ? body : undefined,
      });
      expect([path, response.status]).toEqual([path, status]);
      expect(response.headers.get('x-lazu-request-id')).toMatch(REQUEST_ID);
      expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
      expect(response.headers.get('access-control-expose-headers')).toContain('x-lazu-request-id');
      expect(response.headers.get('x-powered-by')).toBeNull();
      expect(response.headers.get('content-type')).toMatch(/^application\/json/);
      const { error } = (await response.json()) as { error?: Record<string, unknown> };
      expect(error?.['code']).toBe(code);
      if (code === undefined) continue;
      expect(Object.keys(error!).sort()).toEqual(['code', 'message', 'param', 'request_id', 'type']);
      expect(error!['request_id']).toBe(response.headers.get('x-lazu-request-id'));
    }
  });

  it('both mounts: preflight, OPTIONS without one, and HEAD', async () => {
    for (const path of [PATH, '/v1/models']) {
      const preflight = await fetch(lazu.url + path, {
        method: 'OPTIONS',
        headers: {
          origin: ORIGIN,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'x-api-key',
        },
      });
      expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([204, 'x-api-key']);
      const stranger = await fetch(lazu.url + path, { method: 'HEAD', headers: { origin: 'https://evil.example' } });
      expect(stranger.headers.get('access-control-allow-origin')).toBeNull();
      expect([401, 405]).toContain(stranger.status);
      const options = await fetch(lazu.url + path, { method: 'OPTIONS' });
      expect(options.headers.get('allow')).toContain(path === PATH ? 'POST' : 'GET');
    }
  });

  it('a header that never ends is cut', async () => {
    const deadlineMs = 32_000 - (performance.now() - slowSince);
    expect(await slow.closedWithin(deadlineMs)).toBeDefined();
    expectEnvelope((await slow.answer(0)).text, 408, 'invalid_request');
  });
});
