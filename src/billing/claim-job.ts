import type { ClientBase } from 'pg';

/** $1 name, $2 when it was due, $3 now. */
const CLAIM = `
  INSERT INTO daily_jobs (name, last_run_at) VALUES ($1, $3)
  ON CONFLICT (name) DO UPDATE SET last_run_at = $3 WHERE daily_jobs.last_run_at < $2
  RETURNING name`;

/**
 * Makes one process of however many do what is due. In a transaction: nobody else can claim it before that ends, and if it is rolled back,
 * the job is as due as before.
 * @param due ms since 1970
 * @param now ms since 1970
 * @returns whether it is this process: nobody has since `due`
 */
export async function claimJob(client: ClientBase, name: string, due: number, now: number): Promise<boolean> {
  const { rowCount } = await client.query(CLAIM, [name, new Date(due), new Date(now)]);
  return rowCount === 1;
}
