import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { FakeUpstream, neverAnswers } from '../support/fake-upstream.js';
import { until } from '../support/usage.js';

/** Accepts connections, and says nothing: a handshake with it never ends. */
class SilentHost {
  readonly sockets: Socket[] = [];
  readonly #server: Server = createServer(socket => void this.sockets.push(socket.on('error', () => undefined)));

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
  }
}

describe('a caller who leaves', () => {
  let lazu: TestLazu;
  let upstream: FakeUpstream;
  const silent = new SilentHost();
  let image: string;

  beforeAll(async () => {
    [upstream, image] = await Promise.all([FakeUpstream.start(), silent.start()]);
    lazu = await bootLazu({
      FETCH_ALLOW: '127.0.0.1',
      LEAVE_GRACE_MS: '200',
      GEMINI_API_KEY: 'x',
      GEMINI_BASE_URL: upstream.url,
      ANTHROPIC_API_KEY: 'x',
      ANTHROPIC_BASE_URL: upstream.url,
    });
  });
  afterAll(async () => {
    await lazu.close();
    await upstream.stop();
    silent.stop();
  });

  const askAndLeave = async (path: string, body: object, isUnderWay: () => boolean): Promise<void> => {
    const leave = new AbortController();
    const headers = { authorization: `Bearer ${lazu.apiKey}`, 'content-type': 'application/json' };
    const asked = fetch(lazu.url + path, { method: 'POST', body: JSON.stringify(body), headers, signal: leave.signal });
    asked.catch(() => undefined);
    await until(isUnderWay);
    leave.abort();
  };

  it('trap 2: before the vendor was asked for anything pays nothing', async () => {
    const content = [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: `${image}/slow.png` } },
    ];
    const body = { model: 'gemini-2.5-flash', stream: true, messages: [{ role: 'user', content }] };
    upstream.answers(neverAnswers);
    await askAndLeave('/v1/chat/completions', body, () => silent.sockets.length > 0);
    const found = async () => (await lazu.admin('GET', '/api/admin/requests?model=gemini-2.5-flash')).data;
    await until(async () => (await found()).length === 1, 10_000);
    expect(upstream.seen).toEqual([]);
    expect((await found())[0]).toMatchObject({
      status: 'left',
      usage_source: 'none',
      dimensions: [],
      charge_micro_usd: 0,
    });
  });

  it('a question for a number of tokens, which is free, pays nothing when the host shuts down', async () => {
    const vendor = { ANTHROPIC_API_KEY: 'x', ANTHROPIC_BASE_URL: upstream.url };
    const host = await bootLazu({ ...vendor, LEAVE_GRACE_MS: '200', DRAIN_MS: '200' }, lazu);
    const body = { model: 'claude-haiku-4-5-20251001', messages: [{ role: 'user', content: 'How many?' }] };
    const leave = new AbortController();
    const headers = { authorization: `Bearer ${lazu.apiKey}`, 'content-type': 'application/json' };
    const path = `${host.url}/v1/messages/count_tokens`;
    upstream.answers(neverAnswers);
    fetch(path, { method: 'POST', body: JSON.stringify(body), headers, signal: leave.signal }).catch(() => undefined);
    await until(() => upstream.seen.length === 1);
    leave.abort();
    await host.close();
    const found = async () => (await lazu.admin('GET', `/api/admin/requests?model=${body.model}`)).data;
    await until(async () => (await found()).length === 1, 10_000);
    expect((await found())[0]).toMatchObject({ endpoint: '/v1/messages/count_tokens', charge_micro_usd: 0 });
  });
});
