import { bootLazu, type TestLazu } from '../support/boot.js';
import { answerJson, chatAnswer, chatFrames, FakeUpstream, usage } from '../support/fake-upstream.js';
import { hasRedis, RedisServer } from '../support/redis-server.js';
import { until } from '../support/usage.js';

const messages = [{ role: 'user', content: 'Say hello' }];
const chat = { model: 'gpt-4o-mini', messages, max_tokens: 1_000 };
const contents = [{ role: 'user', parts: [{ text: 'Say hello' }] }];
const places = hasRedis('suspension over hosts') ? ['one host', 'two hosts on Redis'] : ['one host'];

describe.each(places)('an account that is suspended, on %s', place => {
  let upstream: FakeUpstream;
  let redis: RedisServer | undefined;
  let hosts: TestLazu[];
  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    redis = place === 'one host' ? undefined : await RedisServer.start();
    const environment = {
      BILLING: 'prepaid',
      OPENAI_API_KEY: 'sk-operators-secret',
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      ...(redis && { REDIS_URL: redis.url }),
    };
    const first = await bootLazu(environment);
    hosts = redis ? [first, await bootLazu(environment, first)] : [first];
  });
  afterAll(async () => {
    for (const host of hosts.reverse()) await host.close();
    await redis?.stop();
    await upstream.stop();
  });
  beforeEach(() => upstream.answers(answerJson(chatAnswer('Hello!', { usage: usage(10, 5) }))));

  const admin = (method: string, path: string, body?: object) => hosts[0]!.admin(method, `/api/admin/${path}`, body);
  async function tenant() {
    const { id } = await admin('POST', 'accounts', { name: 'tenant' });
    await admin('POST', `accounts/${id}/topups`, { amount_micro_usd: 5_000_000, reference: 'first' });
    const keys: string[] = [];
    for (const name of ['one', 'two']) keys.push((await admin('POST', `accounts/${id}/keys`, { name })).key);
    const set = (status: string) => admin('PATCH', `accounts/${id}`, { status });
    return { id: id as string, keys, set };
  }
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
  const post = (host: TestLazu, key: string, path = '/v1/chat/completions', body: object = chat) =>
    host.post(path, body, bearer(key));

  it('is refused at the next request of every key, everywhere and in every dialect, and let back', async () => {
    const [{ keys, set }, other] = [await tenant(), await tenant()];
    const asks = (host: TestLazu, key: string) => [
      post(host, key),
      post(host, key, '/v1/messages', { ...chat, model: 'gpt-4o-mini' }),
      post(host, key, '/v1beta/models/gpt-4o-mini:generateContent', { contents }),
      ...['/v1/models', '/api/models/catalog', '/api/account', '/api/usage'].map(path => host.get(path, bearer(key))),
    ];
    const statuses = async (of: readonly string[]) => {
      const answers = await Promise.all(hosts.flatMap(host => of.flatMap(key => asks(host, key))));
      return new Set(answers.map(({ status }) => status));
    };
    expect(await statuses(keys)).toEqual(new Set([200]));
    await set('suspended');
    expect(await statuses(keys)).toEqual(new Set([403]));
    expect((await (await post(hosts.at(-1)!, keys[1]!)).json()).error).toMatchObject({
      code: 'account_suspended',
      type: 'permission_error',
    });
    expect(await statuses(other.keys)).toEqual(new Set([200]));
    await set('active');
    expect(await Promise.all(asks(hosts[0]!, keys[0]!).map(async answer => (await answer).status))).toEqual(
      Array(7).fill(200),
    );
    // On other hosts it is the change feed that tells.
    await until(async () => (await post(hosts.at(-1)!, keys[0]!)).status === 200, 5_000);
    expect(await statuses(keys)).toEqual(new Set([200]));
  });

  it('has its running streams to their end, outgrowing what was held for them, and pays for them', async () => {
    const { id, keys, set } = await tenant();
    let resume = (): void => undefined;
    const resumed = new Promise<void>(resolve => (resume = resolve));
    const words = Array.from({ length: 100 }, () => 'word '.repeat(205));
    upstream.answers(async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const [first, ...rest] = chatFrames(words, { usage: usage(10, 20_500) });
      response.write(first);
      await resumed;
      for (const frame of rest) {
        response.write(frame);
        await new Promise(resolve => setTimeout(resolve, 1));
      }
      response.end();
    });
    const stream = await post(hosts.at(-1)!, keys[0]!, undefined, { ...chat, stream: true });
    expect(stream.status).toBe(200);
    await set('suspended');
    expect((await post(hosts.at(-1)!, keys[0]!)).status).toBe(403);
    resume();
    expect(await stream.text()).toContain('data: [DONE]');
    const paid = 5_000_000 - Math.round(10 * 0.15 + 20_500 * 0.6);
    await until(async () => Math.abs((await admin('GET', `accounts/${id}`)).balance_micro_usd - paid) <= 1);
    const requestId = stream.headers.get('x-lazu-request-id');
    const { data } = await admin('GET', `requests?account_id=${id}`);
    expect(data).toMatchObject([{ id: requestId, status: 'completed', usage_source: 'provider' }]);
    await set('active');
    await until(async () => (await hosts.at(-1)!.get('/api/account', bearer(keys[0]!))).ok, 5_000);
    const standing = await (await hosts.at(-1)!.get('/api/account', bearer(keys[0]!))).json();
    expect(standing).toMatchObject({ held_micro_usd: 0 });
  });
});
