import type { PoolClient } from 'pg';
import { CheckpointsService } from '../../src/billing/checkpoints.service.js';
import { checkLedger } from '../../src/billing/ledger-check.js';
import { AuthRooms } from '../support/auth-rooms.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const MINUTES = 60_000;

describe('checkpoints of balances', () => {
  let database: TestDatabase;
  let rooms: AuthRooms;
  let checkpoints: CheckpointsService;
  let now: number;

  beforeEach(async () => {
    database = await createTestDatabase();
    rooms = await AuthRooms.open(database.url, { BILLING: 'prepaid' });
    checkpoints = new CheckpointsService({ billing: 'prepaid' }, rooms.database);
    now = Date.now();
  });
  afterEach(async () => {
    await rooms.close();
    await database.drop();
  });

  const account = async () => (await rooms.accounts.create({ name: 'one' }, rooms.trail)).id;
  const run = () => checkpoints.run((now += 6 * MINUTES));
  const query = async (text: string, values?: unknown[]) =>
    (await rooms.database.pool.query<Record<string, string>>(text, values)).rows;
  const standing = (id: string) =>
    query('SELECT position, balance_micro_usd FROM ledger_checkpoints WHERE ledger_account = $1', [`customer:${id}`]);
  const begin = async (batchId: string, charges: Record<string, bigint>): Promise<PoolClient> => {
    const client = await rooms.database.pool.connect();
    await client.query('BEGIN');
    await rooms.ledger.postUsage(client, batchId, new Map(Object.entries(charges)));
    return client;
  };
  const end = async (client: PoolClient, how: 'COMMIT' | 'ROLLBACK') => {
    await client.query(how);
    client.release();
  };
  const post = async (batchId: string, charges: Record<string, bigint>) => end(await begin(batchId, charges), 'COMMIT');
  const differing = async () => {
    const client = await rooms.database.pool.connect();
    try {
      return (await checkLedger(client, 0)).problems.filter(({ kind }) => kind === 'checkpoint_differs');
    } finally {
      client.release();
    }
  };

  it('a balance is its checkpoint and what was posted after it', async () => {
    const [id, idle] = [await account(), await account()];
    await rooms.ledger.topUp(id, { amountMicroUsd: 5_000_000, reference: 'r' }, rooms.trail);
    await rooms.ledger.topUp(idle, { amountMicroUsd: 7_000_000, reference: 'r' }, rooms.trail);
    expect(await run()).toMatchObject({ accounts: 2 });
    await post('batch_1', { [id]: 10n });
    await post('batch_2', { [id]: 20n });
    expect(await rooms.ledger.balance(id)).toBe(4_999_970n);
    expect(await run()).toMatchObject({ accounts: 1 });
    expect(await standing(id)).toMatchObject([{ balance_micro_usd: '4999970' }]);
    expect(await run()).toMatchObject({ accounts: 0 });
    await post('batch_3', { [id]: 1n });
    expect(await rooms.ledger.balances([id, idle, 'acct_none'])).toEqual(
      new Map([
        [id, 4_999_969n],
        [idle, 7_000_000n],
      ]),
    );
  });

  it('reads nothing of what lies before the checkpoint', async () => {
    const id = await account();
    await rooms.ledger.topUp(id, { amountMicroUsd: 5_000_000, reference: 'r' }, rooms.trail);
    await run();
    await query('UPDATE ledger_checkpoints SET balance_micro_usd = balance_micro_usd + 1');
    expect(await rooms.ledger.balance(id)).toBe(5_000_001n);
    const client = await rooms.database.pool.connect();
    expect(await rooms.ledger.balanceIn(client, id)).toBe(5_000_001n);
    client.release();
    expect(await differing()).toMatchObject([{ account_id: id, expected: 5_000_000, found: 5_000_001 }]);
  });

  it('are made again when they are lost', async () => {
    const id = await account();
    await rooms.ledger.topUp(id, { amountMicroUsd: 5_000_000, reference: 'r' }, rooms.trail);
    await run();
    await query('DELETE FROM ledger_checkpoints');
    expect(await rooms.ledger.balance(id)).toBe(5_000_000n);
    await post('batch_1', { [id]: 10n });
    await run();
    expect(await standing(id)).toMatchObject([{ balance_micro_usd: '4999990' }]);
    expect(await differing()).toEqual([]);
  });

  it('never pass a posting that was written before and commits after', async () => {
    const [slow, quick] = [await account(), await account()];
    const late = await begin('batch_late', { [slow]: 7n });
    await post('batch_soon', { [slow]: 1n, [quick]: 2n }); // written after it, committed before it
    const running = run();
    const answers: string[] = [];
    void running.then(() => answers.push('checkpoints'));
    await new Promise(resolve => setTimeout(resolve, 300));
    answers.push('commit');
    await end(late, 'COMMIT');
    expect(await running).toMatchObject({ accounts: 2 });
    expect(answers).toEqual(['commit', 'checkpoints']);
    expect(await standing(slow)).toMatchObject([{ balance_micro_usd: '-8' }]);
    expect(await rooms.ledger.balance(slow)).toBe(-8n);
    expect(await differing()).toEqual([]);
  });

  it('wait for a writer that does not end until the next look, and hold up nobody for long', async () => {
    const id = await account();
    const stuck = await begin('batch_stuck', { [id]: 7n });
    expect(await run()).toBeUndefined();
    await post('batch_2', { [id]: 1n });
    expect(await standing(id)).toEqual([]);
    await end(stuck, 'ROLLBACK');
    expect(await checkpoints.run(now)).toMatchObject({ accounts: 1 }); // still due
    expect(await standing(id)).toMatchObject([{ balance_micro_usd: '-1' }]);
  });

  it('are made by one of the processes that look, every five minutes', async () => {
    const others = Array.from({ length: 5 }, () => new CheckpointsService({ billing: 'prepaid' }, rooms.database));
    const ran = await Promise.all(others.map(other => other.run(now)));
    expect(ran.filter(result => result !== undefined)).toHaveLength(1);
    expect(await checkpoints.run(now + 4 * MINUTES)).toBeUndefined();
    expect(await checkpoints.run(now + 6 * MINUTES)).toBeDefined();
  });

  it('at every moment, with postings on their way, are right to the microdollar', async () => {
    const ids = await Promise.all([account(), account(), account()]);
    let isOver = false;
    let batches = 0;
    const spent = new Map<string, bigint>(ids.map(id => [id, 0n]));
    const random = (below: number) => Math.floor(Math.random() * below);
    const writer = async () => {
      while (!isOver) {
        const charges = Object.fromEntries(ids.filter(() => random(2) === 0).map(id => [id, BigInt(1 + random(99))]));
        const client = await begin(`batch_${batches++}`, charges);
        await new Promise(resolve => setTimeout(resolve, random(15)));
        const isKept = random(5) > 0;
        await end(client, isKept ? 'COMMIT' : 'ROLLBACK');
        if (isKept) for (const [id, charge] of Object.entries(charges)) spent.set(id, spent.get(id)! + charge);
      }
    };
    const writers = [writer(), writer(), writer()];
    let runs = 0;
    for (const deadline = Date.now() + 20_000; runs < 40 && Date.now() < deadline;) {
      if ((await run())!.accounts > 0) runs++;
      const wrong = await query(`
        SELECT * FROM ledger_checkpoints c WHERE balance_micro_usd <> (SELECT sum(amount_micro_usd) FROM ledger_postings p
          WHERE p.ledger_account = c.ledger_account AND p.position <= c.position)`);
      expect(wrong).toEqual([]);
    }
    isOver = true;
    await Promise.all(writers);
    expect(runs).toBeGreaterThan(3);
    for (const id of ids) expect(await rooms.ledger.balance(id)).toBe(-spent.get(id)!);
    expect(await differing()).toEqual([]);
  }, 60_000);
});
