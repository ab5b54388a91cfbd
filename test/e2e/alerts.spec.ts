import { bootLazu, type TestLazu } from '../support/boot.js';
import { answerJson, chatAnswer, FakeUpstream, usage } from '../support/fake-upstream.js';
import { until } from '../support/usage.js';
import { verified } from '../support/webhooks.js';

/** gpt-4o-mini: 0.15 and 0.60 USD per million tokens, so an answer of 1,000 tokens costs 600 microUSD and one and a half. */
const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Say hello' }], max_tokens: 1_000 };
const CHARGE = 602;

describe('an operator who wants to be told when money runs low', () => {
  let lazu: TestLazu;
  let beside: TestLazu;
  let upstream: FakeUpstream;
  let receiver: FakeUpstream;

  beforeAll(async () => {
    [upstream, receiver] = [await FakeUpstream.start(), await FakeUpstream.start()];
    upstream.answers(answerJson(chatAnswer('Hello!', { usage: usage(10, 1_000) })));
    const environment = {
      BILLING: 'prepaid',
      OPENAI_API_KEY: 'sk-operators-secret',
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      ENCRYPTION_KEY: 'ab'.repeat(32),
    };
    lazu = await bootLazu(environment);
    beside = await bootLazu(environment, lazu);
  });
  afterAll(async () => {
    await beside.close();
    await lazu.close();
    await receiver.stop();
    await upstream.stop();
  });
  beforeEach(() => receiver.answers(answerJson({ ok: true })));

  const admin = (method: string, path: string, body?: object) => lazu.admin(method, `/api/admin/${path}`, body);
  const ask = async (key: string) => {
    const response = await lazu.post('/v1/chat/completions', chat, { authorization: `Bearer ${key}` });
    expect(response.status).toBe(200);
  };
  async function tenant(key: object = {}) {
    const { id } = await admin('POST', 'accounts', { name: 'tenant' });
    await admin('POST', `accounts/${id}/topups`, { amount_micro_usd: 5_000_000, reference: 'first' });
    const made = await admin('POST', `accounts/${id}/keys`, { name: 'k', ...key });
    const hook = await admin('POST', 'webhooks', { name: 'ops', url: `${receiver.url}/lazu`, account_id: id });
    return { id: id as string, keyId: made.id as string, key: made.key as string, hook };
  }
  const heard = (secret: string) => receiver.seen.map(seen => verified(secret, seen));

  it('hears of a balance, of spending and of a quota, signed, once each, whichever host looks', async () => {
    const { id, key, keyId, hook } = await tenant({ quota_micro_usd: 3 * CHARGE, quota_period: 'day' });
    const alerts = [
      { kind: 'balance_below', threshold_micro_usd: 5_000_000 - CHARGE },
      { kind: 'spend_reached', threshold_micro_usd: 2 * CHARGE, period: 'month' },
      { kind: 'key_quota_used', key_id: keyId, threshold_percent: 66 },
    ];
    for (const alert of alerts) await admin('POST', `accounts/${id}/alerts`, alert);
    await ask(key);
    await until(async () => (await lazu.get('/api/usage', { authorization: `Bearer ${key}` })).ok);
    await ask(key);
    await until(() => receiver.seen.length >= 3);
    const spent = { account_id: id, spent_micro_usd: 2 * CHARGE, balance_micro_usd: null };
    const events = heard(hook.secret).map(({ event }) => event);
    expect(events.sort((one, other) => (one.type < other.type ? -1 : 1))).toMatchObject([
      { type: 'budget.balance_below', data: { account_id: id, balance_micro_usd: 5_000_000 - 2 * CHARGE } },
      { type: 'budget.key_quota_used', data: { ...spent, key_id: keyId, quota_micro_usd: 3 * CHARGE, period: 'day' } },
      { type: 'budget.spend_reached', data: { ...spent, key_id: null, period: 'month' } },
    ]);
    await admin('POST', `accounts/${id}/adjustments`, { amount_micro_usd: -1, reference: 'less' });
    const { data } = await admin('GET', `accounts/${id}/alerts`);
    expect(data.map((alert: any) => [alert.kind, alert.crossed])).toEqual(
      alerts.map(({ kind }) => [kind, true]).reverse(),
    );
    await new Promise(resolve => setTimeout(resolve, 1_000));
    expect(receiver.seen).toHaveLength(3);
    const sent = await beside.admin('GET', `/api/admin/webhooks/${hook.id}/deliveries?limit=2`);
    expect(sent).toMatchObject({ has_more: true, data: [{ status: 'delivered', attempts: 1, last_status: 200 }, {}] });
  });

  it('hears of it later when the receiver was down, and is shown why', async () => {
    const { id, hook } = await tenant();
    receiver.answers(answerJson({ error: 'deploying' }, 502), answerJson({ ok: true }));
    await admin('POST', `accounts/${id}/alerts`, { kind: 'balance_below', threshold_micro_usd: 1_000 });
    await admin('POST', `accounts/${id}/adjustments`, { amount_micro_usd: -4_999_500, reference: 'correction' });
    const delivery = async () => (await admin('GET', `webhooks/${hook.id}/deliveries`)).data[0];
    await until(async () => (await delivery())?.last_status === 502);
    expect(await delivery()).toMatchObject({ status: 'pending', last_error: '{"error":"deploying"}', attempts: 1 });
    await until(async () => (await delivery()).status === 'delivered', 25_000);
    const [first, second] = heard(hook.secret);
    expect(second).toEqual(first);
    expect(first!.event.data).toMatchObject({ account_id: id, balance_micro_usd: 500, threshold_micro_usd: 1_000 });
  }, 40_000);

  it('is shown the secret once, can try it, and reads who did what', async () => {
    const { hook } = await tenant();
    expect(hook.secret).toMatch(/^whsec_[\w+/]{43}=$/);
    expect(await admin('GET', `webhooks/${hook.id}`)).not.toHaveProperty('secret');
    const test = await beside.admin('POST', `/api/admin/webhooks/${hook.id}/test`);
    expect(test).toMatchObject({ ok: true, status: 200, answer: '{"ok":true}' });
    expect(heard(hook.secret)).toMatchObject([{ id: test.event_id, event: { type: 'webhook.test' } }]);
    await admin('PATCH', `webhooks/${hook.id}`, { enabled: false });
    await admin('DELETE', `webhooks/${hook.id}`);
    const { data } = await admin('GET', `audit?target_id=${hook.id}`);
    expect(data.map((event: any) => event.action)).toEqual(['webhook.delete', 'webhook.update', 'webhook.create']);
    expect(JSON.stringify(data)).not.toMatch(/whsec|secret/);
  });

  it('may only look with a viewer’s key', async () => {
    const { id, hook } = await tenant();
    const { key } = await admin('POST', 'admin-keys', { name: 'v', role: 'viewer' });
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const call = async (method: string, path: string, body?: object) =>
      (await fetch(`${lazu.url}/api/admin/${path}`, { method, headers, body: body && JSON.stringify(body) })).status;
    for (const path of ['webhooks', `webhooks/${hook.id}`, `webhooks/${hook.id}/deliveries`, `accounts/${id}/alerts`]) {
      expect(await call('GET', path)).toBe(200);
    }
    const alert = { kind: 'balance_below', threshold_micro_usd: 1 };
    expect(await call('POST', `accounts/${id}/alerts`, alert)).toBe(403);
    expect(await call('POST', 'webhooks', { name: 'w', url: receiver.url })).toBe(403);
    expect(await call('POST', `webhooks/${hook.id}/test`)).toBe(403);
    expect(await call('PATCH', `webhooks/${hook.id}`, { enabled: false })).toBe(403);
    expect(await call('DELETE', `webhooks/${hook.id}`)).toBe(403);
    expect(receiver.seen).toHaveLength(0);
  });

  it.each<[string, object, number, string, string | null]>([
    ['webhooks', { name: 'w', url: 'ftp://a.example/' }, 422, 'invalid_value', 'url'],
    ['webhooks', { name: 'w', url: 'https://user:secret@a.example/' }, 422, 'invalid_value', 'url'],
    ['webhooks', { name: 'w', url: 'https://a.example/', events: ['no.such'] }, 422, 'invalid_value', 'events'],
    ['webhooks', { name: 'w', url: 'https://a.example/', account_id: 'acct_none' }, 404, 'not_found', 'account_id'],
    ['webhooks', { name: 'w', url: 'https://a.example/', secret: 'mine' }, 400, 'unsupported_parameter', 'secret'],
    ['accounts/acct_none/alerts', { kind: 'balance_below', threshold_micro_usd: 1 }, 404, 'not_found', null],
    ['accounts/:id/alerts', { kind: 'weather' }, 422, 'invalid_value', 'kind'],
    ['accounts/:id/alerts', { kind: 'balance_below' }, 400, 'missing_required_parameter', 'threshold_micro_usd'],
    ['accounts/:id/alerts', { kind: 'balance_below', threshold_micro_usd: 0 }, 422, 'invalid_value', 'threshold_micro_usd'], // prettier-ignore
    ['accounts/:id/alerts', { kind: 'key_quota_used', key_id: 'key_none', threshold_percent: 5 }, 404, 'not_found', 'key_id'], // prettier-ignore
    ['accounts/:id/alerts', { kind: 'key_quota_used', key_id: 'k', threshold_percent: 101 }, 422, 'invalid_value', 'threshold_percent'], // prettier-ignore
  ])('POST %s with %j is refused', async (path, body, status, code, param) => {
    const { id } = path.includes(':id') ? await tenant() : { id: '' };
    const made = admin('POST', path.replace(':id', id), body);
    await expect(made).rejects.toThrow(`answered ${status}`);
    await expect(made).rejects.toThrow(`"code":"${code}","param":${JSON.stringify(param)}`);
  });

  it('cannot watch another account’s key, nor a balance where there are none', async () => {
    const [one, other] = [await tenant(), await tenant()];
    const alert = { kind: 'key_quota_used', key_id: other.keyId, threshold_percent: 50 };
    await expect(admin('POST', `accounts/${one.id}/alerts`, alert)).rejects.toThrow('answered 404');
    const free = await bootLazu();
    try {
      const [{ id }] = (await free.admin('GET', '/api/admin/accounts')).data;
      const balance = { kind: 'balance_below', threshold_micro_usd: 1 };
      const made = free.admin('POST', `/api/admin/accounts/${id}/alerts`, balance);
      await expect(made).rejects.toThrow('BILLING=off');
    } finally {
      await free.close();
    }
  });
});
