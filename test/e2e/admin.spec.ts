import { jest } from '@jest/globals';
import { mintKey } from '../../src/auth/key-format.js';
import { bootLazu } from '../support/boot.js';
import { createTestDatabase } from '../support/database.js';
import { DatabaseLink } from '../support/database-link.js';

type Booted = Awaited<ReturnType<typeof bootLazu>>;

describe('admin API', () => {
  let lazu: Booted;
  let accountId: string;
  beforeAll(async () => {
    lazu = await bootLazu();
    accountId = (await call('GET', 'accounts')).body.data[0].id;
  });
  afterAll(() => lazu.close());

  async function call(method: string, path: string, body?: unknown, key: string | null = lazu.adminKey) {
    const response = await fetch(`${lazu.url}/api/admin/${path}`, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
  }

  const completion = {
    method: 'POST',
    body: JSON.stringify({ model: 'lazu/sandbox', messages: [{ role: 'user', content: 'hi' }] }),
  };

  /** What a caller with this key is answered. */
  async function chat(key: string, url = lazu.url) {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const response = await fetch(`${url}/v1/chat/completions`, { ...completion, headers });
    const body = (await response.json()) as { error?: { code: string } };
    return { status: response.status, code: body.error?.code, retryAfter: response.headers.get('retry-after') };
  }

  const refusal = (status: number, code: string, param: string | null = null) => ({
    status,
    body: {
      error: {
        message: expect.any(String),
        type: expect.any(String),
        code,
        param,
        request_id: expect.stringMatching(/^req_lazu_/),
      },
    },
  });

  describe('who may', () => {
    it.each<[string, () => string | null]>([
      ['no key', () => null],
      ['an unknown admin key', () => mintKey('sk-lazu-admin-').key],
      ['a caller key', () => lazu.apiKey],
      ['a malformed key', () => 'sk-lazu-admin-short'],
    ])('%s: 401 invalid_api_key', async (_, key) => {
      expect(await call('GET', 'accounts', undefined, key())).toMatchObject(refusal(401, 'invalid_api_key'));
    });

    it('?key= and the vendors’ headers are not accepted', async () => {
      const query = await fetch(`${lazu.url}/api/admin/accounts?key=${lazu.adminKey}`);
      const header = await fetch(`${lazu.url}/api/admin/accounts`, { headers: { 'x-api-key': lazu.adminKey } });
      expect([query.status, header.status]).toEqual([401, 401]);
    });

    it('an admin key opens no caller endpoint', async () => {
      expect(await chat(lazu.adminKey)).toMatchObject({ status: 401, code: 'invalid_api_key' });
    });

    it('viewers read, admins change, owners make admin keys', async () => {
      const make = async (role: string) =>
        (await call('POST', 'admin-keys', { name: role, role })).body as { id: string; key: string };
      const [viewer, admin] = [await make('viewer'), await make('admin')];
      expect((await call('GET', 'accounts', undefined, viewer.key)).status).toBe(200);
      expect((await call('GET', 'audit', undefined, viewer.key)).status).toBe(200);
      expect(await call('POST', 'accounts', { name: 'x' }, viewer.key)).toMatchObject(refusal(403, 'forbidden'));
      expect((await call('POST', 'accounts', { name: 'x' }, admin.key)).status).toBe(201);
      expect(await call('GET', 'admin-keys', undefined, admin.key)).toMatchObject(refusal(403, 'forbidden'));
      expect(await call('DELETE', `admin-keys/${viewer.id}`)).toMatchObject({
        status: 200,
        body: { id: viewer.id, object: 'admin_key', deleted: true },
      });
      expect(await call('GET', 'accounts', undefined, viewer.key)).toMatchObject(refusal(401, 'invalid_api_key'));
    });

    it('admin keys are listed without their secret; the last owner stays', async () => {
      const { body } = await call('GET', 'admin-keys');
      const owner = body.data.find((key: { role: string }) => key.role === 'owner');
      expect(owner).toMatchObject({
        object: 'admin_key',
        prefix: lazu.adminKey.slice(0, 18),
        last4: lazu.adminKey.slice(-4),
      });
      expect(JSON.stringify(body)).not.toContain(lazu.adminKey);
      expect(await call('DELETE', `admin-keys/${owner.id}`)).toMatchObject(refusal(409, 'conflict'));
    });
  });

  describe('accounts', () => {
    it('are made, read, changed and cleared', async () => {
      const made = await call('POST', 'accounts', { name: 'acme', rpm: 10, tier: '2' });
      expect(made).toMatchObject({
        status: 201,
        body: {
          object: 'account',
          name: 'acme',
          status: 'active',
          tier: '2',
          rpm: 10,
          tpm: null,
          balance_micro_usd: 0,
        },
      });
      const path = `accounts/${made.body.id}`;
      expect((await call('PATCH', path, { rpm: null, tpm: 500 })).body).toMatchObject({
        name: 'acme',
        rpm: null,
        tpm: 500,
        tier: '2',
      });
      expect((await call('GET', path)).body).toMatchObject({ rpm: null, tpm: 500 });
      expect(await call('GET', 'accounts/acct_none')).toMatchObject(refusal(404, 'not_found'));
    });

    it.each<[unknown, number, string, string | null]>([
      [{}, 400, 'missing_required_parameter', 'name'],
      [{ name: 5 }, 400, 'invalid_request', 'name'],
      [{ name: '' }, 422, 'invalid_value', 'name'],
      [{ name: 'a', rpm: '5' }, 400, 'invalid_request', 'rpm'],
      [{ name: 'a', rpm: -1 }, 422, 'invalid_value', 'rpm'],
      [{ name: 'a', status: 'gone' }, 422, 'invalid_value', 'status'],
      [{ name: 'a', status: 5 }, 400, 'invalid_request', 'status'],
      [{ name: 'a', colour: 'red' }, 400, 'unsupported_parameter', 'colour'],
      ['{"name":', 400, 'bad_request_body', null],
    ])('POST %j is %i %s', async (body, status, code, param) => {
      expect(await call('POST', 'accounts', body)).toMatchObject(refusal(status, code, param));
    });

    it('a body that curl sends as a form is told to say that it is JSON', async () => {
      const response = await fetch(`${lazu.url}/api/admin/accounts`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${lazu.adminKey}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: '{"name":"acme"}',
      });
      expect({ status: response.status, body: await response.json() }).toMatchObject(
        refusal(415, 'unsupported_media_type'),
      );
    });

    it('a name may be absent from a PATCH, but not null', async () => {
      expect(await call('PATCH', `accounts/${accountId}`, { name: null })).toMatchObject(
        refusal(400, 'invalid_request', 'name'),
      );
    });

    it('are paged', async () => {
      for (const name of ['p1', 'p2', 'p3']) await call('POST', 'accounts', { name });
      const first = (await call('GET', 'accounts?limit=2')).body;
      expect(first).toMatchObject({
        data: [{ name: 'p3' }, { name: 'p2' }],
        has_more: true,
        last_id: first.data[1].id,
      });
      const next = (await call('GET', `accounts?limit=2&after=${first.last_id}`)).body;
      expect(next.data[0]).toMatchObject({ name: 'p1' });
      expect(await call('GET', 'accounts?limit=0')).toMatchObject(refusal(422, 'invalid_value', 'limit'));
      expect(await call('GET', 'accounts?limit=101')).toMatchObject(refusal(422, 'invalid_value', 'limit'));
      const wordy = await call('GET', 'accounts?limit=many');
      expect(wordy).toMatchObject(refusal(400, 'invalid_request', 'limit'));
      expect(wordy.body.error.message).toContain('integer');
      expect(await call('GET', 'accounts?colour=red')).toMatchObject(refusal(400, 'unsupported_parameter', 'colour'));
    });
  });

  describe('keys', () => {
    it('trap 17: work when their creation answered, and no more when their deletion has', async () => {
      const made = await call('POST', `accounts/${accountId}/keys`, { name: 'k' });
      expect(made.status).toBe(201);
      expect(made.body.key).toMatch(/^sk-lazu-[0-9A-Za-z]{43}$/);
      expect(await chat(made.body.key)).toMatchObject({ status: 200 });
      expect(await call('DELETE', `keys/${made.body.id}`)).toMatchObject({
        status: 200,
        body: { id: made.body.id, object: 'api_key', deleted: true },
      });
      expect(await chat(made.body.key)).toMatchObject({ status: 401, code: 'invalid_api_key' });
      expect(await call('GET', `keys/${made.body.id}`)).toMatchObject(refusal(404, 'not_found'));
    });

    it('carry what the contract lists, changed by PATCH and cleared by null', async () => {
      const wanted = {
        name: 'full',
        disabled: false,
        expires_at: '2030-01-01T00:00:00.000Z',
        allowed_models: ['lazu/sandbox'],
        ip_allowlist: ['127.0.0.0/8', '::1/128'],
        quota_micro_usd: 9_007_199_254_740_991,
        quota_period: 'month',
        lanes: { openai: 'cheap', anthropic: 'auto' },
        rpm: 5,
        tpm: 500,
        labels: { team: 'a' },
      };
      const { body } = await call('POST', `accounts/${accountId}/keys`, wanted);
      expect(body).toMatchObject(wanted);
      const { key, ...shown } = body;
      expect((await call('GET', `keys/${body.id}`)).body).toEqual(shown);
      const cleared = {
        expires_at: null,
        allowed_models: null,
        ip_allowlist: null,
        quota_micro_usd: null,
        quota_period: null,
        rpm: null,
        tpm: null,
      };
      const after = (await call('PATCH', `keys/${body.id}`, { ...cleared, lanes: null, labels: null })).body;
      expect(after).toMatchObject({ ...cleared, name: 'full', lanes: {}, labels: {} });
      expect((await chat(key)).status).toBe(200);
      await call('PATCH', `keys/${body.id}`, { disabled: true });
      expect(await chat(key)).toMatchObject({ status: 403, code: 'token_disabled' });
      await call('PATCH', `keys/${body.id}`, { disabled: false, ip_allowlist: ['192.0.2.0/24'] });
      expect(await chat(key)).toMatchObject({ status: 403, code: 'ip_not_allowed' });
      await call('PATCH', `keys/${body.id}`, { ip_allowlist: null, expires_at: '2020-01-01T00:00:00Z' });
      expect(await chat(key)).toMatchObject({ status: 401, code: 'token_expired' });
    });

    it.each<[Record<string, unknown>, number, string, string]>([
      [{ ip_allowlist: ['10.0.0.0/33'] }, 422, 'invalid_value', 'ip_allowlist'],
      [{ ip_allowlist: '10.0.0.0/8' }, 400, 'invalid_request', 'ip_allowlist'],
      [{ lanes: { openai: 'fast' } }, 422, 'invalid_value', 'lanes'],
      [{ labels: { a: 1 } }, 422, 'invalid_value', 'labels'],
      [{ quota_micro_usd: 2 ** 53 }, 422, 'invalid_value', 'quota_micro_usd'],
      [{ quota_micro_usd: 1.5 }, 400, 'invalid_request', 'quota_micro_usd'],
      [{ quota_period: 'week' }, 422, 'invalid_value', 'quota_period'],
      [{ expires_at: 'tomorrow' }, 400, 'invalid_request', 'expires_at'],
      [{ lanes: 'cheap' }, 400, 'invalid_request', 'lanes'],
      [{ labels: ['a'] }, 400, 'invalid_request', 'labels'],
      [{ labels: { '': 'x' } }, 422, 'invalid_value', 'labels'],
      [{ labels: { 'a,b': 'x' } }, 422, 'invalid_value', 'labels'],
      [{ labels: { 'a:b': 'x' } }, 422, 'invalid_value', 'labels'],
      [{ labels: { a: 'x\ud800' } }, 422, 'invalid_value', 'labels'],
      [{ allowed_models: ['a\0b'] }, 422, 'invalid_value', 'allowed_models'],
      [{ name: 'a\0b' }, 422, 'invalid_value', 'name'],
      [{ disabled: 'yes' }, 400, 'invalid_request', 'disabled'],
      [{ allowed_models: [5] }, 400, 'invalid_request', 'allowed_models'],
      [{ key: 'sk-lazu-mine' }, 400, 'unsupported_parameter', 'key'],
    ])('%j is refused: %i %s', async (field, status, code, param) => {
      const path = `accounts/${accountId}/keys`;
      expect(await call('POST', path, { name: 'k', ...field })).toMatchObject(refusal(status, code, param));
    });

    it.each(['keys/%00', 'keys/key_none', `keys/${'x'.repeat(200)}`, 'accounts/a%2Fb', 'accounts/%F0%9F%98%80'])(
      'GET %s is 404',
      async path => expect(await call('GET', path)).toMatchObject(refusal(404, 'not_found')),
    );

    it('a body that is no object is refused', async () => {
      for (const body of [[], '"text"', '5', 'null', '[{"name":"a"}]', undefined]) {
        const { status } = await call('POST', `accounts/${accountId}/keys`, body);
        expect([400, 422]).toContain(status);
      }
    });

    it('of an unknown account are 404', async () => {
      expect(await call('POST', 'accounts/acct_none/keys', { name: 'k' })).toMatchObject(refusal(404, 'not_found'));
      expect(await call('GET', 'accounts/acct_none/keys')).toMatchObject(refusal(404, 'not_found'));
    });

    it('a suspended account is refused, and let back', async () => {
      const account = (await call('POST', 'accounts', { name: 's' })).body;
      const { key } = (await call('POST', `accounts/${account.id}/keys`, { name: 'k' })).body;
      await call('PATCH', `accounts/${account.id}`, { status: 'suspended' });
      expect(await chat(key)).toMatchObject({ status: 403, code: 'account_suspended' });
      await call('PATCH', `accounts/${account.id}`, { status: 'active' });
      expect((await chat(key)).status).toBe(200);
    });
  });

  describe('money', () => {
    it('top-ups and adjustments make the balance', async () => {
      const { id } = (await call('POST', 'accounts', { name: 'payer' })).body;
      const topUp = { amount_micro_usd: 20_000_000, reference: 'invoice-1' };
      const first = await call('POST', `accounts/${id}/topups`, topUp);
      expect(first).toMatchObject({ status: 201, body: { object: 'ledger_entry', kind: 'topup', ...topUp } });
      expect((await call('POST', `accounts/${id}/topups`, topUp)).body).toEqual(first.body);
      expect(await call('POST', `accounts/${id}/topups`, { ...topUp, amount_micro_usd: 30_000_000 })).toMatchObject(
        refusal(409, 'conflict', 'reference'),
      );
      const correction = { amount_micro_usd: -1_000_000, reference: 'c-1', note: 'wrong invoice' };
      expect((await call('POST', `accounts/${id}/adjustments`, correction)).body).toMatchObject(correction);
      expect((await call('GET', `accounts/${id}`)).body.balance_micro_usd).toBe(19_000_000);
      const ledger = (await call('GET', `accounts/${id}/ledger?limit=1`)).body;
      expect(ledger).toMatchObject({ data: [{ kind: 'adjustment', note: 'wrong invoice' }], has_more: true });
    });

    it.each<[Record<string, unknown>, number, string]>([
      [{ amount_micro_usd: 4_999_999 }, 422, 'invalid_value'],
      [{ amount_micro_usd: 2 ** 53 }, 422, 'invalid_value'],
      [{ amount_micro_usd: '5000000' }, 400, 'invalid_request'],
      [{ amount_micro_usd: 5_000_000.5 }, 400, 'invalid_request'],
      [{}, 400, 'missing_required_parameter'],
    ])('a top-up of %j is %i %s', async (body, status, code) => {
      expect(await call('POST', `accounts/${accountId}/topups`, { reference: 'r', ...body })).toMatchObject(
        refusal(status, code, 'amount_micro_usd'),
      );
    });
  });

  it('every change is in the audit, with who and from where', async () => {
    const { id } = (await call('POST', 'accounts', { name: 'watched' })).body;
    await call('PATCH', `accounts/${id}`, { name: 'renamed' });
    const { body } = await call('GET', `audit?target_type=account&target_id=${id}`);
    expect(body.data).toMatchObject([
      { action: 'account.update', before: { name: 'watched' }, after: { name: 'renamed' }, ip: expect.any(String) },
      { action: 'account.create', before: null, actor: { key_id: expect.stringMatching(/^adm_/) } },
    ]);
    expect((await call('GET', 'audit?limit=1&action=account.update')).body.data).toHaveLength(1);
  });

  it('trap 18: with the database away known keys work, unknown ones and revoking are 503 with Retry-After', async () => {
    const database = await createTestDatabase();
    const link = await DatabaseLink.open(database.url);
    const cutOff = await bootLazu({ DATABASE_URL: link.url });
    try {
      const ask = async (path: string, key: string, method = 'GET') => {
        const response = await fetch(cutOff.url + path, { method, headers: { authorization: `Bearer ${key}` } });
        const body = (await response.json()) as { error?: { code: string } };
        return { status: response.status, code: body.error?.code, retryAfter: response.headers.get('retry-after') };
      };
      await link.cut();
      expect(await chat(cutOff.apiKey, cutOff.url)).toMatchObject({ status: 200 });
      const away = { status: 503, code: 'service_unavailable', retryAfter: expect.stringMatching(/^\d+$/) };
      expect(await chat(mintKey().key, cutOff.url)).toEqual(away);
      expect(await ask('/api/admin/keys/key_any', cutOff.adminKey, 'DELETE')).toEqual(away);
      expect(await ask('/api/admin/accounts', mintKey('sk-lazu-admin-').key)).toEqual(away);
    } finally {
      await link.mend();
      await cutOff.close();
      await link.cut();
      await database.drop();
    }
  });

  it('trap 39: no key reaches a log or an error', async () => {
    const written: string[] = [];
    const spies = [process.stdout, process.stderr].map(stream =>
      jest.spyOn(stream, 'write').mockImplementation(chunk => (written.push(String(chunk)), true)),
    );
    const verbose = await bootLazu({ LOG_LEVEL: 'verbose' });
    try {
      const headers = { authorization: `Bearer ${verbose.adminKey}`, 'content-type': 'application/json' };
      const unknown = mintKey().key;
      const answers: string[] = [];
      const ask = async (path: string, init?: RequestInit) => {
        answers.push(await (await fetch(verbose.url + path, init)).text());
      };
      await ask(`/v1/chat/completions?key=${verbose.apiKey}`, completion);
      await ask(`/v1/chat/completions?key=${unknown}`, completion);
      await ask(`/v1/nothing?key=${unknown}`);
      await ask('/v1/chat/completions', { ...completion, headers: { 'x-api-key': unknown } });
      await ask(`/api/admin/accounts?key=${verbose.adminKey}`);
      await ask('/api/admin/accounts', { method: 'POST', headers, body: `{"name": "${verbose.apiKey}` });
      await ask('/api/admin/accounts', { method: 'POST', headers, body: JSON.stringify({ name: 'a', key: unknown }) });
      await ask(`/api/admin/keys/${unknown}`, { headers });
      const all = [...written, ...answers].join('\n');
      for (const key of [verbose.apiKey, verbose.adminKey, unknown]) expect(all).not.toContain(key);
    } finally {
      await verbose.close();
      for (const spy of spies) spy.mockRestore();
    }
  });
});
