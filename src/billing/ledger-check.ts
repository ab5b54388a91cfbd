import type { ClientBase } from 'pg';
import { encodeTime } from 'ulid';
import { CUSTOMER } from './balance-query.js';

/** One thing that does not add up. */
export interface LedgerProblem {
  /**
   * `unbalanced`: the postings of a transaction do not sum to zero. `wrong_account`: a transaction moves another customer's money.
   * `charges_differ`: what the usage records of a batch charge an account is not what was posted for it. `checkpoint_differs`: a
   * checkpoint is not the sum of the postings that it is made of. Of a Lazu that runs: `credit_differs`: what an account may spend, before
   * holds, is not its balance less the charges that are not posted yet; `held_differs`: what is taken off it is not what open requests hold.
   */
  readonly kind:
    'unbalanced' | 'wrong_account' | 'charges_differ' | 'checkpoint_differs' | 'credit_differs' | 'held_differs';
  /** Of the ledger transaction; of the batch with `charges_differ`; the position of a checkpoint; else the
   * account again. */
  readonly id: string;
  readonly account_id: string;
  /** microUSD. */
  readonly expected: number;
  readonly found: number;
}

export interface LedgerCheck {
  readonly object: 'ledger_check';
  readonly ok: boolean;
  readonly transactions: number;
  /** Sum of all customers' balances, microUSD. */
  readonly balances_micro_usd: number;
  /** What requests are admitted by, compared with the ledger; null: not looked at, as it is not in PostgreSQL. */
  readonly limits: { readonly accounts: number } | null;
  /** The first hundred. */
  readonly problems: readonly LedgerProblem[];
}

export const MOST = 100;
const DAY_MS = 24 * 60 * 60_000;

const UNBALANCED = `
  SELECT 'unbalanced' AS kind, t.id, t.account_id, 0 AS expected, coalesce(sum(p.amount_micro_usd), 0) AS found
  FROM ledger_transactions t LEFT JOIN ledger_postings p ON p.transaction_id = t.id
  GROUP BY t.id HAVING count(p.*) < 2 OR sum(p.amount_micro_usd) <> 0
  ORDER BY t.id LIMIT ${MOST}`;

const WRONG_ACCOUNT = `
  SELECT 'wrong_account' AS kind, t.id, t.account_id, 0 AS expected, p.amount_micro_usd AS found
  FROM ledger_transactions t JOIN ledger_postings p ON p.transaction_id = t.id
  WHERE p.ledger_account LIKE 'customer:%' AND p.ledger_account <> 'customer:' || t.account_id
  ORDER BY t.id LIMIT ${MOST}`;

/**
 * A batch of which nothing was posted was recorded with \`BILLING=off\`: rows and postings are one transaction. $1: the first batch
 * whose records retention has not dropped.
 */
const CHARGES_DIFFER = `
  WITH posted AS (
    SELECT t.reference AS batch_id, t.account_id, -sum(p.amount_micro_usd) AS amount
    FROM ledger_transactions t
    JOIN ledger_postings p ON p.transaction_id = t.id AND p.ledger_account = 'customer:' || t.account_id
    WHERE t.kind = 'usage' AND t.reference >= $1
    GROUP BY 1, 2
  ), charged AS (
    SELECT batch_id, account_id, sum(charge_micro_usd) AS amount FROM usage_records
    WHERE charge_micro_usd > 0 AND batch_id IN (SELECT batch_id FROM posted)
    GROUP BY 1, 2
  )
  SELECT 'charges_differ' AS kind, batch_id AS id, account_id, coalesce(charged.amount, 0) AS expected,
    coalesce(posted.amount, 0) AS found
  FROM posted FULL JOIN charged USING (batch_id, account_id)
  WHERE posted.amount IS DISTINCT FROM charged.amount
  ORDER BY batch_id LIMIT ${MOST}`;

const CHECKPOINT_DIFFERS = `
  SELECT 'checkpoint_differs' AS kind, checkpoint.position::text AS id, substr(ledger_account, length('${CUSTOMER}') + 1) AS account_id,
    posted.amount AS expected, balance_micro_usd AS found
  FROM ledger_checkpoints AS checkpoint CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount_micro_usd), 0) AS amount FROM ledger_postings
    WHERE ledger_account = checkpoint.ledger_account AND position <= checkpoint.position
  ) AS posted
  WHERE posted.amount <> balance_micro_usd
  ORDER BY ledger_account LIMIT ${MOST}`;

const TOTALS = `
  SELECT (SELECT count(*) FROM ledger_transactions) AS transactions,
    (SELECT coalesce(sum(amount_micro_usd), 0) FROM ledger_postings WHERE ledger_account LIKE 'customer:%') AS balances`;

/**
 * Proves, on one snapshot, that every transaction balances, moves only its own account's money, that what the usage records of
 * each batch charge is what was posted, and that every checkpoint is the sum of the postings before it.
 * @param retentionDays after which usage records are dropped; 0: never. Postings older than that have nothing to be compared with.
 */
export async function checkLedger(client: ClientBase, retentionDays: number): Promise<LedgerCheck> {
  const since = retentionDays === 0 ? 'batch_' : `batch_${encodeTime(Date.now() - (retentionDays - 1) * DAY_MS)}`;
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    const problems: LedgerProblem[] = [];
    for (const [text, values] of [
      [UNBALANCED],
      [WRONG_ACCOUNT],
      [CHARGES_DIFFER, [since]],
      [CHECKPOINT_DIFFERS],
    ] as const) {
      const { rows } = await client.query<LedgerProblem>(text, values && [...values]);
      for (const row of rows) problems.push({ ...row, expected: Number(row.expected), found: Number(row.found) });
    }
    const { rows } = await client.query<{ transactions: string; balances: string }>(TOTALS);
    return {
      object: 'ledger_check',
      ok: problems.length === 0,
      transactions: Number(rows[0]?.transactions),
      balances_micro_usd: Number(rows[0]?.balances),
      limits: null,
      problems: problems.slice(0, MOST),
    };
  } finally {
    await client.query('ROLLBACK');
  }
}
