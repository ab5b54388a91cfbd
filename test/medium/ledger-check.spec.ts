import { ulid } from 'ulid';
import { checkLedger } from '../../src/billing/ledger-check.js';
import { AuthRooms } from '../support/auth-rooms.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { discard, metering, type Metering } from '../support/usage.js';

describe('the check of the ledger', () => {
  let database: TestDatabase;
  let rooms: AuthRooms;
  let id: string;
  let usage: Metering;
  beforeAll(async () => {
    database = await createTestDatabase();
    rooms = await AuthRooms.open(database.url);
    id = (await rooms.accounts.create({ name: 'one' }, rooms.trail)).id;
    await rooms.ledger.topUp(id, { amountMicroUsd: 5_000_000, reference: 'invoice' }, rooms.trail);
    usage = metering(rooms.database.pool, { ledger: rooms.ledger });
    await usage.recorder.start();
    await Promise.all(Array.from({ length: 30 }, () => usage.request({ accountId: id })));
    await usage.recorder.stop();
  });
  afterAll(async () => {
    await usage.journal.end();
    discard(usage.root);
    await rooms.close();
    await database.drop();
  });

  const check = async (retentionDays = 0) => {
    const client = await rooms.database.pool.connect();
    try {
      return await checkLedger(client, retentionDays);
    } finally {
      client.release();
    }
  };

  it('is clean when every batch was posted as it was charged', async () => {
    const { transactions, ...rest } = await check();
    expect(rest).toEqual({
      object: 'ledger_check',
      ok: true,
      balances_micro_usd: 5_000_000 - 30 * 20,
      limits: null,
      problems: [],
    });
    expect(transactions).toBeGreaterThanOrEqual(2);
  });

  it('names a batch that was posted and not charged, as long as records are kept', async () => {
    const old = `batch_${ulid(Date.now() - 9 * 24 * 60 * 60_000)}`;
    const client = await rooms.database.pool.connect();
    await client.query('BEGIN');
    await rooms.ledger.postUsage(client, old, new Map([[id, 7n]]));
    await client.query('COMMIT');
    client.release();
    expect(await check()).toMatchObject({
      ok: false,
      problems: [{ kind: 'charges_differ', id: old, account_id: id, expected: 0, found: 7 }],
    });
    expect(await check(8)).toMatchObject({ ok: true });
  });
});
