import pg from 'pg';
import { Partitions } from '../../src/usage/partitions.js';
import type { Grouping, RollupFilter } from '../../src/usage/rollup-query.js';
import type { Database } from '../../src/database/database.js';

const DAY_MS = 24 * 3_600_000;

/** An installation of some age: accounts of very different size, five keys each, of which each asks for four models. */
export interface Spread {
  readonly records: number;
  readonly days: number;
  readonly accounts: number;
  readonly models: number;
}

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** The ten characters of a ULID that are its time. */
const ULID_TIME = `CREATE OR REPLACE FUNCTION ulid_time(ms bigint) RETURNS text IMMUTABLE LANGUAGE sql RETURN ${Array.from(
  { length: 10 },
  (_, at) => `substr('${ALPHABET}', ((ms >> ${(9 - at) * 5}) & 31)::int + 1, 1)`,
).join(' || ')}`;

const PEOPLE = `
  INSERT INTO accounts (id, name, updated_at)
    SELECT 'acct_' || lpad(n::text, 26, '0'), 'account ' || n, now() FROM generate_series(0, $1::int - 1) AS n`;

const KEYS = `
  INSERT INTO api_keys (id, account_id, name, hash, prefix, last4, labels, updated_at)
    SELECT 'key_' || lpad(n::text, 26, '0'), 'acct_' || lpad((n / 5)::text, 26, '0'), 'key ' || n, sha256(n::text::bytea), '', '',
      jsonb_build_object('team', 'team ' || n % 17, 'env', CASE WHEN n % 5 = 0 THEN 'test' ELSE 'prod' END), now()
    FROM generate_series(0, $1::int * 5 - 1) AS n`;

/** $1 start of the day (ms), $2 records, $3 accounts, $4 models, $5 seed. */
const RECORDS = `
  INSERT INTO usage_records (request_id, account_id, key_id, batch_id, started_at, ended_at, endpoint, protocol, stream, model, catalog_model,
    resolved_model, vendor_id, provider, channel_id, lane, status, http_status, error_code, usage_source, dimensions, line_items,
    charge_micro_usd, price_id, provider_usage, routing, timings)
  SELECT 'req_lazu_' || ulid_time(at_ms) || upper(substr(md5(($5::int + n)::text), 1, 16)), 'acct_' || lpad(account::text, 26, '0'),
    'key_' || lpad(key::text, 26, '0'), 'batch_' || ulid_time(at_ms / 1000 * 1000), to_timestamp(at_ms / 1000.0),
    to_timestamp(at_ms / 1000.0 + 1.5), '/v1/chat/completions', 'openai-chat', n % 2 = 0, name, name, name || '-2026', 'acme', 'acme',
    'chan_' || lpad(model::text, 26, '0'), CASE WHEN model % 4 = 0 THEN 'cheap' ELSE 'direct' END,
    CASE WHEN n % 50 = 0 THEN 'failed' ELSE 'completed' END, CASE WHEN n % 50 = 0 THEN 500 ELSE 200 END,
    CASE WHEN n % 50 = 0 THEN 'upstream_error' END, 'provider',
    jsonb_build_array(jsonb_build_object('name', 'input', 'quantity', input), jsonb_build_object('name', 'output', 'quantity', input / 4)),
    jsonb_build_array(jsonb_build_object('dimension', 'input', 'quantity', input, 'unit_price_pico_usd', '2500000', 'amount_pico_usd', (input * 2500000::bigint)::text)),
    input * 5, 'price_' || lpad(model::text, 26, '0'), jsonb_build_object('prompt_tokens', input, 'completion_tokens', input / 4),
    jsonb_build_object('lane', 'direct', 'candidates', jsonb_build_array(jsonb_build_object('channel', 'chan_' || model, 'reason', 'priority 0'))),
    jsonb_build_object('total_ms', 1500)
  FROM (
    SELECT *, (key * 3 + pick * 7) % $4::int AS model, 'acme/model-' || (key * 3 + pick * 7) % $4::int AS name FROM (
      SELECT *, account * 5 + (n / 3) % 5 AS key, (n / 11) % 4 AS pick FROM (
        SELECT n, $1::bigint + n * (${DAY_MS}::bigint - 1000) / $2::int AS at_ms, 200 + (n * 37) % 3000 AS input,
          floor($3::int * power((hashint4($5::int + n) & 1048575) / 1048576.0, 2))::int AS account
        FROM generate_series(0, $2::int - 1) AS n
      ) AS moments
    ) AS keys
  ) AS requests`;

