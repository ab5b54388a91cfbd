import { bootLazu, type TestLazu } from '../support/boot.js';
import { routesOf } from '../support/routes.js';

/** What the calls before have made, by name. */
type Made = Record<string, string>;

interface Change {
  readonly path: (made: Made) => string;
  readonly body?: (made: Made) => object;
  /** Undefined: it changes nothing that Lazu keeps. */
  readonly action: string | undefined;
  /** Where it is not done here. */
  readonly refused?: number;
  /** What later calls are to know of the answer. */
  readonly keep?: (answer: any, made: Made) => void;
}

const SECRET = 'sk-upstream-credential-that-nobody-may-read';

/** Every route that changes something, in an order in which each can be called. A route that is missing here fails the test. */
const CHANGES: Readonly<Record<string, Change>> = {
  'POST /api/admin/accounts': {
    path: () => '/api/admin/accounts',
    body: () => ({ name: 'one' }),
    action: 'account.create',
    keep: (answer, made) => (made['account'] = answer.id),
  },
  'PATCH /api/admin/accounts/{id}': {
    path: made => `/api/admin/accounts/${made['account']}`,
    body: () => ({ rpm: 5 }),
    action: 'account.update',
  },
  'POST /api/admin/accounts/{id}/topups': {
    path: made => `/api/admin/accounts/${made['account']}/topups`,
    body: () => ({ amount_micro_usd: 5_000_000, reference: 'r' }),
    action: 'account.topup',
  },
  'POST /api/admin/accounts/{id}/adjustments': {
    path: made => `/api/admin/accounts/${made['account']}/adjustments`,
    body: () => ({ amount_micro_usd: -1, reference: 'r' }),
    action: 'account.adjustment',
  },
  'POST /api/admin/accounts/{id}/checkout': {
    path: made => `/api/admin/accounts/${made['account']}/checkout`,
    body: () => ({ amount_micro_usd: 5_000_000 }),
    action: undefined, // a page elsewhere; what is paid there comes by the webhook
    refused: 404, // no payments here
  },
  'POST /api/admin/accounts/{id}/keys': {
    path: made => `/api/admin/accounts/${made['account']}/keys`,
    body: () => ({ name: 'k' }),
    action: 'key.create',
    keep: (answer, made) => Object.assign(made, { key: answer.id, callerSecret: answer.key }),
  },
  'POST /api/admin/accounts/{id}/alerts': {
    path: made => `/api/admin/accounts/${made['account']}/alerts`,
    body: () => ({ kind: 'spend_reached', threshold_micro_usd: 1_000, period: 'day' }),
    action: 'alert.create',
    keep: (answer, made) => (made['alert'] = answer.id),
  },
  'PATCH /api/admin/alerts/{id}': {
    path: made => `/api/admin/alerts/${made['alert']}`,
    body: () => ({ enabled: false }),
    action: 'alert.update',
  },
  'DELETE /api/admin/alerts/{id}': { path: made => `/api/admin/alerts/${made['alert']}`, action: 'alert.delete' },
  'POST /api/admin/webhooks': {
    path: () => '/api/admin/webhooks',
    body: () => ({ name: 'w', url: 'http://127.0.0.1:9/' }),
    action: 'webhook.create',
    keep: (answer, made) => Object.assign(made, { webhook: answer.id, webhookSecret: answer.secret }),
  },
  'PATCH /api/admin/webhooks/{id}': {
    path: made => `/api/admin/webhooks/${made['webhook']}`,
    body: () => ({ events: ['budget.spend_reached'] }),
    action: 'webhook.update',
  },
  'POST /api/admin/webhooks/{id}/test': {
    path: made => `/api/admin/webhooks/${made['webhook']}/test`,
    action: undefined,
  },
  'DELETE /api/admin/webhooks/{id}': {
    path: made => `/api/admin/webhooks/${made['webhook']}`,
    action: 'webhook.delete',
  },
  'PATCH /api/admin/keys/{id}': {
    path: made => `/api/admin/keys/${made['key']}`,
    body: made => ({ name: `named after ${made['callerSecret']}` }),
    action: 'key.update',
  },
  'DELETE /api/admin/keys/{id}': { path: made => `/api/admin/keys/${made['key']}`, action: 'key.delete' },
  'POST /api/admin/admin-keys': {
    path: () => '/api/admin/admin-keys',
    body: () => ({ name: 'a', role: 'viewer' }),
    action: 'admin_key.create',
    keep: (answer, made) => Object.assign(made, { adminKey: answer.id, adminSecret: answer.key }),
  },
  'DELETE /api/admin/admin-keys/{id}': {
    path: made => `/api/admin/admin-keys/${made['adminKey']}`,
    action: 'admin_key.delete',
  },
  'PUT /api/admin/models/{model}': {
    path: () => '/api/admin/models/acme/m-1',
    body: () => ({
      vendor_id: 'acme',
      modality: { input: ['text'], output: ['text'] },
      supported_endpoint_types: ['chat'],
      default_endpoint_type: 'chat',
    }),
    action: 'model.create',
  },
  'PUT /api/admin/models/{model}/prices/{lane}': {
    path: () => '/api/admin/models/acme/m-1/prices/direct',
    body: () => ({ input_per_mtok: 1, output_per_mtok: 2 }),
    action: 'price.put',
  },
  'DELETE /api/admin/models/{model}/prices/{lane}': {
    path: () => '/api/admin/models/acme/m-1/prices/direct',
    action: 'price.delete',
  },
  'PUT /api/admin/price-rules/{vendor}/{lane}': {
    path: () => '/api/admin/price-rules/acme/direct',
    body: () => ({ factor: '1.1' }),
    action: 'price_rule.put',
  },
  'DELETE /api/admin/price-rules/{vendor}/{lane}': {
    path: () => '/api/admin/price-rules/acme/direct',
    action: 'price_rule.delete',
  },
  'POST /api/admin/prices/sync': {
    path: () => '/api/admin/prices/sync',
    body: () => ({ models: ['lazu/sandbox'] }),
    action: undefined,
  },
  'POST /api/admin/channels': {
    path: () => '/api/admin/channels',
    body: () => ({
      name: 'c',
      provider: 'openai-compatible',
      lane: 'direct',
      base_url: 'http://127.0.0.1:9/v1',
      credential: SECRET,
      models: [{ model: 'acme/m-1' }],
    }),
    action: 'channel.create',
    keep: (answer, made) => (made['channel'] = answer.id),
  },
  'PATCH /api/admin/channels/{id}': {
    path: made => `/api/admin/channels/${made['channel']}`,
    body: () => ({ weight: 2, credential: `${SECRET}-again` }),
    action: 'channel.update',
  },
  'POST /api/admin/channels/{id}/test': {
    path: made => `/api/admin/channels/${made['channel']}/test`,
    body: () => ({}),
    action: undefined,
  },
  'DELETE /api/admin/channels/{id}': {
    path: made => `/api/admin/channels/${made['channel']}`,
    action: 'channel.delete',
  },
  'DELETE /api/admin/models/{model}': { path: () => '/api/admin/models/acme/m-1', action: 'model.delete' },
};

