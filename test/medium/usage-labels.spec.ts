import type pg from 'pg';
import type { Database } from '../../src/database/database.js';
import { RecordQueue } from '../../src/usage/record-queue.js';
import type { Grouping, RollupFilter } from '../../src/usage/rollup-query.js';
import { UsageService } from '../../src/usage/usage.service.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { poolOn } from '../support/usage.js';

const KEYS = {
  shop: { team: 'web', env: 'prod' },
  shop_test: { team: 'web', env: 'test' },
  search: { team: 'data', 'a:b': 'c' },
  bare: {},
};

describe('usage by labels of keys', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let usage: UsageService;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = poolOn(database.url);
    usage = new UsageService({ pool } as unknown as Database, new RecordQueue());
    await pool.query(
      `INSERT INTO accounts (id, name, updated_at) VALUES ('acct_1', 'one', now()), ('acct_2', 'two', now())`,
    );
    for (const [at, [name, labels]] of Object.entries(KEYS).entries()) {
      await pool.query(
        `INSERT INTO api_keys (id, account_id, name, hash, prefix, last4, labels, updated_at) VALUES ($1, $2, $1, $3, '', '', $4, now())`,
        [name, at < 3 ? 'acct_1' : 'acct_2', Buffer.from(name), JSON.stringify(labels)],
      );
      await pool.query(
        `INSERT INTO usage_rollups (day, account_id, key_id, model, lane, requests, failures, input_tokens, cache_read_tokens, output_tokens, charge_micro_usd)
         SELECT date '2026-11-01' + day, $2, $1, model, 'direct', $3::int, 1, 10, 5, 2, $3::int * 10
         FROM generate_series(0, 1) AS day, unnest(ARRAY['m', 'n']) AS model`,
        [name, at < 3 ? 'acct_1' : 'acct_2', 10 ** at],
      );
    }
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  /** Requests by what they are grouped by; each key has four rollups of 10^n requests. */
  const requests = async (groupings: Grouping[], filter: Partial<RollupFilter> = {}) => {
    const { data, total } = await usage.report({ from: '2026-11-01', to: '2026-11-02', ...filter }, groupings);
    expect(data.reduce((sum, group) => sum + group.requests, 0)).toBe(total.requests);
    return data.map(({ requests: count, labels, day, account_id }) => ({ count, labels, day, account_id }));
  };

  it('are grouped by what keys have under a name; without it is a group of its own', async () => {
    expect(await requests(['label:team'])).toEqual([
      { count: 4_000, labels: { team: null } },
      { count: 400, labels: { team: 'data' } },
      { count: 44, labels: { team: 'web' } },
    ]);
    expect(await requests(['label:env', 'label:team', 'account'])).toEqual([
      { count: 4_000, labels: { env: null, team: null }, account_id: 'acct_2' },
      { count: 400, labels: { env: null, team: 'data' }, account_id: 'acct_1' },
      { count: 40, labels: { env: 'test', team: 'web' }, account_id: 'acct_1' },
      { count: 4, labels: { env: 'prod', team: 'web' }, account_id: 'acct_1' },
    ]);
    expect((await requests(['label:team', 'day'])).map(({ day, count }) => [day, count])).toEqual([
      ['2026-11-01', 2_000],
      ['2026-11-01', 200],
      ['2026-11-01', 22],
      ['2026-11-02', 2_000],
      ['2026-11-02', 200],
      ['2026-11-02', 22],
    ]);
    expect(await requests(['label:nobody has this'])).toEqual([{ count: 4_444, labels: { 'nobody has this': null } }]);
  });

  it('are filtered by labels, all of them, whatever their names hold', async () => {
    const with_ = async (...labels: string[]) => (await requests([], { labels }))[0]!.count;
    expect(await with_('team:web')).toBe(44);
    expect(await with_('team:web', 'env:prod')).toBe(4);
    expect(await with_('a:b:c')).toBe(400);
    expect(await with_('team:we')).toBe(0);
    expect(await with_("team:' OR true --")).toBe(0);
    expect(await requests(['day'], { labels: ['team:web'], accountId: 'acct_2' })).toEqual([]);
  });

  it('are those that the key has now', async () => {
    await pool.query(`UPDATE api_keys SET labels = '{"team": "web"}', deleted_at = now() WHERE id = 'bare'`);
    expect((await requests(['label:team']))[0]).toEqual({ count: 4_044, labels: { team: 'web' } });
    await pool.query(`UPDATE api_keys SET labels = '{}', deleted_at = NULL WHERE id = 'bare'`);
  });

  it('have all six sums, and a total of nothing is zeros', async () => {
    const day = { from: '2026-11-01', to: '2026-11-01' };
    const sums = {
      requests: 22,
      failures: 4,
      input_tokens: 40,
      cache_read_tokens: 20,
      output_tokens: 8,
      charge_micro_usd: 220,
    };
    const report = await usage.report({ ...day, labels: ['team:web'] }, ['label:team']);
    expect(report).toEqual({ data: [{ labels: { team: 'web' }, ...sums }], total: sums });
    const nothing = {
      requests: 0,
      failures: 0,
      input_tokens: 0,
      cache_read_tokens: 0,
      output_tokens: 0,
      charge_micro_usd: 0,
    };
    expect(await usage.report({ from: '2025-01-01', to: '2025-01-02' }, ['label:team'])).toEqual({
      data: [],
      total: nothing,
    });
  });
});
