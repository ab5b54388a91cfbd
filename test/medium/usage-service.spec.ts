import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Database } from '../../src/database/database.js';
import { RecordQueue } from '../../src/usage/record-queue.js';
import { UsageService } from '../../src/usage/usage.service.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { discard, metering, newRequestId, poolOn, until, type Metering } from '../support/usage.js';

describe('a record that another host made a moment ago', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let here: Metering;
  let there: Metering;
  beforeEach(async () => {
    database = await createTestDatabase();
    pool = poolOn(database.url);
    [here, there] = [metering(pool), metering(pool)];
  });
  afterEach(async () => {
    for (const { recorder, journal, root } of [here, there]) {
      await recorder.stop();
      await journal.end();
      discard(root);
    }
    await pool.end();
    await database.drop();
  });

  const service = ({ queue }: Metering) => new UsageService({ pool } as unknown as Database, queue);

  it('is read at once where it was served, before PostgreSQL has it', async () => {
    const record = await there.request();
    expect(await service(there).record(record.request_id, record.key_id)).toEqual(record);
    expect((await pool.query('SELECT FROM usage_records')).rowCount).toBe(0);
  });

  it('is waited for anywhere else, and is the same there', async () => {
    const record = await there.request();
    const asked = service(here).record(record.request_id, record.key_id);
    await sleep(300);
    await there.recorder.start();
    await there.request(); // what a recorder wakes up by
    expect(await asked).toEqual(record);
  });

  it('is not waited for when its id is old', async () => {
    const begun = Date.now();
    expect(await service(here).record(newRequestId(Date.now() - 6_000), 'key_1')).toBeUndefined();
    expect(Date.now() - begun).toBeLessThan(1_000);
  });

  it('is as unknown to another key as one that nobody made, and waited for as long', async () => {
    const record = await there.request();
    const tookMs = async (requestId: string): Promise<number> => {
      const begun = Date.now();
      expect(await service(there).record(requestId, 'key_of_another')).toBeUndefined();
      return Date.now() - begun;
    };
    const unknown = newRequestId(Date.parse(record.started_at));
    for (const ms of await Promise.all([tookMs(record.request_id), tookMs(unknown)])) {
      expect(ms).toBeGreaterThanOrEqual(1_900);
    }
    await there.recorder.start();
    await there.request();
    await until(async () => (await pool.query('SELECT FROM usage_records')).rowCount === 2);
    expect(await service(here).record(record.request_id, 'key_of_another')).toBeUndefined();
    expect(await service(here).record(record.request_id, record.key_id)).toEqual(record);
  });
});

describe('trap 22: sums over many records', () => {
  it('are read from daily rows, not from records', async () => {
    const database = await createTestDatabase();
    const pool = poolOn(database.url);
    await pool.query(
      `INSERT INTO usage_rollups (day, account_id, key_id, model, lane, requests, charge_micro_usd)
       SELECT date '2026-01-01' + day, 'acct_' || account, 'key_' || account, 'm', 'direct', 1000000, 5
       FROM generate_series(0, 299) AS day, generate_series(1, 50) AS account`,
    );
    const usage = new UsageService({ pool } as unknown as Database, new RecordQueue());
    const begun = Date.now();
    const year = { from: '2026-01-01', to: '2026-12-31' };
    const sums = { requests: 300_000_000, charge_micro_usd: 1500 };
    expect(await usage.report({ ...year, accountId: 'acct_7' }, [])).toMatchObject({ data: [sums], total: sums });
    expect((await usage.report(year, ['account'])).data).toHaveLength(50);
    const { data: days } = await usage.report({ ...year, keyId: 'key_3' }, ['day', 'lane']);
    expect(days).toHaveLength(300);
    expect(days[0]).toMatchObject({ day: '2026-01-01', lane: 'direct', requests: 1_000_000 });
    expect(Date.now() - begun).toBeLessThan(2_000);
    await pool.end();
    await database.drop();
  });
});
