import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { LazuProcess } from '../support/lazu-process.js';
import { until } from '../support/usage.js';

jest.setTimeout(60_000);

const body = { model: 'lazu/sandbox', messages: [{ role: 'user', content: 'hi' }] };

describe('two hosts on one database', () => {
  let database: TestDatabase;
  const dataDirs: string[] = [];
  let first: LazuProcess;
  let second: LazuProcess;
  let accountId: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    const start = async (): Promise<LazuProcess> => {
      const dataDir = await mkdtemp(join(tmpdir(), 'lazu-host-'));
      dataDirs.push(dataDir);
      return LazuProcess.start({ DATABASE_URL: database.url, LAZU_DATA_DIR: dataDir, SANDBOX: 'on' });
    };
    first = await start();
    second = await start();
    second.adminKey = first.adminKey;
    accountId = ((await first.admin('GET', '/api/admin/accounts')).data as { id: string }[])[0]!.id;
  });
  afterAll(async () => {
    await Promise.all([first.kill('SIGTERM'), second.kill('SIGTERM')]);
    await database.drop();
    for (const dataDir of dataDirs) await rm(dataDir, { recursive: true, force: true });
  });

  const makeKey = (): Promise<{ id: string; key: string }> =>
    first.admin('POST', `/api/admin/accounts/${accountId}/keys`, { name: 'k' }) as Promise<{ id: string; key: string }>;
  const statusOn = async (host: LazuProcess, key: string): Promise<number> =>
    (await host.post('/v1/chat/completions', body, { key })).status;

  it('trap 16: a key made on one works at once on the other', async () => {
    for (let round = 0; round < 10; round++) {
      const { key } = await makeKey();
      expect(await statusOn(second, key)).toBe(200);
    }
  });

  it.each([
    ['deleted', (id: string) => first.admin('DELETE', `/api/admin/keys/${id}`), 401],
    ['disabled', (id: string) => first.admin('PATCH', `/api/admin/keys/${id}`, { disabled: true }), 403],
  ])('trap 17: a key %s on one is refused there at once, and on the other within 1 s', async (_how, revoke, status) => {
    let longest = 0;
    for (let round = 0; round < 5; round++) {
      const { id, key } = await makeKey();
      expect(await statusOn(second, key)).toBe(200);
      await revoke(id);
      const revokedAt = performance.now();
      expect(await statusOn(first, key)).toBe(status);
      await until(async () => (await statusOn(second, key)) === status, 5_000);
      longest = Math.max(longest, performance.now() - revokedAt);
    }
    process.stdout.write(`revoked on another host after at most ${Math.round(longest)} ms\n`);
    expect(longest).toBeLessThan(1_000);
  });

  it('trap 14: each sees the other, and says so', async () => {
    const others = async (host: LazuProcess): Promise<number> =>
      ((await (await fetch(`${host.url}/readyz`)).json()) as { other_instances: number }).other_instances;
    await until(async () => (await others(first)) === 1 && (await others(second)) === 1, 15_000);
    await until(() => /other Lazu instance/.test(first.stdout + first.stderr), 1_000);
  });

  it('what the other served is readable here within a second', async () => {
    const answered = await second.post('/v1/chat/completions', body, { key: first.apiKey });
    const requestId = answered.headers.get('x-lazu-request-id');
    await answered.text();
    const askedAt = performance.now();
    const record = await fetch(`${first.url}/api/usage/requests/${requestId}`, {
      headers: { authorization: `Bearer ${first.apiKey}` },
    });
    expect(record.status).toBe(200);
    expect(performance.now() - askedAt).toBeLessThan(1_000);
  });
});
