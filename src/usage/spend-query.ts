import type { ClientBase } from 'pg';

/** Whose spending is asked for, since when. */
export interface SpendQuestion {
  readonly accountId: string;
  /** Null: all keys of the account. */
  readonly keyId: string | null;
  /** A UTC day, `YYYY-MM-DD`. */
  readonly since: string;
}

const SPENT = `
  SELECT (
    SELECT coalesce(sum(charge_micro_usd), 0) FROM usage_rollups
    WHERE usage_rollups.account_id = asked.account_id AND day >= asked.since
      AND (asked.key_id IS NULL OR usage_rollups.key_id = asked.key_id)
  )::text AS spent
  FROM unnest($1::text[], $2::text[], $3::date[]) WITH ORDINALITY AS asked(account_id, key_id, since, place)
  ORDER BY place`;

/** MicroUSD of the requests that started then or later, in the order of the questions; as this connection sees the daily sums. */
export async function spentIn(client: ClientBase, questions: readonly SpendQuestion[]): Promise<bigint[]> {
  if (questions.length === 0) return [];
  const { rows } = await client.query<{ spent: string }>(SPENT, [
    questions.map(({ accountId }) => accountId),
    questions.map(({ keyId }) => keyId),
    questions.map(({ since }) => since),
  ]);
  return rows.map(({ spent }) => BigInt(spent));
}
