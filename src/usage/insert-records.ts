import type { ClientBase } from 'pg';

/** Columns of `usage_records` that a record brings, with the types its JSON is read as. `batch_id` comes from the recorder. */
const COLUMNS = {
  request_id: 'text',
  account_id: 'text',
  key_id: 'text',
  started_at: 'timestamptz',
  ended_at: 'timestamptz',
  endpoint: 'text',
  protocol: 'text',
  stream: 'boolean',
  model: 'text',
  catalog_model: 'text',
  resolved_model: 'text',
  vendor_id: 'text',
  provider: 'text',
  channel_id: 'text',
  lane: 'text',
  status: 'text',
  http_status: 'int',
  error_code: 'text',
  usage_source: 'text',
  usage_mismatch: 'boolean',
  dimensions: 'jsonb',
  reasoning_tokens: 'int',
  line_items: 'jsonb',
  charge_micro_usd: 'bigint',
  price_id: 'text',
  provider_usage: 'jsonb',
  routing: 'jsonb',
  timings: 'jsonb',
} as const;

const NAMES = Object.keys(COLUMNS).join(', ');
const TYPED = Object.entries(COLUMNS)
  .map(([name, type]) => `${name} ${type}`)
  .join(', ');

/**
 * Rows, rollups and sums in one statement. What conflicts was recorded before and counts nowhere again. Every writer locks in one
 * order (rows by id, then rollups by key; the ledger comes after), so that two of them never wait for each other (trap 20).
 */
const INSERT = `
  WITH inserted AS (
    INSERT INTO usage_records (${NAMES}, batch_id)
    SELECT ${NAMES}, $2 FROM jsonb_to_recordset($1::jsonb) AS incoming (${TYPED})
    ORDER BY request_id COLLATE "C"
    ON CONFLICT (request_id) DO NOTHING
    RETURNING account_id, key_id, started_at, catalog_model, lane, status, dimensions, charge_micro_usd
  ), rolled AS (
    INSERT INTO usage_rollups AS sums (day, account_id, key_id, model, lane, requests, failures, input_tokens,
      cache_read_tokens, output_tokens, charge_micro_usd)
    SELECT (started_at AT TIME ZONE 'UTC')::date, account_id, key_id, catalog_model, coalesce(lane, ''), count(*),
      count(*) FILTER (WHERE status IN ('failed', 'interrupted')), coalesce(sum(tokens.input), 0),
      coalesce(sum(tokens.cache_read), 0), coalesce(sum(tokens.output), 0), sum(charge_micro_usd)
    FROM inserted CROSS JOIN LATERAL (
      SELECT
        sum(quantity) FILTER (WHERE name IN
          ('input', 'cache_read', 'cache_write_5m', 'cache_write_1h', 'audio_input', 'image_input')) AS input,
        sum(quantity) FILTER (WHERE name = 'cache_read') AS cache_read,
        sum(quantity) FILTER (WHERE name IN ('output', 'audio_output', 'image_output')) AS output
      FROM jsonb_to_recordset(dimensions) AS used (name text, quantity bigint)
    ) AS tokens
    GROUP BY 1, 2, 3, 4, 5
    ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (day, account_id, key_id, model, lane) DO UPDATE SET
      requests = sums.requests + excluded.requests,
      failures = sums.failures + excluded.failures,
      input_tokens = sums.input_tokens + excluded.input_tokens,
      cache_read_tokens = sums.cache_read_tokens + excluded.cache_read_tokens,
      output_tokens = sums.output_tokens + excluded.output_tokens,
      charge_micro_usd = sums.charge_micro_usd + excluded.charge_micro_usd
  )
  SELECT account_id, count(*)::int AS records, sum(charge_micro_usd)::bigint AS charge FROM inserted GROUP BY account_id`;

/** What really came in with a batch. */
export interface Inserted {
  readonly count: number;
  /** microUSD by account id. */
  readonly charges: ReadonlyMap<string, bigint>;
}

/**
 * The records travel as the text they were journalled as: nothing is parsed here, PostgreSQL does.
 * @param records usage records as JSON text; those that are in the table already are passed over
 */
export async function insertRecords(
  client: ClientBase,
  records: readonly string[],
  batchId: string,
): Promise<Inserted> {
  const result = await client.query<{ account_id: string; records: number; charge: string }>(INSERT, [
    `[${records.join(',')}]`,
    batchId,
  ]);
  let count = 0;
  const charges = new Map<string, bigint>();
  for (const row of result.rows) {
    count += row.records;
    charges.set(row.account_id, BigInt(row.charge));
  }
  return { count, charges };
}
