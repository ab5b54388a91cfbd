import { Logger } from '@nestjs/common';
import { jest } from '@jest/globals';
import type pg from 'pg';
import { ulid } from 'ulid';
import type { Database } from '../../src/database/database.js';
import { Partitions } from '../../src/usage/partitions.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { poolOn } from '../support/usage.js';

const DAY = 24 * 3600 * 1000;
const now = Date.parse('2026-11-22T13:00:00Z');

let database: TestDatabase;
let pool: pg.Pool;
beforeEach(async () => {
  Logger.overrideLogger(false);
  database = await createTestDatabase();
  pool = poolOn(database.url);
});
afterEach(async () => {
  await pool.end();
  await database.drop();
});

const partitions = (usageRetentionDays = 0) => new Partitions({ usageRetentionDays }, { pool } as unknown as Database);
const names = async () =>
  (
    await pool.query<{ name: string }>(
      `SELECT child.relname AS name FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
       WHERE inhparent = 'usage_records'::regclass ORDER BY 1`,
    )
  ).rows.map(row => row.name);
const insert = (at: number) =>
  pool.query<{ partition: string }>(
    `INSERT INTO usage_records (request_id, account_id, key_id, batch_id, started_at, ended_at, endpoint, protocol, stream, model,
       catalog_model, status, http_status, usage_source, dimensions, line_items, charge_micro_usd, routing, timings)
     VALUES ($1, 'a', 'k', 'b', now(), now(), 'e', 'p', false, 'm', 'm', 'completed', 200, 'none', '[]', '[]', 0, '{}', '{}')
     RETURNING tableoid::regclass::text AS partition`,
    [`req_lazu_${ulid(at)}`],
  );

describe('trap 21: partitions of usage_records', () => {
  it('are made from yesterday to a week ahead; a row lands in the day of its id, to the millisecond', async () => {
    await partitions().maintain(now);
    const made = await names();
    expect(made[0]).toBe('usage_records_20261121');
    expect(made.slice(-2)).toEqual(['usage_records_20261129', 'usage_records_default']);
    expect(made).toHaveLength(10);
    const midnight = Date.parse('2026-11-23T00:00:00Z');
    expect((await insert(midnight - 1)).rows[0]!.partition).toBe('usage_records_20261122');
    expect((await insert(midnight)).rows[0]!.partition).toBe('usage_records_20261123');
    expect((await insert(now + 30 * DAY)).rows[0]!.partition).toBe('usage_records_default');
    // Indexes come with the parent's: a look-up by id, by account, by key, model, channel, batch, status, error, what went wrong of an account and key.
    const { rows } = await pool.query("SELECT indexname FROM pg_indexes WHERE tablename = 'usage_records_20261122'");
    expect(rows).toHaveLength(10);
  });

  it('may be made by many hosts at once, and again', async () => {
    await Promise.all([1, 2, 3, 4].map(() => partitions().maintain(now)));
    await partitions().maintain(now + DAY);
    expect(await names()).toHaveLength(11);
  });

  it('are dropped when they are older than retention, and kept for ever without it', async () => {
    await partitions().maintain(now - 40 * DAY);
    await insert(now - 40 * DAY);
    await partitions().maintain(now);
    expect(await names()).toContain('usage_records_20261013');
    await partitions(35).maintain(now);
    const left = await names();
    expect(left[0]).toBe('usage_records_20261018'); // 35 days before the 22nd
    expect(left.filter(name => name < 'usage_records_20261018')).toEqual([]);
    expect((await pool.query('SELECT FROM usage_records')).rowCount).toBe(0);
  });

  it('say so when rows lie in the default one, and go on making the other days', async () => {
    await insert(now); // before its day was made
    const error = jest.spyOn(Logger.prototype, 'error');
    await partitions().maintain(now);
    expect(await names()).not.toContain('usage_records_20261122');
    expect(await names()).toContain('usage_records_20261123');
    expect(error.mock.calls.flat().join()).toContain('usage_records_default is not empty');
    error.mockRestore();
  });

  it('do not wait for ever behind a long transaction', async () => {
    const client = await pool.connect();
    await client.query('BEGIN; LOCK TABLE usage_records_default IN ROW EXCLUSIVE MODE');
    const begun = Date.now();
    await partitions().maintain(now);
    expect(Date.now() - begun).toBeLessThan(4_000);
    await client.query('ROLLBACK');
    client.release();
    await partitions().maintain(now);
    expect(await names()).toHaveLength(10);
  });
});
