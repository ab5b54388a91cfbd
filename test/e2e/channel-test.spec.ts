import { bootLazu, type TestLazu } from '../support/boot.js';
import { answerJson, chatAnswer, FakeUpstream } from '../support/fake-upstream.js';

let lazu: TestLazu;
let upstream: FakeUpstream;
let id: string;

beforeAll(async () => {
  upstream = await FakeUpstream.start();
  lazu = await bootLazu();
  ({ id } = await lazu.admin('POST', '/api/admin/channels', {
    name: 'ours',
    provider: 'openai-compatible',
    base_url: `${upstream.url}/v1`,
    credential: 'sk-operators-secret',
    models: [{ model: 'gpt-4o-mini', upstream_model: 'their-mini' }],
  }));
});
afterAll(async () => {
  await lazu.close();
  await upstream.stop();
});

describe('an operator tests a channel', () => {
  const test = () => lazu.admin('POST', `/api/admin/channels/${id}/test`, {});

  it('makes one small real call and says what came back', async () => {
    upstream.answers(answerJson(chatAnswer('ok')));
    expect(await test()).toMatchObject({ ok: true, upstream_status: 200, answer: 'ok', error: null });
    expect(upstream.seen.map(request => [request.path, request.body.model])).toEqual([
      ['/v1/chat/completions', 'their-mini'],
    ]);
    expect(upstream.last.headers.authorization).toBe('Bearer sk-operators-secret');
  });

  it.each([
    ['a refused key', answerJson({ error: { message: 'bad key sk-operators-secret' } }, 401), 401, 'upstream_error'],
    ['a page that is no API', answerJson('<html>'), null, 'upstream_error'],
  ])('gives %s as a result, without the secret', async (_name, script, upstream_status, code) => {
    upstream.answers(script);
    const result = await test();
    expect(result).toMatchObject({ ok: false, upstream_status, answer: null, error: { code } });
    expect(JSON.stringify(result)).not.toContain('sk-operators-secret');
  });
});
