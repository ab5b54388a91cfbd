import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { answerStream, chatFrames, FakeUpstream, type Script } from '../support/fake-upstream.js';
import { LazuProcess } from '../support/lazu-process.js';
import { Load, steadyUpstream, USED, type SeenCall } from '../support/load.js';
import { until } from '../support/usage.js';

jest.setTimeout(90_000);

const CALLERS = 30;
/** A request that has been under way for so long is in the journal: it is there within 10 ms, of a process that gets its turn. */
const OPENED_MS = 250;

/** Streams of 600 ms, so that many have been under way for longer than that when the process dies. */
const slowStreams: Script = (seen, response) => {
  const words = Array.from({ length: 10 }, (_, index) => `word ${index} `);
  const { stream } = seen.body as { stream?: boolean };
  return (stream ? answerStream(chatFrames(words, { usage: USED }), { everyMs: 60 }) : steadyUpstream)(seen, response);
};

interface Row {
  request_id: string;
  key_id: string;
  status: string;
  charge: number;
}

describe('kill -9 under load', () => {
  let database: TestDatabase;
  let upstream: FakeUpstream;
  let dataDir: string;
  let client: pg.Client;
  let lazu: LazuProcess;

  beforeAll(async () => {
    database = await createTestDatabase();
    upstream = await FakeUpstream.start();
    dataDir = await mkdtemp(join(tmpdir(), 'lazu-kill-'));
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  });
  afterAll(async () => {
    await lazu.kill('SIGKILL');
    await client.end();
    await upstream.stop();
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const start = (): Promise<LazuProcess> =>
    LazuProcess.start({
      DATABASE_URL: database.url,
      LAZU_DATA_DIR: dataDir,
      BILLING: 'prepaid',
      OPENAI_API_KEY: 'sk-operators-secret',
      OPENAI_BASE_URL: `${upstream.url}/v1`,
    });

  const rows = async (): Promise<Row[]> => {
    const answer = await client.query<Row>(
      'SELECT request_id, key_id, status, charge_micro_usd::int AS charge FROM usage_records',
    );
    return answer.rows;
  };

  it('trap 12: what a caller saw end is recorded exactly once, all else is interrupted or closed, and the sums agree', async () => {
    upstream.answers(slowStreams);
    lazu = await start();
    const { adminKey } = lazu;
    const keyIds = new Map<string, string>();
    const accounts = (await lazu.admin('GET', '/api/admin/accounts')).data as { id: string }[];
    const accountId = accounts[0]!.id;
    await lazu.admin('POST', `/api/admin/accounts/${accountId}/topups`, {
      amount_micro_usd: 1_000_000_000,
      reference: 'first',
    });
    for (let index = 0; index < CALLERS; index++) {
      const made = await lazu.admin('POST', `/api/admin/accounts/${accountId}/keys`, { name: `caller ${index}` });
      keyIds.set(made.key, made.id);
    }

    const calls: SeenCall[] = [];
    const dispatchedEarly = new Set<string>();
    const dispatched = new Set<string>();
    for (let round = 0; round < 2; round++) {
      const load = new Load(lazu.url, [...keyIds.keys()]);
      await sleep(2_500);
      const before = upstream.seen.map(request => request.body.user as string);
      await sleep(OPENED_MS);
      await lazu.kill('SIGKILL');
      for (const mark of before) dispatchedEarly.add(mark);
      for (const request of upstream.seen) dispatched.add(request.body.user as string);
      await load.stop();
      calls.push(...load.calls);
      lazu = await start();
      lazu.adminKey = adminKey;
    }
    const ended = calls.filter(call => call.ended);
    expect(ended.length).toBeGreaterThan(200);
    const sure = calls.filter(call => call.ended || dispatchedEarly.has(call.mark));
    expect(sure.length - ended.length).toBeGreaterThan(5);
    await until(async () => (await rows()).length >= sure.length);
    await sleep(500);
    const recorded = new Map((await rows()).map(row => [row.request_id, row]));

    for (const { requestId } of ended) expect(recorded.get(requestId!)).toMatchObject({ status: 'completed' });
    // Who was cut off has as many further records as requests that were under way.
    for (const [key, keyId] of keyIds) {
      const own = calls.filter(call => call.key === key);
      const ownRows = [...recorded.values()].filter(row => row.key_id === keyId);
      expect(ownRows.length).toBeGreaterThanOrEqual(sure.filter(call => call.key === key).length);
      expect(ownRows.length).toBeLessThanOrEqual(own.length);
      const endedIds = new Set(own.filter(call => call.ended).map(call => call.requestId));
      for (const row of ownRows.filter(row => !endedIds.has(row.request_id))) {
        expect(['interrupted', 'completed', 'left']).toContain(row.status);
        if (row.status === 'interrupted') expect(row.charge).toBe(0);
      }
    }
    expect(await sums(accountId)).toEqual({ records: recorded.size, ...(await charged()) });
    expect(await unbalancedBatches()).toEqual([]);
    expect(await lazu.admin('GET', '/api/admin/ledger/check')).toMatchObject({ ok: true, problems: [] });
    const journals = await readdir(join(dataDir, 'journal'));
    expect(journals).toHaveLength(1); // what the dead ones left was recorded and is gone
    const interrupted = [...recorded.values()].filter(row => row.status === 'interrupted').length;
    process.stdout.write(
      `kill -9 twice: ${ended.length} seen to end, ${recorded.size} recorded, ${interrupted} interrupted, ${dispatched.size} upstream\n`,
    );
  });

  /** What records add up to. */
  const charged = async (): Promise<{ rolled: string; posted: string }> => {
    const { rows } = await client.query<{ sum: string }>(
      'SELECT sum(charge_micro_usd)::text AS sum FROM usage_records',
    );
    return { rolled: rows[0]!.sum, posted: `-${rows[0]!.sum}` };
  };

  /** Batches whose charges are not what the ledger posted for them. */
  const unbalancedBatches = async (): Promise<unknown[]> => {
    const { rows } = await client.query(
      `SELECT batch_id, charge, posted FROM
         (SELECT batch_id, sum(charge_micro_usd) AS charge FROM usage_records GROUP BY batch_id) records
       FULL JOIN
         (SELECT t.reference AS batch_id, -p.amount_micro_usd AS posted FROM ledger_postings p
          JOIN ledger_transactions t ON t.id = p.transaction_id
          WHERE t.kind = 'usage' AND p.ledger_account LIKE 'customer:%') postings USING (batch_id)
       WHERE charge > 0 AND charge IS DISTINCT FROM posted OR posted IS NOT NULL AND charge IS NULL`,
    );
    return rows;
  };

  /** What rollups and ledger say of the same. */
  const sums = async (accountId: string): Promise<{ records: number; rolled: string; posted: string }> => {
    const { rows } = await client.query<{ records: number; rolled: string; posted: string }>(
      `SELECT (SELECT sum(requests)::int FROM usage_rollups) AS records,
              (SELECT sum(charge_micro_usd)::text FROM usage_rollups) AS rolled,
              (SELECT sum(amount_micro_usd)::text FROM ledger_postings p JOIN ledger_transactions t ON t.id = p.transaction_id
               WHERE t.kind = 'usage' AND p.ledger_account = $1) AS posted`,
      [`customer:${accountId}`],
    );
    return rows[0]!;
  };
});