/** As the recorder sums them. $1 and $2: bounds of the day's ids, $3 the day. */
const ROLLUPS = `
  INSERT INTO usage_rollups (day, account_id, key_id, model, lane, requests, failures, input_tokens, output_tokens, charge_micro_usd)
  SELECT $3::date, account_id, key_id, catalog_model, lane, count(*), count(*) FILTER (WHERE status = 'failed'),
    sum((dimensions -> 0 ->> 'quantity')::bigint), sum((dimensions -> 1 ->> 'quantity')::bigint), sum(charge_micro_usd)
  FROM usage_records WHERE request_id >= $1 AND request_id < $2 GROUP BY 2, 3, 4, 5`;

/** Makes them inside the database, day by day, today first. @param goOn asked after each day with how many there are */
export async function fill(
  database: Database,
  spread: Spread,
  goOn: (records: number) => boolean = () => true,
): Promise<void> {
  const { records, days, accounts, models } = spread;
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const pool = new pg.Pool({ connectionString: database.url, max: 2 }); // without the service's limit of 30 s
  const partitions = new Partitions({ usageRetentionDays: 0 }, database);
  for (let back = days; back > -8; back -= 8) await partitions.maintain(today - back * DAY_MS);
  await pool.query(ULID_TIME);
  await pool.query(PEOPLE, [accounts]);
  await pool.query(KEYS, [accounts]);
  const perDay = Math.ceil(records / days);
  let [next, made] = [0, 0];
  const work = async () => {
    while (next < days) {
      const day = next++;
      const start = today - day * DAY_MS;
      await pool.query(RECORDS, [start, perDay, accounts, models, day * perDay]);
      const [from, to] = [start, start + DAY_MS].map(ms => `req_lazu_${ulidTime(ms)}`);
      await pool.query(ROLLUPS, [from, to, new Date(start).toISOString().slice(0, 10)]);
      if (!goOn((made += perDay))) return;
    }
  };
  await Promise.all([work(), work()]);
  for (const table of ['usage_rollups', 'usage_records', 'api_keys', 'accounts'])
    await pool.query(`VACUUM ANALYZE ${table}`);
  await pool.end();
}

function ulidTime(ms: number): string {
  return Array.from({ length: 10 }, (_, at) => ALPHABET[Math.floor(ms / 32 ** (9 - at)) % 32]).join('');
}

export const dayBefore = (days: number): string => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);

/** What a dashboard asks `GET /api/admin/usage` and `GET /api/usage` for. */
export function dashboards(days: number): { name: string; filter: RollupFilter; groupings: Grouping[] }[] {
  const of = (back: number) => ({ from: dayBefore(back - 1), to: dayBefore(0) });
  const [month, all] = [of(30), of(days)];
  const accountId = `acct_${'3'.padStart(26, '0')}`;
  const keyId = `key_${'17'.padStart(26, '0')}`;
  return [
    { name: 'by day', filter: month, groupings: ['day'] },
    { name: 'by account', filter: month, groupings: ['account'] },
    { name: 'by key', filter: month, groupings: ['key'] },
    { name: 'by model', filter: month, groupings: ['model'] },
    { name: 'by lane', filter: month, groupings: ['lane'] },
    { name: 'by label', filter: month, groupings: ['label:team'] },
    { name: 'by day, account, model', filter: month, groupings: ['day', 'account', 'model'] },
    {
      name: 'by day and label, of one label',
      filter: { ...month, labels: ['env:prod'] },
      groupings: ['day', 'label:team'],
    },
    { name: 'by model, of one account', filter: { ...month, accountId }, groupings: ['model'] },
    { name: 'by account, of one model', filter: { ...month, model: 'acme/model-5' }, groupings: ['account'] },
    { name: `by day, all ${days} days`, filter: all, groupings: ['day'] },
    { name: `by account, all ${days} days`, filter: all, groupings: ['account'] },
    { name: `by label, all ${days} days`, filter: all, groupings: ['label:team'] },
    { name: `by day and label, all ${days} days`, filter: all, groupings: ['day', 'label:team'] },
    { name: `by day, account, model, all ${days} days`, filter: all, groupings: ['day', 'account', 'model'] },
    { name: "a key's own by day", filter: { ...month, accountId, keyId }, groupings: ['day'] },
    { name: `a key's own by model, all ${days} days`, filter: { ...all, accountId, keyId }, groupings: ['model'] },
  ];
}
