import type pg from 'pg';

const ACCOUNT = 'acct_of_many_postings';

/** An account with so many batches posted, made at once. @returns its id */
export async function manyPostings(pool: pg.Pool, count: number): Promise<string> {
  await pool.query(`INSERT INTO accounts (id, name, updated_at) VALUES ($1, 'busy', now()) ON CONFLICT DO NOTHING`, [
    ACCOUNT,
  ]);
  for (let from = 0; from < count; from += 20_000) {
    await pool.query(
      `WITH posted AS (
         INSERT INTO ledger_transactions (id, account_id, kind, reference)
         SELECT 'txn_many_' || n, $1, 'usage', 'batch_many_' || n FROM generate_series($2::int, $2::int + 19999) AS n
         ON CONFLICT DO NOTHING RETURNING id
       )
       INSERT INTO ledger_postings (transaction_id, ledger_account, amount_micro_usd)
       SELECT id, 'customer:' || $1::text, -7 FROM posted UNION ALL SELECT id, 'revenue', 7 FROM posted`,
      [ACCOUNT, from],
    );
  }
  await pool.query('VACUUM ANALYZE ledger_postings');
  return ACCOUNT;
}