describe('every admin route', () => {
  let lazu: TestLazu;
  let routes: string[];
  const keys: Record<string, { id: string; key: string }> = {};

  beforeAll(async () => {
    lazu = await bootLazu();
    routes = routesOf(lazu.app).filter(route => route.includes(' /api/admin/'));
    for (const role of ['viewer', 'admin', 'owner']) {
      keys[role] = await lazu.admin('POST', '/api/admin/admin-keys', { name: role, role });
    }
  });
  afterAll(() => lazu.close());

  const isChange = (route: string) => !route.startsWith('GET ');
  const ask = async (method: string, path: string, key: string | undefined, body?: object) => {
    const response = await fetch(lazu.url + path, {
      method,
      headers: { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as any };
  };
  /** By names that nothing has. */
  const knock = async (route: string, role?: string) => {
    const [method = '', path = ''] = route.split(' ');
    const { status } = await ask(method, path.replaceAll(/\{\w+\}/g, 'nothing'), role && keys[role]!.key);
    return status;
  };
  /** The least role: readers read, admins change, owners make admins. */
  const roleOf = (route: string) =>
    route.includes('/api/admin/admin-keys') ? 'owner' : isChange(route) ? 'admin' : 'viewer';

  it('is closed to whoever has no admin key, and to a caller key', async () => {
    expect(routes.length).toBeGreaterThan(25);
    for (const route of routes) {
      const [method = '', path = ''] = route.split(' ');
      expect({ route, status: await knock(route) }).toEqual({ route, status: 401 });
      const { status } = await ask(method, path, lazu.apiKey);
      expect({ route, status }).toEqual({ route, status: 401 });
    }
  });

  it('asks for the role that what it does needs', async () => {
    const roles = ['viewer', 'admin', 'owner'];
    for (const route of routes) {
      for (const role of roles) {
        const isLet = roles.indexOf(role) >= roles.indexOf(roleOf(route));
        const isForbidden = (await knock(route, role)) === 403;
        expect({ route, role, isForbidden }).toEqual({ route, role, isForbidden: !isLet });
      }
    }
  });

  it('that changes something writes one audit event, with who and from where, and no secret', async () => {
    expect(routes.filter(isChange).sort()).toEqual(Object.keys(CHANGES).sort());
    const made: Made = {};
    const { id: actorId, key } = keys['owner']!;
    const events = async () => (await lazu.admin('GET', '/api/admin/audit?limit=100')).data as any[];
    let seen = (await events()).length;
    for (const [route, { path, body, action, keep, refused }] of Object.entries(CHANGES)) {
      const [method = ''] = route.split(' ');
      const answer = await ask(method, path(made), key, body?.(made));
      const isExpected = refused === undefined ? answer.status < 300 : answer.status === refused;
      expect({ route, answer, isExpected }).toEqual({ route, answer, isExpected: true });
      keep?.(answer.body, made);
      const now = await events();
      const written = now.slice(0, now.length - seen);
      seen = now.length;
      expect({ route, actions: written.map(event => event.action) }).toEqual({
        route,
        actions: action ? [action] : [],
      });
      for (const event of written) {
        expect(event).toMatchObject({
          actor: { key_id: actorId },
          ip: '127.0.0.1',
          target: { id: expect.any(String) },
        });
        if (method !== 'DELETE') expect(event.after).not.toBeNull();
        if (method !== 'POST' && !action!.endsWith('.create') && !action!.endsWith('.put'))
          expect(event.before).not.toBeNull();
      }
    }
    const written = JSON.stringify(await events());
    const secrets = [
      SECRET,
      made['callerSecret']!,
      made['adminSecret']!,
      made['webhookSecret']!,
      ...Object.values(keys).map(({ key: secret }) => secret),
    ];
    for (const secret of [...secrets, lazu.adminKey, lazu.apiKey]) expect(written).not.toContain(secret);
  });
});
