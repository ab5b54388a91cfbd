import { AuthRooms } from '../support/auth-rooms.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

describe('ledger on a real database', () => {
  let database: TestDatabase;
  let rooms: AuthRooms;
  let id: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    rooms = await AuthRooms.open(database.url);
  });
  afterAll(async () => {
    await rooms.close();
    await database.drop();
  });
  beforeEach(async () => {
    id = (await rooms.accounts.create({ name: 'one' }, rooms.trail)).id;
  });

  const topUp = (amountMicroUsd: number, reference: string) =>
    rooms.ledger.topUp(id, { amountMicroUsd, reference }, rooms.trail);
  const postUsage = async (batchId: string, charges: Record<string, bigint>) => {
    const client = await rooms.database.pool.connect();
    try {
      await client.query('BEGIN');
      await rooms.ledger.postUsage(client, batchId, new Map(Object.entries(charges)));
      await client.query('COMMIT');
    } finally {
      client.release();
    }
  };
  const sums = async () =>
    (
      await rooms.database.pool.query<{ id: string; sum: string; postings: string }>(
        'SELECT transaction_id AS id, sum(amount_micro_usd), count(*) AS postings FROM ledger_postings GROUP BY 1',
      )
    ).rows;

  it('every transaction balances, the balance is the sum', async () => {
    await topUp(5_000_000, 'invoice-1');
    await rooms.ledger.adjust(id, { amountMicroUsd: 250_000, reference: 'grant-1', note: 'welcome' }, rooms.trail);
    await rooms.ledger.adjust(id, { amountMicroUsd: -50_000, reference: 'correction-1' }, rooms.trail);
    await postUsage('batch_1', { [id]: 1_234_567n });
    expect(await rooms.ledger.balance(id)).toBe(5_000_000n + 250_000n - 50_000n - 1_234_567n);
    for (const transaction of await sums()) expect(transaction).toMatchObject({ sum: '0', postings: '2' });
    expect(await rooms.ledger.list(id, { after: undefined, take: 10 })).toMatchObject([
      { kind: 'usage', amount_micro_usd: -1_234_567, reference: 'batch_1' },
      { kind: 'adjustment', amount_micro_usd: -50_000, reference: 'correction-1', note: null },
      { kind: 'adjustment', amount_micro_usd: 250_000, reference: 'grant-1', note: 'welcome' },
      { kind: 'topup', amount_micro_usd: 5_000_000, reference: 'invoice-1' },
    ]);
  });

  it('a top-up is idempotent by reference, also when it comes many times at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => topUp(7_000_000, 'same')));
    expect(new Set(answers.map(answer => answer.id)).size).toBe(1);
    expect(await topUp(7_000_000, 'same')).toEqual(answers[0]);
    expect(await rooms.ledger.balance(id)).toBe(7_000_000n);
    const events = await rooms.audit.list({ after: undefined, take: 100, targetId: id, action: 'account.topup' });
    expect(events).toHaveLength(1);
  });

  it('the same reference with another amount is a conflict', async () => {
    await topUp(7_000_000, 'same');
    await expect(topUp(8_000_000, 'same')).rejects.toMatchObject({ code: 'conflict', status: 409, param: 'reference' });
    expect(await rooms.ledger.balance(id)).toBe(7_000_000n);
  });

  it('a reference belongs to one account and one kind', async () => {
    const other = await rooms.accounts.create({ name: 'two' }, rooms.trail);
    await topUp(5_000_000, 'r');
    await rooms.ledger.topUp(other.id, { amountMicroUsd: 6_000_000, reference: 'r' }, rooms.trail);
    await rooms.ledger.adjust(id, { amountMicroUsd: 1, reference: 'r' }, rooms.trail);
    expect(await rooms.ledger.balances([id, other.id, 'acct_none'])).toEqual(
      new Map([
        [id, 5_000_001n],
        [other.id, 6_000_000n],
      ]),
    );
  });

  it('what was refunded is taken from the cash that was paid in, once, and comes back to it', async () => {
    await topUp(5_000_000, 'pi_1');
    const refund = (amountMicroUsd: number, reference: string) =>
      rooms.ledger.refund(id, { amountMicroUsd, reference }, rooms.trail);
    await Promise.all(Array.from({ length: 5 }, () => refund(-2_000_000, 're_1')));
    await refund(2_000_000, 're_1 returned');
    await refund(-5_000_000, 're_2');
    expect(await rooms.ledger.balance(id)).toBe(0n);
    const { rows } = await rooms.database.pool.query(
      `SELECT p.ledger_account AS account, sum(p.amount_micro_usd)::int AS sum FROM ledger_postings p
       JOIN ledger_transactions t ON t.id = p.transaction_id WHERE t.account_id = $1 AND t.kind = 'refund' GROUP BY 1 ORDER BY 1`,
      [id],
    );
    expect(rows).toEqual([
      { account: 'cash', sum: 5_000_000 },
      { account: `customer:${id}`, sum: -5_000_000 },
    ]);
  });

  it('says whose top-up a reference is, unless it is that of two', async () => {
    const other = await rooms.accounts.create({ name: 'two' }, rooms.trail);
    await topUp(5_000_000, 'pi_mine');
    await rooms.ledger.adjust(id, { amountMicroUsd: 1, reference: 'pi_granted' }, rooms.trail);
    for (const account of [id, other.id]) {
      await rooms.ledger.topUp(account, { amountMicroUsd: 5_000_000, reference: 'pi_both' }, rooms.trail);
    }
    const found = await Promise.all(
      ['pi_mine', 'pi_granted', 'pi_both', 'pi_nobody'].map(r => rooms.ledger.toppedUpBy(r)),
    );
    expect(found).toEqual([id, undefined, undefined, undefined]);
  });

  it('a batch is posted once per account, whatever is posted again; zero is not posted', async () => {
    const other = await rooms.accounts.create({ name: 'two' }, rooms.trail);
    await postUsage('batch_2', { [id]: 10n, [other.id]: 0n });
    await postUsage('batch_2', { [id]: 10n, [other.id]: 20n });
    await postUsage('batch_3', { [id]: 1n });
    expect(await rooms.ledger.balance(id)).toBe(-11n);
    expect(await rooms.ledger.balance(other.id)).toBe(-20n);
    await postUsage('batch_4', {});
    expect(await rooms.ledger.list(other.id, { after: undefined, take: 10 })).toHaveLength(1);
  });

  it('rolls back with the recorder', async () => {
    const client = await rooms.database.pool.connect();
    await client.query('BEGIN');
    await rooms.ledger.postUsage(client, 'batch_5', new Map([[id, 10n]]));
    await client.query('ROLLBACK');
    client.release();
    expect(await rooms.ledger.balance(id)).toBe(0n);
  });

  it('pages newest first', async () => {
    for (const reference of ['a', 'b', 'c']) await topUp(5_000_000, reference);
    const first = await rooms.ledger.list(id, { after: undefined, take: 2 });
    const rest = await rooms.ledger.list(id, { after: first.at(-1)!.id, take: 2 });
    expect([...first, ...rest].map(entry => entry.reference)).toEqual(['c', 'b', 'a']);
  });

  it('an unknown account is 404', async () => {
    const posting = { amountMicroUsd: 5_000_000, reference: 'r' };
    await expect(rooms.ledger.topUp('acct_none', posting, rooms.trail)).rejects.toMatchObject({ code: 'not_found' });
    await expect(rooms.ledger.list('acct_none', { after: undefined, take: 1 })).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});
