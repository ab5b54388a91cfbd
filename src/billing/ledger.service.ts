import { Injectable } from '@nestjs/common';
import type { ClientBase, PoolClient } from 'pg';
import { ulid } from 'ulid';
import { PrismaService } from '../database/prisma.service.js';
import type { Trail } from '../database/trail.js';
import { LazuError } from '../errors.js';
import { Prisma } from '../generated/prisma/client.js';
import { BALANCES, CUSTOMER, customer, type BalanceRow } from './balance-query.js';
import { TiersService } from './tiers.service.js';

/** The other side of each kind: what a customer gains, this account gives. */
const COUNTERPART = { topup: 'cash', refund: 'cash', adjustment: 'grants', usage: 'revenue' } as const;

type Kind = keyof typeof COUNTERPART;

/** Contract §13: top-ups are at least $5. */
export const MINIMUM_TOPUP_MICRO_USD = 5_000_000;

export interface LedgerEntryView {
  readonly id: string;
  readonly object: 'ledger_entry';
  readonly account_id: string;
  readonly kind: string;
  /** What the balance gained; negative: what it lost. */
  readonly amount_micro_usd: number;
  readonly reference: string;
  readonly note: string | null;
  readonly created_at: string;
}

export interface Posting {
  readonly amountMicroUsd: number;
  /** Idempotent per account and kind. */
  readonly reference: string;
  readonly note?: string | null;
}

/** Must not throw. */
type Watcher = (accountId: string) => void | Promise<void>;

type TransactionRow = Prisma.LedgerTransactionGetPayload<{ include: { postings: true } }>;

/** Append-only double entry: the postings of each transaction sum to zero. A balance is the sum of its postings, made up to a checkpoint beforehand. */
@Injectable()
export class LedgerService {
  readonly #watchers: Watcher[] = [];

  constructor(
    private readonly prisma: PrismaService,
    private readonly tiers: TiersService,
  ) {}

  /** Told when a top-up or an adjustment has changed a balance, before that call answers. */
  watch(watcher: Watcher): void {
    this.#watchers.push(watcher);
  }

  /**
   * Idempotent by reference: the same again gives the first result.
   * @throws LazuError `not_found` (account), `conflict` (this reference with another amount)
   */
  topUp(accountId: string, posting: Posting, trail: Trail): Promise<LedgerEntryView> {
    return this.#postOnce(accountId, 'topup', posting, trail);
  }

  /** Topped-up money that left again, negative; positive: it came back. Idempotent as `topUp` is. */
  refund(accountId: string, posting: Posting, trail: Trail): Promise<LedgerEntryView> {
    return this.#postOnce(accountId, 'refund', posting, trail);
  }

  /** The one account that a top-up with this reference went to; undefined: none, or more than one. */
  async toppedUpBy(reference: string): Promise<string | undefined> {
    // As text: an index of top-ups alone serves it, which a kind that is a parameter would not be sure of.
    const [found, another] = await this.prisma.$queryRaw<{ account_id: string }[]>`
      SELECT account_id FROM ledger_transactions WHERE kind = 'topup' AND reference = ${reference} LIMIT 2`;
    return another === undefined ? found?.account_id : undefined;
  }

  /** Grants and corrections, of either sign. Idempotent as `topUp` is. */
  adjust(accountId: string, posting: Posting, trail: Trail): Promise<LedgerEntryView> {
    return this.#postOnce(accountId, 'adjustment', posting, trail);
  }

  /** Newest first. @throws LazuError `not_found` (account) */
  async list(accountId: string, slice: { after: string | undefined; take: number }): Promise<LedgerEntryView[]> {
    await this.#assertAccount(this.prisma, accountId);
    const rows = await this.prisma.ledgerTransaction.findMany({
      where: { accountId, ...(slice.after === undefined ? {} : { id: { lt: slice.after } }) },
      include: { postings: true },
      orderBy: { id: 'desc' },
      take: slice.take,
    });
    return rows.map(row => this.map(row));
  }

  /** microUSD. */
  async balance(accountId: string): Promise<bigint> {
    return (await this.balances([accountId])).get(accountId) ?? 0n;
  }

  /** microUSD, as this connection's snapshot has it. */
  async balanceIn(client: ClientBase, accountId: string): Promise<bigint> {
    const { rows } = await client.query<BalanceRow>(BALANCES, [[customer(accountId)]]);
    return BigInt(rows[0]?.balance ?? 0);
  }

  /** microUSD by account id; an account without postings is absent. */
  async balances(accountIds: readonly string[]): Promise<Map<string, bigint>> {
    const rows = await this.prisma.$queryRawUnsafe<BalanceRow[]>(BALANCES, accountIds.map(customer));
    return new Map(rows.map(row => [row.ledger_account.slice(CUSTOMER.length), BigInt(row.balance)]));
  }

