import type { Pool, QueryResultRow } from 'pg';

/** A database that hangs must not hang the callers that wait for a look-up. */
const QUERY_TIMEOUT_MS = 3000;

/** pg takes `query_timeout` with each query too; only its types do not say so: https://node-postgres.com/apis/client#new-client */
export async function timedQuery<Row extends QueryResultRow>(
  pool: Pool,
  text: string,
  values: unknown[],
  timeoutMs: number = QUERY_TIMEOUT_MS,
): Promise<Row[]> {
  const query = { text, values, query_timeout: timeoutMs };
  return (await pool.query<Row>(query)).rows;
}
