import pg from 'pg';
import { ulid } from 'ulid';
import { bootLazu, type TestLazu, type TestResponse } from '../support/boot.js';
import { FakeUpstream } from '../support/fake-upstream.js';
import { until } from '../support/usage.js';

/** Paths that name something a tenant may own, each with a test below. */
const NAMING = [
  'GET /api/usage/requests/{request_id}',
  'GET /v1/models/{id}',
  'GET /v1beta/models/{id}',
  'POST /v1beta/models/{model}:countTokens',
  'POST /v1beta/models/{model}:generateContent',
  'POST /v1beta/models/{model}:streamGenerateContent',
];

describe('no account can see, guess or time what is another’s', () => {
  let lazu: TestLazu;
  let upstream: FakeUpstream;
  let owner: Tenant;
  let stranger: Tenant;
  let colleague: Tenant;

  interface Tenant {
    readonly accountId: string;
    readonly key: string;
  }

  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    lazu = await bootLazu({ OPENAI_API_KEY: 'sk-upstream', OPENAI_BASE_URL: `${upstream.url}/v1` });
    owner = await tenant('gpt-4o');
    stranger = await tenant('gpt-4o-mini');
    const more = { name: 'colleague', allowed_models: ['gpt-4o-mini'] };
    const { key } = await lazu.admin('POST', `/api/admin/accounts/${owner.accountId}/keys`, more);
    colleague = { accountId: owner.accountId, key };
  });
  afterAll(async () => {
    await lazu.close();
    await upstream.stop();
  });

  async function tenant(model: string): Promise<Tenant> {
    const { id } = await lazu.admin('POST', '/api/admin/accounts', { name: model });
    const body = { name: 'key', allowed_models: [model], quota_micro_usd: 1_000_000, quota_period: 'month' };
    const { key } = await lazu.admin('POST', `/api/admin/accounts/${id}/keys`, body);
    return { accountId: id, key };
  }

  const send = (of: Tenant, method: string, path: string, body?: object, headers: object = {}): Promise<TestResponse> =>
    fetch(lazu.url + path, {
      method,
      headers: { authorization: `Bearer ${of.key}`, 'content-type': 'application/json', ...headers },
      body: body && JSON.stringify(body),
    });

  /** All that the caller can tell, but for the id that it asked by and what is new with every answer. */
  async function told(response: TestResponse, asked: string) {
    const ours = response.headers.get('x-lazu-request-id')!;
    const headers = [...response.headers].flatMap(([name, value]) =>
      name === 'date' ? [] : [[name, value === ours ? '<request>' : value]],
    );
    const body = (await response.text()).replaceAll(ours, '<request>').replaceAll(asked, '<asked>');
    return { status: response.status, headers, body };
  }

  const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'A secret of mine.' }] };
  async function request(): Promise<string> {
    const response = await send(owner, 'POST', '/v1/chat/completions', chat);
    expect(response.status).toBe(200);
    return response.headers.get('x-lazu-request-id')!;
  }
  /** One that nobody made, of the same moment. */
  const unknownLike = (id: string): string => id.slice(0, -16) + ulid().slice(-16);

  it('covers every path of callers that names something', async () => {
    const document = (await (await lazu.get('/openapi.json')).json()) as { paths: Record<string, object> };
    const naming = Object.entries(document.paths)
      .filter(([path]) => path.includes('{') && !path.startsWith('/api/admin/'))
      .flatMap(([path, methods]) => Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`));
    expect(naming.sort()).toEqual(NAMING);
  });

  describe.each([
    ['another account', () => stranger],
    ['another key of the same account', () => colleague],
  ])('a request, asked for by %s', (_whose, asking) => {
    async function look(id: string) {
      const begun = performance.now();
      const answer = await told(await send(asking(), 'GET', `/api/usage/requests/${id}`), id);
      return { answer, ms: performance.now() - begun };
    }

    it('is as unknown as one that nobody made, and looked for as long', async () => {
      const id = await request();
      const [theirs, nobodys] = await Promise.all([look(id), look(unknownLike(id))]);
      expect(theirs.answer).toEqual(nobodys.answer);
      expect(theirs.answer).toMatchObject({ status: 404, body: expect.stringContaining('request_not_found') });
      for (const { ms } of [theirs, nobodys]) expect(ms).toBeGreaterThanOrEqual(1_900); // both seemed to be on their way
      expect((await send(owner, 'GET', `/api/usage/requests/${id}`)).status).toBe(200);
    });

    it('is so when it is old, too', async () => {
      const id = await request();
      const old = `req_lazu_${ulid(Date.now() - 60_000)}`;
      const database = new pg.Client({ connectionString: lazu.databaseUrl });
      await database.connect();
      try {
        const age = 'UPDATE usage_records SET request_id = $2 WHERE request_id = $1';
        await until(async () => (await database.query(age, [id, old])).rowCount === 1);
      } finally {
        await database.end();
      }
      const [theirs, nobodys] = await Promise.all([look(old), look(unknownLike(old))]);
      expect(theirs.answer).toEqual(nobodys.answer);
      expect(theirs.answer.status).toBe(404);
      for (const { ms } of [theirs, nobodys]) expect(ms).toBeLessThan(1_900); // neither was waited for
      expect((await send(owner, 'GET', `/api/usage/requests/${old}`)).status).toBe(200);
    });
  });

  const anthropic = { 'anthropic-version': '2023-06-01' };
  const messages = { messages: [{ role: 'user', content: 'Hi' }] };
  const contents = { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] };
  interface Ask {
    readonly how: string;
    readonly path: (model: string) => string;
    /** Undefined: a GET. */
    readonly body?: (model: string) => object;
    readonly headers?: object;
  }
  const dialect = (model: string, verb: string): string => `/v1beta/models/${model}:${verb}`;
  it.each<Ask>([
    { how: 'read', path: model => `/v1/models/${model}` },
    { how: 'read by an SDK of Anthropic', path: model => `/v1/models/${model}`, headers: anthropic },
    { how: 'read by an SDK of Google', path: model => `/v1beta/models/${model}` },
    { how: 'called', path: () => '/v1/chat/completions', body: model => ({ ...chat, model }) },
    { how: 'streamed', path: () => '/v1/chat/completions', body: model => ({ ...chat, model, stream: true }) },
    {
      how: 'called as Anthropic’s',
      path: () => '/v1/messages',
      body: model => ({ ...messages, max_tokens: 9, model }),
    },
    { how: 'counted as Anthropic’s', path: () => '/v1/messages/count_tokens', body: model => ({ ...messages, model }) },
    { how: 'called as Google’s', path: model => dialect(model, 'generateContent'), body: () => contents },
    { how: 'streamed as Google’s', path: model => dialect(model, 'streamGenerateContent'), body: () => contents },
    { how: 'counted as Google’s', path: model => dialect(model, 'countTokens'), body: () => contents },
  ])('a model that only others may use does not exist when it is $how', async ({ path, body, headers }) => {
    const ask = async (model: string) =>
      told(await send(stranger, body ? 'POST' : 'GET', path(model), body?.(model), headers), model);
    const [theirs, nobodys] = [await ask('gpt-4o'), await ask('gpt-0o')];
    expect(theirs).toEqual(nobodys);
    expect(theirs.status).toBe(404);
  });

  it('neither lists nor sums nor what is left show anything of others', async () => {
    await request();
    const names = async (path: string) => (await (await send(stranger, 'GET', path)).json()).data;
    expect(await names('/v1/models')).toEqual([expect.objectContaining({ id: 'gpt-4o-mini' })]);
    expect(await names('/api/models/catalog')).toEqual([expect.objectContaining({ model_name: 'gpt-4o-mini' })]);
    const sums = async (of: Tenant) => (await (await send(of, 'GET', '/api/usage?group_by=key')).json()).total;
    await until(async () => (await sums(owner)).requests > 0);
    for (const other of [stranger, colleague]) expect((await sums(other)).requests).toBe(0);
    const standing = await (await send(stranger, 'GET', '/api/account')).json();
    expect(standing).toMatchObject({ account_id: stranger.accountId, quota: { used_micro_usd: 0 } });
    const filtered = await send(stranger, 'GET', `/api/usage?account_id=${owner.accountId}`);
    expect(filtered.status).toBe(400);
  });

  it('a caller’s key opens nothing of the admin API, whoever is asked about', async () => {
    const look = async (id: string) => told(await send(stranger, 'GET', `/api/admin/accounts/${id}`), id);
    const theirs = await look(owner.accountId);
    expect(theirs).toEqual(await look(`acct_${ulid()}`));
    expect(theirs.status).toBe(401);
  });
});
