import type { Prisma } from '../generated/prisma/client.js';

/** What was changed: `account`, `api_key`, `channel` … and its id. */
export interface Target {
  readonly type: string;
  readonly id: string;
}

/**
 * Writes one change down, inside the transaction that makes it, so that neither exists without the other. Services of any room take
 * one as their last parameter and need not know who asks; `auth/audit.service.ts` makes them. `before` and `after` are what the
 * wire shows (plain, snake_case), never a row: rows hold hashes and ciphertexts.
 */
export type Trail = (
  tx: Prisma.TransactionClient,
  action: string,
  target: Target,
  before: unknown,
  after: unknown,
) => Promise<void>;
