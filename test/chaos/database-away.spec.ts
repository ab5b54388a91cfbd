import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { DatabaseLink } from '../support/database-link.js';
import { FakeUpstream } from '../support/fake-upstream.js';
import { LazuProcess } from '../support/lazu-process.js';
import { Load, steadyUpstream } from '../support/load.js';
import { until } from '../support/usage.js';

/** How long PostgreSQL is away, milliseconds. */
const AWAY_MS = process.env['LAZU_CHAOS'] === 'full' ? 30_000 : 5_000;
const CALLERS = 16;

jest.setTimeout(60_000 + 2 * AWAY_MS);

describe('PostgreSQL away under load', () => {
  let database: TestDatabase;
  let link: DatabaseLink;
  let upstream: FakeUpstream;
  let dataDir: string;
  let client: pg.Client;
  let lazu: LazuProcess;

  beforeAll(async () => {
    database = await createTestDatabase();
    link = await DatabaseLink.open(database.url);
    upstream = await FakeUpstream.start();
    upstream.answers(steadyUpstream);
    dataDir = await mkdtemp(join(tmpdir(), 'lazu-away-'));
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    lazu = await LazuProcess.start({
      DATABASE_URL: link.url,
      LAZU_DATA_DIR: dataDir,
      BILLING: 'prepaid',
      OPENAI_API_KEY: 'sk-operators-secret',
      OPENAI_BASE_URL: `${upstream.url}/v1`,
    });
    const [account] = (await lazu.admin('GET', '/api/admin/accounts')).data as [{ id: string }];
    const topUp = { amount_micro_usd: 1_000_000_000, reference: 'first' };
    await lazu.admin('POST', `/api/admin/accounts/${account.id}/topups`, topUp);
  });
  afterAll(async () => {
    await link.mend();
    await lazu.kill('SIGTERM');
    await client.end();
    await link.cut();
    await upstream.stop();
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const recorded = async (): Promise<Set<string>> => {
    const { rows } = await client.query<{ request_id: string }>('SELECT request_id FROM usage_records');
    return new Set(rows.map(row => row.request_id));
  };
  /** Nobody's key, well formed, another one each time. */
  const askAsNobody = async (): Promise<[number, string]> => {
    const made = await client.query<{ key: string }>(`SELECT 'sk-lazu-' || md5(random()::text) AS key`);
    const response = await lazu.post('/v1/chat/completions', {}, { key: made.rows[0]!.key });
    return [response.status, ((await response.json()) as { error: { code: string } }).error.code];
  };

  it.each([
    ['stopped: connections break, new ones are refused', () => link.cut()],
    ['frozen: nothing answers, nothing breaks', () => Promise.resolve(link.freeze())],
  ])('trap 18: %s; callers do not notice, nothing is lost, nobody unknown gets a 401', async (_name, takeAway) => {
    const load = new Load(lazu.url, Array<string>(CALLERS).fill(lazu.apiKey));
    await sleep(500);
    await takeAway();
    const backAt = Date.now() + AWAY_MS;
    const endedBefore = load.ended.length;
    await sleep(500);

    const refusals = await Promise.all([askAsNobody(), askAsNobody(), askAsNobody()]);
    expect(refusals).toEqual(Array(3).fill([503, 'service_unavailable']));
    const ready = await fetch(`${lazu.url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([200, expect.objectContaining({ database: 'down' })]);
    const stored = await recorded();
    await sleep(Math.max(0, backAt - Date.now()));
    expect(load.ended.length - endedBefore).toBeGreaterThan(AWAY_MS / 100);
    expect((await recorded()).size).toBe(stored.size);

    const mendedAt = performance.now();
    await link.mend();
    await sleep(300);
    await load.stop();
    expect(load.failed).toEqual([]);
    await until(async () => {
      const there = await recorded();
      return load.ended.every(call => there.has(call.requestId!));
    }, 20_000);
    const tookMs = Math.round(performance.now() - mendedAt);
    await until(async () => (await askAsNobody())[1] === 'invalid_api_key');
    expect(await lazu.admin('GET', '/api/admin/ledger/check')).toMatchObject({ ok: true, problems: [] });
    process.stdout.write(`PostgreSQL away ${AWAY_MS} ms: ${load.ended.length} answers, recorded ${tookMs} ms after\n`);
  });
});
