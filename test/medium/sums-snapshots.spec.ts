import { periodStart } from '../../src/limits/quota-period.js';
import { SumsSnapshots } from '../../src/usage/sums-snapshots.js';
import { AuthRooms } from '../support/auth-rooms.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { discard, metering, until, type Metering } from '../support/usage.js';

describe('sums of one moment', () => {
  let database: TestDatabase;
  let rooms: AuthRooms;
  let meters: Metering;
  let accountId: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    rooms = await AuthRooms.open(database.url);
    accountId = (await rooms.accounts.create({ name: 'one' }, rooms.trail)).id;
    meters = metering(rooms.database.pool, { ledger: rooms.ledger });
    await meters.recorder.start(true);
  });
  afterAll(async () => {
    await meters.recorder.stop();
    await meters.journal.end();
    await rooms.close();
    await database.drop();
    discard(meters.root);
  });

  /** @returns its id and charge, once it is in the sums */
  const spend = async () => {
    const { request_id, charge_micro_usd } = await meters.request({ accountId, input: 1_000_000 });
    const isIn = 'SELECT 1 FROM usage_records WHERE request_id = $1';
    await until(async () => (await rooms.database.pool.query(isIn, [request_id])).rowCount === 1);
    return { id: request_id, charge: BigInt(charge_micro_usd) };
  };

  it('trap 11: balance, what a key has spent, and which requests are in them belong together', async () => {
    const snapshots = new SumsSnapshots(rooms.database, rooms.ledger);
    const today = periodStart('day', Date.now());
    const first = await spend();
    const sums = (ids: readonly string[]) =>
      snapshots.read(async view => ({
        balance: await view.balance(accountId),
        recorded: [...(await view.recorded(ids))].sort(),
        spent: await view.spent(accountId, 'key_1', today),
        tomorrow: await view.spent(accountId, 'key_1', today + 24 * 60 * 60_000),
      }));
    const { charge } = first;
    expect(charge).toBeGreaterThan(0n);
    const foreign = 'req_lazu_01ARZ3NDEKTSV4RRFFQ69G5FAV';
    const once = { balance: -charge, recorded: [first.id], spent: charge, tomorrow: 0n };
    expect(await sums([foreign, first.id])).toEqual(once);
    expect(await sums([])).toEqual({ ...once, recorded: [] });

    await snapshots.read(async view => {
      expect(await view.balance(accountId)).toBe(-charge);
      const second = await spend(); // while the snapshot is open
      expect(await view.balance(accountId)).toBe(-charge);
      expect(await view.spent(accountId, 'key_1', today)).toBe(charge);
      expect(await view.recorded([first.id, second.id])).toEqual([first.id]);
      expect(await sums([first.id, second.id])).toEqual({
        balance: -charge - second.charge,
        recorded: [first.id, second.id].sort(),
        spent: charge + second.charge,
        tomorrow: 0n,
      });
    });
  });
});
