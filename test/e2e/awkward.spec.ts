import { setTimeout as sleep } from 'node:timers/promises';
import { Draining } from '../../src/http/draining.js';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { answerJson, answerStream, chatAnswer, chatFrames, FakeUpstream, usage } from '../support/fake-upstream.js';

const CHAT = '/v1/chat/completions';
const messages = [{ role: 'user', content: 'Say hello' }];
let lazu: TestLazu;
let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  lazu = await bootLazu({
    OPENAI_API_KEY: 'x',
    OPENAI_BASE_URL: upstream.url,
    DEEPSEEK_API_KEY: 'x',
    DEEPSEEK_BASE_URL: upstream.url,
    MISTRAL_API_KEY: 'x',
    MISTRAL_BASE_URL: upstream.url,
    LEAVE_GRACE_MS: '100',
  });
});
afterAll(async () => {
  await lazu.close();
  await upstream.stop();
});

const asksUsage = () => upstream.seen.map(({ body }) => body.stream_options?.include_usage === true);
const error = async (response: Awaited<ReturnType<TestLazu['post']>>) => ({
  status: response.status,
  code: (await response.json()).error.code,
});

describe('a caller who leaves before any output', () => {
  it('ends the request, so that a shutdown does not wait for it', async () => {
    upstream.answers(answerStream([], { then: 'hang' }));
    const leave = new AbortController();
    const request = fetch(lazu.url + CHAT, {
      method: 'POST',
      headers: { authorization: `Bearer ${lazu.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4o-mini', messages, stream: true }),
      signal: leave.signal,
    }).catch(() => undefined);
    while (upstream.seen.length === 0) await sleep(10);
    await sleep(50);
    leave.abort();
    await request;
    const draining = lazu.app.get(Draining);
    for (let waited = 0; draining.running > 0 && waited < 2_000; waited += 20) await sleep(20);
    expect(draining.running).toBe(0);
  });
});

describe('names that a caller made up', () => {
  it('do not break the headers of an answer that was paid for', async () => {
    upstream.answers(answerJson(chatAnswer('Hello!')));
    const odd = { role: 'user', content: 'hi', 'a\r\nset-cookie: b': 1, 漢: 2, plain: 3 };
    const response = await lazu.post(CHAT, { model: 'mistral-large-latest', messages: [odd] });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-lazu-dropped-params')).toBe('messages.*, messages.plain');
    expect(response.headers.get('set-cookie')).toBeNull();
  });
});

describe('an upstream that refuses to be asked for usage', () => {
  const refuses = answerJson({ error: { message: 'Unknown argument: stream_options' } }, 400);
  const streams = answerStream(chatFrames(['Hi'], { usage: usage(10, 5) }));
  const ask = (more: object = {}) =>
    lazu.post(CHAT, { model: 'gpt-4o-mini', messages, stream: true, ...more }).then(response => response.text());

  it('is not believed when a caller made it say so', async () => {
    upstream.answers(refuses, refuses, streams);
    expect(await ask({ my_stream_options: 1 })).toContain('stream_options');
    expect(await ask()).toContain('[DONE]');
    expect(asksUsage()).toEqual([true, false, true]);
  });

  it('is remembered when it works without', async () => {
    upstream.answers(refuses, streams);
    expect(await ask()).toContain('[DONE]');
    expect(await ask()).toContain('[DONE]');
    expect(asksUsage()).toEqual([true, false, false]);
  });
});

describe('several answers of which one is odd', () => {
  const ask = (more: object = {}) => lazu.post(CHAT, { model: 'deepseek-chat', messages, n: 2, ...more });

  it.each(['no JSON', 'null', '[]'])('is an upstream error when it reads %j', async text => {
    upstream.answers(answerJson(text));
    expect(await error(await ask())).toEqual({ status: 502, code: 'upstream_error' });
  });

  it('is the error that stands in an answer of status 200', async () => {
    upstream.answers(answerJson({ error: { code: 'context_length_exceeded', message: 'too long' } }));
    expect(await error(await ask())).toEqual({ status: 400, code: 'context_length_exceeded' });
  });

  it('tells what the failed part says, however slowly it says it', async () => {
    upstream.answers(
      async (_request, response) => {
        response.writeHead(400, { 'content-type': 'application/json' }).flushHeaders();
        await sleep(100);
        response.end('{"error":{"code":"context_length_exceeded","message":"too long"}}');
      },
      answerStream(chatFrames(['Hi'], { usage: usage(10, 5) }), { everyMs: 50 }),
    );
    expect(await error(await ask({ stream: true }))).toEqual({ status: 400, code: 'context_length_exceeded' });
  });
});
