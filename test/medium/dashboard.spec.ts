import { loadConfig } from '../../src/config.js';
import { Database } from '../../src/database/database.js';
import { searchQuery } from '../../src/usage/record-query.js';
import { RecordQueue } from '../../src/usage/record-queue.js';
import { rollupQuery, type Grouping, type RollupFilter } from '../../src/usage/rollup-query.js';
import { UsageService } from '../../src/usage/usage.service.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { dashboards, fill } from '../support/dashboard.js';
import { pastMidnight } from '../support/midnight.js';
import { searches } from '../support/searches.js';

const DAYS = 12;

/** The short form of `npm run bench:dashboard`: by what PostgreSQL plans to read, not by the clock. */
describe('dashboards over many records', () => {
  let test: TestDatabase;
  let database: Database;

  beforeAll(pastMidnight);
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

  it('sum what the records sum to: whole totals, and the first thousand groups by day and charge', async () => {
    const usage = new UsageService(database, new RecordQueue());
    const { rows: rollups } = await database.pool.query<Rollup>(
      `SELECT to_char(day, 'YYYY-MM-DD') AS day, usage_rollups.account_id, key_id, model, lane, requests::int, charge_micro_usd::int, labels
       FROM usage_rollups JOIN api_keys ON api_keys.id = key_id ORDER BY 1, 2, 3, 4, 5`,
    );
    expect(rollups.length).toBeGreaterThan(1_000);
    for (const { name, filter, groupings } of dashboards(DAYS)) {
      const { data, total } = await usage.report(filter, groupings);
      const expected = summed(rollups, filter, groupings);
      const charges = expected.map(({ charge }) => charge);
      expect({ name, total }).toMatchObject({
        name,
        total: { requests: sumOf(expected.map(({ requests }) => requests)), charge_micro_usd: sumOf(charges) },
      });
      expect({ name, charges: data.map(group => group.charge_micro_usd) }).toEqual({
        name,
        charges: charges.slice(0, 1_000),
      });
      expect({ name, days: data.map(({ day }) => day) }).toEqual({
        name,
        days: expected.slice(0, 1_000).map(({ day }) => day),
      });
    }
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
    ['batch_id', { batchId: 'batch_none' }],
    ['request_id', { requestId: 'req_lazu_none' }],
    ['status', { status: 'interrupted' as const }],
    ['error_code', { errorCode: 'context_length_exceeded' }],
    ['account_id = \\S+ AND \\(status', { accountId: 'acct_none', status: 'failed' as const, model: 'acme/model-5' }],
    ['key_id = \\S+ AND \\(status', { keyId: 'key_none', status: 'failed' as const, model: 'acme/model-5' }],
  ])('what hardly ever happened is found by %s', async (column, filter) => {
    const plan = await planOf(searchQuery({ ...filter, after: undefined, take: 21 }));
    expect(plan).toMatch(new RegExp(`Index Cond: \\(+${column} = `));
  });
});

type Rollup = Record<'day' | 'account_id' | 'key_id' | 'model' | 'lane', string> & {
  readonly requests: number;
  readonly charge_micro_usd: number;
  readonly labels: Readonly<Record<string, string>>;
};

interface Group {
  readonly day: string | undefined;
  requests: number;
  charge: number;
}

/** The same by hand, by day ascending, else dearest first. */
function summed(rollups: readonly Rollup[], filter: RollupFilter, groupings: readonly Grouping[]): Group[] {
  const groups = new Map<string, Group>();
  for (const rollup of rollups) {
    if (rollup.day < filter.from || rollup.day > filter.to) continue;
    if (filter.accountId !== undefined && rollup.account_id !== filter.accountId) continue;
    if (filter.keyId !== undefined && rollup.key_id !== filter.keyId) continue;
    if (filter.model !== undefined && rollup.model !== filter.model) continue;
    if (filter.labels?.some(label => !Object.entries(rollup.labels).some(pair => pair.join(':') === label))) continue;
    const name = groupings.map(grouping => valueOf(rollup, grouping)).join();
    const group = groups.get(name) ?? {
      day: groupings.includes('day') ? rollup.day : undefined,
      requests: 0,
      charge: 0,
    };
    groups.set(name, group);
    group.requests += rollup.requests;
    group.charge += rollup.charge_micro_usd;
  }
  const byDay = (one: Group, other: Group) => (one.day ?? '').localeCompare(other.day ?? '');
  return [...groups.values()].sort((one, other) => byDay(one, other) || other.charge - one.charge);
}

function valueOf(rollup: Rollup, grouping: Grouping): string | undefined {
  if (grouping === 'account' || grouping === 'key') return rollup[`${grouping}_id`];
  if (grouping === 'day' || grouping === 'model' || grouping === 'lane') return rollup[grouping];
  return rollup.labels[grouping.slice('label:'.length)];
}

const sumOf = (figures: readonly number[]): number => figures.reduce((sum, figure) => sum + figure, 0);
