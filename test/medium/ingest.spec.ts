import { checkLedger } from '../../src/billing/ledger-check.js';
import { Partitions } from '../../src/usage/partitions.js';
import { AuthRooms } from '../support/auth-rooms.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { MAKE_ACCOUNTS, offer } from '../support/ingest.js';
import { discard, metering, until, type Metering } from '../support/usage.js';

/** The short form of `npm run bench:ingest`: what does not depend on how busy the machine is. */
describe('thousands of records a second', () => {
  const SEGMENT_BYTES = 1024 * 1024;
  let database: TestDatabase;
  let rooms: AuthRooms;
  let meters: Metering;

  beforeAll(async () => {
    database = await createTestDatabase();
    rooms = await AuthRooms.open(database.url);
    await new Partitions({ usageRetentionDays: 0 }, rooms.database).maintain(Date.now());
    await rooms.database.pool.query(MAKE_ACCOUNTS);
    meters = metering(rooms.database.pool, { ledger: rooms.ledger, segmentBytes: SEGMENT_BYTES });
    await meters.recorder.start();
  });
  afterAll(async () => {
    await meters.recorder.stop();
    await meters.journal.end();
    discard(meters.root);
    await rooms.close();
    await database.drop();
  });

  it('cost little each, are written many at a time, and leave nothing behind', async () => {
    const one = async (text: string) =>
      Number(Object.values((await rooms.database.pool.query(text)).rows[0] as object)[0]);
    const before = process.cpuUsage();
    const offered = await offer(meters, { rate: 2_000, seconds: 3 });
    await until(() => meters.queue.held === 0 && meters.journal.segments.spilled.length === 0, 25_000);
    const { user, system } = process.cpuUsage(before);

    expect(offered).toBeGreaterThan(4_000);
    expect(await one('SELECT count(*) FROM usage_records')).toBe(offered);
    expect(await one('SELECT sum(requests) FROM usage_rollups')).toBe(offered);
    expect(await one('SELECT count(*) FROM usage_records_default')).toBe(0);
    expect(await one('SELECT count(DISTINCT batch_id) FROM usage_records')).toBeLessThan(offered / 20);
    expect((user + system) / 1_000 / offered).toBeLessThan(1); // ms of this process; 0.15 on a busy machine
    await until(() => meters.journal.bytes <= SEGMENT_BYTES + 500_000); // what is in PostgreSQL goes from the disk
    expect(meters.charges.ofAccount('acct_00000000000000000000000000')).toBe(0n);
    const client = await rooms.database.pool.connect();
    expect(await checkLedger(client, 0)).toMatchObject({ ok: true });
    client.release();
    const charged = await one('SELECT -sum(charge_micro_usd) FROM usage_records');
    expect(await one(`SELECT sum(amount_micro_usd) FROM ledger_postings WHERE ledger_account LIKE 'customer:%'`)).toBe(
      charged,
    );
  }, 60_000);
});
