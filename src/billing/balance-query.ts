export const CUSTOMER = 'customer:';

/** A customer's account in the ledger. */
export function customer(accountId: string): string {
  return CUSTOMER + accountId;
}

/**
 * Balances by ledger account: the checkpoint, and all that was posted after it. One statement, so both are of one moment. An account
 * without postings is absent. $1 ledger accounts.
 */
export const BALANCES = `
  SELECT asked.ledger_account, (coalesce(checkpoint.balance_micro_usd, 0) + coalesce(later.amount, 0))::text AS balance
  FROM unnest($1::text[]) AS asked(ledger_account)
  LEFT JOIN ledger_checkpoints AS checkpoint USING (ledger_account)
  CROSS JOIN LATERAL (
    SELECT sum(amount_micro_usd) AS amount FROM ledger_postings
    WHERE ledger_account = asked.ledger_account AND position > coalesce(checkpoint.position, 0)
  ) AS later
  WHERE checkpoint.position IS NOT NULL OR later.amount IS NOT NULL`;

export interface BalanceRow {
  readonly ledger_account: string;
  /** microUSD. */
  readonly balance: string;
}
