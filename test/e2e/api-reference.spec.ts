import { Validator } from '@seriousme/openapi-schema-validator';
import { operations } from '../../src/api-reference/operations/index.js';
import { inferenceOperations } from '../../src/api-reference/operations/inference.js';
import { ERROR_CODES } from '../../src/errors.js';
import { ApiContract } from '../support/api-contract.js';
import { bootLazu, type TestLazu } from '../support/boot.js';
import { FakeStripe } from '../support/fake-stripe.js';
import { eventOf, SECRET, session, sign } from '../support/stripe-events.js';
import { message } from '../support/fake-anthropic.js';
import { answerJson, FakeUpstream } from '../support/fake-upstream.js';
import { routesOf } from '../support/routes.js';

describe('the API reference', () => {
  let lazu: TestLazu;
  let upstream: FakeUpstream;
  let stripe: FakeStripe;
  let api: ApiContract;
  beforeAll(async () => {
    upstream = await FakeUpstream.start();
    stripe = await FakeStripe.start();
    lazu = await bootLazu({
      ANTHROPIC_API_KEY: 'sk-ant-upstream',
      ANTHROPIC_BASE_URL: upstream.url,
      BILLING: 'prepaid',
      STRIPE_SECRET_KEY: 'sk_test_fake',
      STRIPE_WEBHOOK_SECRET: SECRET,
      STRIPE_SUCCESS_URL: 'https://shop.example/paid',
      STRIPE_BASE_URL: stripe.url,
    });
    const [{ id }] = (await lazu.admin('GET', '/api/admin/accounts')).data;
    const plenty = { amount_micro_usd: 1_000_000_000, reference: 'start' };
    await lazu.admin('POST', `/api/admin/accounts/${id}/topups`, plenty);
    api = new ApiContract((await (await lazu.get('/openapi.json')).json()) as Record<string, any>);
  });
  afterAll(async () => {
    await lazu.close();
    await upstream.stop();
    await stripe.stop();
  });

  const chat = { model: 'lazu/sandbox', messages: [{ role: 'user', content: 'Hello!' }] };

  /** Calls, judges the answer by the document, and gives it back. */
  async function call(method: string, path: string, body?: unknown, key?: string, headers = {}): Promise<any> {
    const isAdmin = path.startsWith('/api/admin');
    const response = await fetch(lazu.url + path, {
      method,
      headers: {
        authorization: `Bearer ${key ?? (isAdmin ? lazu.adminKey : lazu.apiKey)}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    const answer: unknown = type.includes('json') ? JSON.parse(text) : text;
    api.judge(method, path, response.status, type, answer);
    expect(response.headers.get('x-lazu-request-id')).toMatch(/^req_lazu_/);
    return answer;
  }

  describe('/openapi.json', () => {
    it('is OpenAPI 3.1 by its meta schema', async () => {
      expect(api.document['openapi']).toBe('3.1.0');
      expect(await new Validator().validate(structuredClone(api.document))).toEqual({ valid: true });
    });

    it('holds every route that Express has and every one of the inference mount, all described', () => {
      const expected = routesOf(lazu.app).filter(route => route !== 'GET /api-reference/{asset}');
      expect(expected.length).toBeGreaterThan(30);
      expect([...api.operations].sort()).toEqual([...expected, ...Object.keys(inferenceOperations)].sort());
      expect([...expected].sort()).toEqual(Object.keys(operations).sort());
    });

    it('says which role each management route needs, and how each route takes its key', () => {
      for (const name of api.operations) {
        const [method = '', path = ''] = name.split(' ');
        const operation = api.document['paths'][path][method.toLowerCase()];
        const schemes = (operation.security ?? []).flatMap((scheme: object) => Object.keys(scheme));
        if (path.startsWith('/api/admin')) {
          expect({ name, schemes }).toEqual({ name, schemes: ['adminBearer'] });
          expect(['viewer', 'admin', 'owner']).toContain(operation['x-lazu-role']);
        } else if (path.startsWith('/api/payments/')) {
          expect({ name, schemes }).toEqual({ name, schemes: ['paymentsSignature'] });
        } else if (/^\/(v1|v1beta|api)\//.test(path)) {
          expect({ name, schemes }).toMatchObject({ name, schemes: expect.arrayContaining(['callerXGoogApiKey']) });
        } else expect({ name, schemes }).toEqual({ name, schemes: [] });
      }
    });

    it('names every error code of the contract', () => {
      expect(api.document['components'].schemas.Error.properties.error.properties.code.enum).toEqual(ERROR_CODES);
    });

    it('has bodies and queries as the DTOs check them', () => {
      const { schemas } = api.document['components'];
      expect(schemas.CreateKeyDto).toMatchObject({
        required: ['name'],
        additionalProperties: false,
        properties: {
          name: { type: 'string', minLength: 1, maxLength: 200 },
          expires_at: { type: ['string', 'null'], format: 'date-time' },
          allowed_models: { type: ['array', 'null'], items: { type: 'string' } },
          lanes: { additionalProperties: { enum: ['direct', 'cheap', 'auto'] } },
        },
      });
      expect(schemas.CreateChannelDto.properties.models.items).toEqual({
        $ref: '#/components/schemas/ChannelModelDto',
      });
      expect(api.document['paths']['/api/admin/accounts'].get.parameters).toContainEqual(
        expect.objectContaining({
          name: 'limit',
          in: 'query',
          required: false,
          schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
        }),
      );
    });
  });

  describe('real answers are as it says', () => {
    it('inference, whole and streamed', async () => {
      const weather = { type: 'function', function: { name: 'weather', parameters: { type: 'object' } } };
      await call('POST', '/v1/chat/completions', chat);
      await call('POST', '/v1/chat/completions', { ...chat, tools: [weather], tool_choice: 'required' });
      await call('POST', '/v1/chat/completions', { ...chat, reasoning_effort: 'low', n: 2, logprobs: true });
      for (const more of [{}, { tools: [weather], tool_choice: 'required' }, { reasoning_effort: 'low' }]) {
        const body = { ...chat, ...more, stream: true, stream_options: { include_usage: true } };
        const text = (await call('POST', '/v1/chat/completions', body)) as string;
        const events = text.split('\n\n').filter(event => event.startsWith('data: {'));
        expect(events.length).toBeGreaterThan(2);
        for (const event of events) api.judgeAs('ChatCompletionChunk', JSON.parse(event.slice('data: '.length)));
      }
    });

    it('the dialect of Anthropic', async () => {
      const asked = { model: 'claude-sonnet-4-5', messages: chat.messages };
      upstream.answers(answerJson(message([{ type: 'text', text: 'Hello!' }])));
      await call('POST', '/v1/messages', { ...asked, max_tokens: 9 });
      upstream.answers(answerJson({ input_tokens: 9 }));
      await call('POST', '/v1/messages/count_tokens', asked);
      await call('POST', '/v1/messages', asked);
      await call('POST', '/v1/messages', { ...asked, model: 'nobody/knows', max_tokens: 9 });
      await call('POST', '/v1/messages', '{');
      const thinking = { type: 'enabled', budget_tokens: 2048 };
      api.judgeAs('MessagesRequest', { ...asked, max_tokens: 9, thinking, tools: [{ name: 'f', input_schema: {} }] });
    });

    it('the dialect of Gemini', async () => {
      const asked = { contents: [{ role: 'user', parts: [{ text: 'Hello!' }] }] };
      const path = '/v1beta/models/lazu/sandbox';
      api.judgeAs('GenerateContentRequest', { ...asked, generationConfig: { topK: 40, thinkingConfig: {} } });
      await call('POST', `${path}:generateContent`, asked);
      await call('POST', `${path}:generateContent`, { ...asked, generationConfig: { temperature: 9 } });
      await call('POST', `${path}:streamGenerateContent`, asked);
      await call('POST', `${path}:streamGenerateContent?alt=sse`, asked);
      await call('POST', `${path}:countTokens`, asked);
      await call('POST', '/v1beta/models/nobody/knows:generateContent', asked);
      await call('GET', '/v1beta/models?pageSize=1');
      await call('GET', '/v1beta/models/lazu/sandbox');
      await call('GET', '/v1beta/models/nobody/knows');
    });

    it('what it takes, the sandbox takes', () => {
      const body = { ...chat, temperature: 1, stop: ['x'], tools: null, stream_options: { include_usage: true } };
      api.judgeAs('ChatRequest', body);
      expect(() => api.judgeAs('ChatRequest', { ...chat, n: 9 })).toThrow();
    });

    it('self-service', async () => {
      const response = await lazu.post('/v1/chat/completions', chat);
      await response.text();
      await call('GET', `/api/usage/requests/${response.headers.get('x-lazu-request-id')}`);
      await call('GET', '/api/usage?group_by=model');
      await call('GET', '/api/account');
      await call('GET', '/v1/models');
      await call('GET', '/v1/models/lazu/sandbox');
      await call('GET', '/api/models/catalog');
      const anthropic = { 'anthropic-version': '2023-06-01' };
      api.judgeAs('AnthropicModelList', await (await lazu.get('/v1/models', anthropic)).json());
      api.judgeAs('AnthropicModel', await (await lazu.get('/v1/models/lazu%2Fsandbox', anthropic)).json());
    });

    it('accounts, money and keys', async () => {
      const { id } = await call('POST', '/api/admin/accounts', { name: 'acme', rpm: 100 });
      await call('GET', '/api/admin/accounts?limit=1');
      await call('GET', `/api/admin/accounts/${id}`);
      await call('PATCH', `/api/admin/accounts/${id}`, { tpm: 1000 });
      await call('POST', `/api/admin/accounts/${id}/topups`, { amount_micro_usd: 5_000_000, reference: 'r1' });
      await call('POST', `/api/admin/accounts/${id}/adjustments`, { amount_micro_usd: -1, reference: 'r2', note: 'n' });
      await call('GET', `/api/admin/accounts/${id}/ledger`);
      await call('GET', '/api/admin/ledger/check');
      const key = await call('POST', `/api/admin/accounts/${id}/keys`, {
        name: 'k',
        quota_micro_usd: 10,
        quota_period: 'day',
        expires_at: '2100-01-01T00:00:00Z',
        lanes: { openai: 'auto' },
        labels: { team: 'a' },
      });
      await call('GET', `/api/admin/accounts/${id}/keys`);
      await call('GET', `/api/admin/keys/${key.id}`);
      await call('PATCH', `/api/admin/keys/${key.id}`, { allowed_models: ['lazu/sandbox'], ip_allowlist: ['::/0'] });
      await call('GET', '/api/account', undefined, key.key);
      await call('DELETE', `/api/admin/keys/${key.id}`);
      const adminKey = await call('POST', '/api/admin/admin-keys', { name: 'v', role: 'viewer' });
      await call('GET', '/api/admin/admin-keys');
      await call('POST', '/api/admin/accounts', { name: 'no' }, adminKey.key);
      await call('DELETE', `/api/admin/admin-keys/${adminKey.id}`);
      await call('GET', '/api/admin/audit');
    });

    it('paying', async () => {
      const { id } = await call('POST', '/api/admin/accounts', { name: 'paying' });
      await call('POST', '/api/account/checkout', { amount_micro_usd: 5_000_000 });
      await call('POST', '/api/account/checkout', { amount_micro_usd: 5_000_001 });
      await call('POST', `/api/admin/accounts/${id}/checkout`, { amount_micro_usd: 5_000_000 });
      await call('POST', '/api/admin/accounts/acct_1/checkout', { amount_micro_usd: 5_000_000 });
      const webhook = (event: string, signature: string) =>
        call('POST', '/api/payments/stripe/webhook', event, undefined, { 'stripe-signature': signature });
      const event = JSON.stringify(eventOf('checkout.session.completed', session(id)));
      expect(await webhook(event, sign(event))).toMatchObject({ outcome: 'booked' });
      await webhook(event, 'forged');
      await call('GET', `/api/admin/accounts/${id}/ledger`);
    });

    it('budget alerts and webhooks', async () => {
      const { id } = await call('POST', '/api/admin/accounts', { name: 'watched' });
      const budget = { kind: 'spend_reached', threshold_micro_usd: 5, period: 'month' };
      const alert = await call('POST', `/api/admin/accounts/${id}/alerts`, budget);
      await call('GET', `/api/admin/accounts/${id}/alerts`);
      await call('GET', `/api/admin/alerts/${alert.id}`);
      await call('PATCH', `/api/admin/alerts/${alert.id}`, { threshold_micro_usd: 6, enabled: false });
      await call('DELETE', `/api/admin/alerts/${alert.id}`);
      upstream.answers(answerJson({ thanks: true }));
      const webhook = await call('POST', '/api/admin/webhooks', { name: 'ops', url: upstream.url, account_id: id });
      await call('GET', '/api/admin/webhooks');
      await call('GET', `/api/admin/webhooks/${webhook.id}`);
      await call('PATCH', `/api/admin/webhooks/${webhook.id}`, { events: ['budget.balance_below'] });
      await call('POST', `/api/admin/webhooks/${webhook.id}/test`);
      await call('GET', `/api/admin/webhooks/${webhook.id}/deliveries`);
      await call('DELETE', `/api/admin/webhooks/${webhook.id}`);
    });

    it('catalog', async () => {
      const name = 'acme/large';
      await call('PUT', `/api/admin/models/${name}`, { vendor_id: 'acme', aliases: ['large'] });
      await call('PUT', `/api/admin/models/${name}/prices/direct`, {
        input_per_mtok: '0.5',
        output_per_mtok: 2,
        tiers: [{ above_input_tokens: 200_000, input_per_mtok: 1 }],
        service_tiers: { flex: { output_per_mtok: 1 } },
      });
      await call('PUT', '/api/admin/price-rules/anthropic/cheap', { factor: '0.5' });
      await call('GET', '/api/admin/price-rules?limit=1');
      await call('PUT', '/api/admin/price-rules/nobody/cheap', { factor: '0.5' });
      await call('PUT', '/api/admin/price-rules/acme/cheap', { factor: 0 });
      await call('DELETE', '/api/admin/price-rules/anthropic/cheap');
      await call('GET', '/api/admin/prices/sync');
      await call('POST', '/api/admin/prices/sync', { models: ['lazu/sandbox'], accept: [] });
      await call('POST', '/api/admin/prices/sync', { models: ['nobody/knows'] });
      await call('GET', '/api/admin/models?limit=2');
      await call('GET', `/api/admin/models/${name}`);
      await call('DELETE', `/api/admin/models/${name}/prices/direct`);
      await call('DELETE', `/api/admin/models/${name}/prices/direct`);
      const channel = await call('POST', '/api/admin/channels', {
        name: 'mine',
        provider: 'sandbox',
        models: [{ model: name }, { model: 'lazu/sandbox' }],
      });
      await call('GET', '/api/admin/channels');
      await call('GET', `/api/admin/channels/${channel.id}`);
      await call('PATCH', `/api/admin/channels/${channel.id}`, { weight: 5, credential: 'secret' });
      await call('POST', `/api/admin/channels/${channel.id}/test`, {});
      await call('GET', '/api/models/catalog');
      await call('DELETE', `/api/admin/channels/${channel.id}`);
      await call('DELETE', `/api/admin/models/${name}`);
    });

    it('records of everybody', async () => {
      const id = (await lazu.post('/v1/chat/completions', { ...chat, metadata: { sandbox: '500' } })).headers.get(
        'x-lazu-request-id',
      );
      await lazu.record(id);
      for (let found = false; !found;) {
        const { data } = await call('GET', '/api/admin/requests?limit=100');
        found = data.some((request: { id: string }) => request.id === id);
      }
      await call('GET', '/api/admin/usage?group_by=day,account,key,model,lane,label:team');
      await call('GET', '/api/admin/usage?label=team:web');
    });

    it('pages for operators and this reference itself', async () => {
      for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json', '/api-reference'])
        await call('GET', path);
      for (const path of ['/llms.txt', '/llms-full.txt']) await call('GET', path);
    });

    it('errors, of every kind of route', async () => {
      const noKey = 'sk-lazu-unknown';
      await call('POST', '/v1/chat/completions', chat, noKey);
      await call('POST', '/v1/chat/completions', '{');
      await call('POST', '/v1/chat/completions', { ...chat, model: 'nobody/knows' });
      await call('POST', '/v1/chat/completions', { ...chat, temperature: 9 });
      await call('POST', '/v1/chat/completions', { ...chat, conversation: 'c' });
      for (const fault of ['429', '500']) {
        await call('POST', '/v1/chat/completions', { ...chat, metadata: { sandbox: fault } });
      }
      await call('GET', '/v1/models/nobody/knows');
      await call('GET', '/api/usage/requests/req_lazu_nothing');
      await call('GET', '/api/account', undefined, noKey);
      await call('GET', '/api/usage?group_by=weather');
      await call('GET', '/api/admin/accounts', undefined, noKey);
      await call('GET', '/api/admin/accounts/acct_1');
      await call('POST', '/api/admin/accounts', '{');
      await call('POST', '/api/admin/accounts', { name: 1 });
      await call('POST', '/api/admin/accounts', { name: 'a', weather: 1 });
      await call('GET', '/api/admin/accounts?limit=1000');
    });

    it('and nothing it describes was left untried', () => {
      expect(api.operations.filter(operation => !api.seen.has(operation))).toEqual([]);
    });
  });

  describe('/api-reference', () => {
    it('comes whole from this host, under a policy that allows nothing else', async () => {
      const page = await fetch(`${lazu.url}/api-reference`);
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
      const html = await page.text();
      expect(html).not.toMatch(/https?:\/\//);
      const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(match => match[1]!);
      expect(assets).toHaveLength(4);
      for (const asset of assets) {
        const response = await fetch(lazu.url + asset);
        expect({ asset, status: response.status }).toEqual({ asset, status: 200 });
        expect(response.headers.get('content-type')).toMatch(/css|javascript|png/);
        expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(100);
      }
    });

    it.each(['package.json', '..%2Fpackage.json', 'index.html'])('serves no other file: %s', async asset => {
      const response = await lazu.get(`/api-reference/${asset}`);
      expect(response.status).toBe(404);
      expect((await response.json()).error.code).toBe('not_found');
    });
  });

  describe('for language models', () => {
    it('/llms.txt names every endpoint, /llms-full.txt every field and error', async () => {
      const short = await (await fetch(`${lazu.url}/llms.txt`)).text();
      for (const operation of api.operations) expect(short).toContain(`- \`${operation}\`: `);
      const full = await (await fetch(`${lazu.url}/llms-full.txt`)).text();
      for (const operation of api.operations) expect(full).toContain(`### ${operation}\n`);
      for (const code of ERROR_CODES) expect(full).toMatch(new RegExp(`^\\| \\d{3} \\| \`\\w+\` \\| \`${code}\``, 'm'));
      expect(full).toContain('- `messages`: ChatMessage[]');
      expect(full).not.toContain('undefined');
    });
  });
});