  /**
   * One balanced transaction per (account, batch), in the recorder's own transaction; a batch that was posted before is left alone.
   * @param charges microUSD by account id, not negative; zero is not posted
   */
  async postUsage(client: PoolClient, batchId: string, charges: ReadonlyMap<string, bigint>): Promise<void> {
    const due = [...charges].filter(([, amount]) => amount > 0n).sort(([one], [other]) => (one < other ? -1 : 1));
    if (due.length === 0) return;
    await client.query(POST_USAGE, [
      due.map(() => `txn_${ulid()}`),
      due.map(([accountId]) => accountId),
      due.map(([, amount]) => amount.toString()),
      batchId,
    ]);
  }

  async #postOnce(accountId: string, kind: Kind, posting: Posting, trail: Trail): Promise<LedgerEntryView> {
    const first = await this.#find(accountId, kind, posting.reference);
    if (first) return this.#same(first, posting);
    try {
      const posted = await this.#post(accountId, kind, posting, trail);
      for (const watcher of this.#watchers) await watcher(accountId);
      return posted;
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      const winner = await this.#find(accountId, kind, posting.reference); // the same call, at the same time
      if (!winner) throw error;
      return this.#same(winner, posting);
    }
  }

  #post(accountId: string, kind: Kind, posting: Posting, trail: Trail): Promise<LedgerEntryView> {
    return this.prisma.$transaction(async tx => {
      await this.#assertAccount(tx, accountId);
      const amount = BigInt(posting.amountMicroUsd);
      const row = await tx.ledgerTransaction.create({
        data: {
          id: `txn_${ulid()}`,
          accountId,
          kind,
          reference: posting.reference,
          note: posting.note ?? null,
          postings: {
            create: [
              { ledgerAccount: customer(accountId), amountMicroUsd: amount },
              { ledgerAccount: COUNTERPART[kind], amountMicroUsd: -amount },
            ],
          },
        },
        include: { postings: true },
      });
      if (kind === 'topup') await this.tiers.lift(tx, accountId);
      const view = this.map(row);
      await trail(tx, `account.${kind}`, { type: 'account', id: accountId }, null, view);
      return view;
    });
  }

  #find(accountId: string, kind: Kind, reference: string): Promise<TransactionRow | null> {
    return this.prisma.ledgerTransaction.findUnique({
      where: { accountId_kind_reference: { accountId, kind, reference } },
      include: { postings: true },
    });
  }

  #same(first: TransactionRow, posting: Posting): LedgerEntryView {
    const view = this.map(first);
    if (view.amount_micro_usd === posting.amountMicroUsd) return view;
    throw new LazuError(
      'conflict',
      `The reference ${posting.reference} was used for ${view.amount_micro_usd} microUSD. Use a new one for another amount.`,
      { param: 'reference' },
    );
  }

  async #assertAccount(tx: Prisma.TransactionClient, id: string): Promise<void> {
    const account = await tx.account.findUnique({ where: { id }, select: { id: true } });
    if (!account) throw new LazuError('not_found', `There is no account ${id}.`);
  }

  private map(row: TransactionRow): LedgerEntryView {
    const mine = row.postings.find(posting => posting.ledgerAccount === customer(row.accountId));
    return {
      id: row.id,
      object: 'ledger_entry',
      account_id: row.accountId,
      kind: row.kind,
      amount_micro_usd: Number(mine?.amountMicroUsd ?? 0n),
      reference: row.reference,
      note: row.note,
      created_at: row.createdAt.toISOString(),
    };
  }
}

/** Prisma's name for a broken unique constraint: https://www.prisma.io/docs/orm/reference/error-reference#p2002 */
function isDuplicate(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';
}

/** $1 transaction ids, $2 account ids (sorted: locks in one order), $3 amounts, $4 batch id. */
const POST_USAGE = `
  WITH charge AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]) AS charge(id, account_id, amount)
  ), posted AS (
    INSERT INTO ledger_transactions (id, account_id, kind, reference)
    SELECT id, account_id, 'usage', $4 FROM charge
    ON CONFLICT (account_id, kind, reference) DO NOTHING
    RETURNING id, account_id
  )
  INSERT INTO ledger_postings (transaction_id, ledger_account, amount_micro_usd)
  SELECT posted.id, '${CUSTOMER}' || posted.account_id, -charge.amount FROM posted JOIN charge USING (id)
  UNION ALL
  SELECT posted.id, '${COUNTERPART.usage}', charge.amount FROM posted JOIN charge USING (id)`;
