import { loadConfig } from '../../src/config.js';
import { Database } from '../../src/database/database.js';
import { searchQuery } from '../../src/usage/record-query.js';
import { rollupQuery } from '../../src/usage/rollup-query.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { dashboards, fill } from '../support/dashboard.js';
import { searches } from '../support/searches.js';

const DAYS = 12;

/** The short form of `npm run bench:dashboard`: by what PostgreSQL plans to read, not by the clock. */
describe('dashboards over many records', () => {
  let test: TestDatabase;
  let database: Database;

  beforeAll(async () => {
    test = await createTestDatabase();
    database = await Database.open(loadConfig({ DATABASE_URL: test.url }));
    await fill(database, { records: 6_000, days: DAYS, accounts: 20, models: 10 });
  }, 60_000);
  afterAll(async () => {
    await database.close();
    await test.drop();
  });

  /** As it would be on tables that are too large to be read whole. */
  const planOf = async ({ text, values }: { text: string; values: readonly unknown[] }): Promise<string> => {
    const client = await database.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('SET LOCAL enable_seqscan = off');
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN (COSTS OFF) ${text}`, [...values]);
      return rows.map(row => row['QUERY PLAN']).join('\n');
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  };
  const partitionsIn = (plan: string) => new Set(plan.match(/ on (usage_records_(?:\d{8}|default))/g));

  it('trap 22: read daily sums by day or account, never records', async () => {
    for (const { name, filter, groupings } of dashboards(DAYS)) {
      const plan = await planOf(rollupQuery(filter, groupings));
      expect({ name, plan }).not.toMatchObject({ plan: expect.stringContaining('usage_records') });
      expect({ name, plan }).toMatchObject({ plan: expect.stringMatching(/Index.* on usage_rollups/) });
      expect({ name, plan }).not.toMatchObject({ plan: expect.stringContaining('Seq Scan on usage_rollups') });
    }
    const { rows } = await database.pool.query(
      'SELECT (SELECT sum(requests) FROM usage_rollups) - (SELECT count(*) FROM usage_records) AS off',
    );
    expect(rows).toEqual([{ off: '0' }]);
  });

  it('trap 21: a search reads by an index, newest partition first, and none but those of its time', async () => {
    for (const { name, filter } of searches(DAYS)) {
      const plan = await planOf(searchQuery(filter));
      expect({ name, plan }).not.toMatchObject({ plan: expect.stringContaining('Seq Scan') });
      if (filter.from) expect({ name, partitions: partitionsIn(plan).size }).toEqual({ name, partitions: 2 });
      else expect(partitionsIn(plan).size).toBeGreaterThan(DAYS);
    }
  });

  it.each([
    ['catalog_model', { model: 'nothing' }],
    ['channel_id', { channelId: 'chan_none' }],
    ['account_id', { accountId: 'acct_none' }],
    ['key_id', { keyId: 'key_none' }],
    ['status', { status: 'interrupted' as const }],
    ['error_code', { errorCode: 'context_length_exceeded' }],
  ])('what hardly ever happened is found by %s', async (column, filter) => {
    const plan = await planOf(searchQuery({ ...filter, after: undefined, take: 21 }));
    expect(plan).toMatch(new RegExp(`Index Cond: \\(+${column} = `));
  });
});
