import { loadConfig } from '../../src/config.js';
import { TiersService } from '../../src/billing/tiers.service.js';
import { AuthRooms } from '../support/auth-rooms.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const DAY_MS = 24 * 3_600_000;

describe('tiers of prepaid accounts', () => {
  let database: TestDatabase;
  let rooms: AuthRooms;
  let tiers: TiersService;

  beforeAll(async () => {
    database = await createTestDatabase();
    rooms = await AuthRooms.open(database.url, { BILLING: 'prepaid' });
  });
  afterAll(async () => {
    await rooms.close();
    await database.drop();
  });
  beforeEach(async () => {
    tiers = new TiersService(loadConfig({ BILLING: 'prepaid' }), rooms.database);
    await rooms.database.pool.query('DELETE FROM daily_jobs');
  });

  const account = async () => (await rooms.accounts.create({ name: 'one' }, rooms.trail)).id;
  const tierOf = async (id: string) => (await rooms.accounts.get(id)).tier;
  const topUp = (id: string, usd: number, reference = 'r') =>
    rooms.ledger.topUp(id, { amountMicroUsd: usd * 1_000_000, reference }, rooms.trail);
  const spend = (id: string, usd: number, daysAgo = 0) =>
    rooms.database.pool.query(
      `INSERT INTO usage_rollups (day, account_id, key_id, model, lane, charge_micro_usd)
       VALUES ((now() AT TIME ZONE 'UTC')::date - $3::int, $1, 'key', 'm', 'direct', $2)`,
      [id, usd * 1_000_000, daysAgo],
    );
  /** The ledger takes no change of what stands in it, so what is old is posted as old. */
  const paidLongAgo = (id: string, usd: number, daysAgo: number) =>
    rooms.database.pool.query(
      `WITH paid AS (
         INSERT INTO ledger_transactions (id, account_id, kind, reference, created_at)
         VALUES ('txn_' || $1, $1, 'topup', 'old', now() - make_interval(days => $3)) RETURNING id
       )
       INSERT INTO ledger_postings (transaction_id, ledger_account, amount_micro_usd)
       SELECT id, 'customer:' || $1::text, $2::bigint FROM paid UNION ALL SELECT id, 'cash', -$2::bigint FROM paid`,
      [id, usd * 1_000_000, daysAgo],
    );

  it('begin at the lowest, and a top-up lifts at once', async () => {
    const id = await account();
    expect(await tierOf(id)).toBe('unverified');
    await topUp(id, 5);
    expect(await tierOf(id)).toBe('0');
    await topUp(id, 5, 'second');
    expect(await tierOf(id)).toBe('1');
    await topUp(id, 1_000, 'third');
    expect(await tierOf(id)).toBe('3');
  });

  it('count what was refunded against the top-ups, with the next daily run', async () => {
    const [part, whole] = await Promise.all([account(), account()]);
    await Promise.all([topUp(part, 1_000), topUp(whole, 1_000)]);
    const refund = (id: string, usd: number) =>
      rooms.ledger.refund(id, { amountMicroUsd: -usd * 1_000_000, reference: 're_1' }, rooms.trail);
    await Promise.all([refund(part, 950), refund(whole, 1_000)]);
    expect(await Promise.all([part, whole].map(tierOf))).toEqual(['3', '3']);
    await tiers.daily(Date.now());
    expect(await Promise.all([part, whole].map(tierOf))).toEqual(['1', 'unverified']);
  });

  it('follow the higher of spend and top-ups of 30 days, once a day', async () => {
    const [saver, spender, gone, never, granted] = await Promise.all([
      account(),
      account(),
      account(),
      account(),
      account(),
    ]);
    await Promise.all([topUp(saver, 100), paidLongAgo(spender, 5, 40), paidLongAgo(gone, 1_000, 31)]);
    await rooms.ledger.adjust(granted, { amountMicroUsd: 50_000_000, reference: 'g' }, rooms.trail);
    await Promise.all([spend(spender, 1_000, 29), spend(gone, 100, 30)]);
    await spend(granted, 20);
    expect(await tiers.daily(Date.now())).toBeGreaterThan(0);
    expect(await Promise.all([saver, spender, gone, never, granted].map(tierOf))).toEqual([
      '2',
      '3',
      '0', // paid once, and nothing lately
      'unverified',
      'unverified', // a grant is no payment
    ]);
  });

  it('are set by whoever looks first, and by nobody twice', async () => {
    const others = Array.from(
      { length: 5 },
      () => new TiersService(loadConfig({ BILLING: 'prepaid' }), rooms.database),
    );
    const now = Date.now();
    const ran = await Promise.all(others.map(other => other.daily(now)));
    expect(ran.filter(changed => changed !== undefined)).toHaveLength(1);
    expect(await tiers.daily(now + 1_000)).toBeUndefined();
    expect(await tiers.daily(now + DAY_MS)).toBeDefined();
  });

  it('stay where an admin has put them, until the admin lets go', async () => {
    const id = await account();
    await rooms.accounts.update(id, { tier: '2' }, rooms.trail);
    await topUp(id, 1_000);
    await tiers.daily(Date.now());
    expect(await rooms.accounts.get(id)).toMatchObject({ tier: '2', tier_pinned: true });
    await rooms.accounts.update(id, { tier: null }, rooms.trail);
    expect(await rooms.accounts.get(id)).toMatchObject({ tier: '2', tier_pinned: false });
    await tiers.daily(Date.now() + DAY_MS);
    expect(await tierOf(id)).toBe('3');
  });

  it('are the limits of their keys where account and key have none of their own', async () => {
    const id = await account();
    const { id: keyId, key } = await rooms.keys.create(id, { name: 'k', rpm: 50 }, rooms.trail);
    const caller = () => rooms.identify(key);
    expect(await caller()).toMatchObject({ accountRpm: 5, rpm: 5, accountTpm: 5_000, tpm: 5_000 });
    await topUp(id, 5);
    await rooms.accounts.changed(id);
    expect(await caller()).toMatchObject({ accountRpm: 60, rpm: 50, accountTpm: 100_000, tpm: 100_000 });
    await rooms.accounts.update(id, { rpm: 7 }, rooms.trail);
    expect(await caller()).toMatchObject({ keyId, accountRpm: 7, rpm: 7, accountTpm: 100_000 });
  });
});

it('without prepaid billing there are no tiers', async () => {
  const database = await createTestDatabase();
  const rooms = await AuthRooms.open(database.url);
  try {
    const { id, tier } = await rooms.accounts.create({ name: 'one' }, rooms.trail);
    expect(tier).toBeNull();
    await rooms.ledger.topUp(id, { amountMicroUsd: 5_000_000, reference: 'r' }, rooms.trail);
    expect((await rooms.accounts.get(id)).tier).toBeNull();
  } finally {
    await rooms.close();
    await database.drop();
  }
});
