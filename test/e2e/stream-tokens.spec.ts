import { bootLazu, type TestLazu } from '../support/boot.js';
import { answerJson, answerStream, chatAnswer, chatFrames, FakeUpstream, usage } from '../support/fake-upstream.js';
import { until } from '../support/usage.js';

const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Say hello' }], max_tokens: 1_000 };
/** Some 25,600 tokens, of which 1,000 were announced. */
const frames = chatFrames(
  Array.from({ length: 100 }, () => 'word '.repeat(205)),
  { usage: usage(10, 20_500) },
);

let lazu: TestLazu;
let upstream: FakeUpstream;
beforeAll(async () => {
  upstream = await FakeUpstream.start();
  lazu = await bootLazu({ OPENAI_API_KEY: 'sk-operators-secret', OPENAI_BASE_URL: `${upstream.url}/v1` });
});
afterAll(async () => {
  await lazu.close();
  await upstream.stop();
});

it('trap 15: a stream that takes more tokens than it was admitted with counts while it runs, and as the vendor says at its end', async () => {
  const { id } = await lazu.admin('POST', '/api/admin/accounts', { name: 'talkative', tpm: 40_000 });
  const { key } = await lazu.admin('POST', `/api/admin/accounts/${id}/keys`, { name: 'k' });
  const bearer = { authorization: `Bearer ${key}` };
  let end = (): void => undefined;
  const ended = new Promise<void>(resolve => (end = resolve));
  upstream.answers(
    async (request, response) => {
      await answerStream(frames.slice(0, -2), { everyMs: 1, then: 'hang' })(request, response);
      await ended;
      response.end(frames.slice(-2).join(''));
    },
    answerJson(chatAnswer('Hello!', { usage: usage(10, 5) })),
  );
  const stream = await lazu.post('/v1/chat/completions', { ...chat, stream: true }, bearer);
  expect(Number(stream.headers.get('x-ratelimit-remaining-tokens'))).toBeGreaterThan(38_000);
  const text = stream.text();
  const remaining = async (): Promise<number> => {
    const response = await lazu.post('/v1/chat/completions', { ...chat, max_tokens: 1 }, bearer);
    await response.text();
    return Number(response.headers.get('x-ratelimit-remaining-tokens'));
  };
  await until(async () => (await remaining()) < 40_000 - 8_192, 10_000);
  end();
  expect(await text).toContain('[DONE]');
  await until(async () => (await remaining()) < 40_000 - 20_500, 10_000);
});
