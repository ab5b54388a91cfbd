import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.js';
import { hashOf, mintKey } from './key-format.js';
import type { KeyRow } from './key-row.js';
import { KeyRing } from './key-ring.js';
import { UnknownKeys } from './unknown-keys.js';

/** A pool that answers from rows in memory, counts, and can be held back or broken. */
class FakePool {
  rows: KeyRow[] = [];
  queries: { text: string; values: unknown[] }[] = [];
  broken = false;
  gate: Promise<void> | undefined;

  async query({ text, values }: { text: string; values: unknown[] }): Promise<{ rows: KeyRow[] }> {
    this.queries.push({ text, values });
    const [one, two, three] = values;
    const rows = text.includes('ORDER BY')
      ? this.rows
          .filter(row => !row.deletedAt && (one === null || row.id < (one as string)))
          .sort((a, b) => (a.id < b.id ? 1 : -1))
          .slice(0, two as number)
      : this.rows.filter(
          row =>
            (one as Buffer[]).some(hash => hash.toString('hex') === row.hash) ||
            (two as string[]).includes(row.id) ||
            (three as string[]).includes(row.accountId),
        );
    await (this.gate ?? sleep(1));
    if (this.broken) throw new Error('connection refused');
    return { rows };
  }
}

class FakeFeed {
  freshAt = Date.now();
  listeners: Record<string, (payload: string) => void> = {};
  on(topic: string, listener: (payload: string) => void): () => void {
    this.listeners[topic] = listener;
    return () => delete this.listeners[topic];
  }
}

let nextId = 0;
function rowOf(key: string, changes: Partial<KeyRow> = {}): KeyRow {
  return {
    id: `key_${String(++nextId).padStart(5, '0')}`,
    accountId: 'acct_1',
    hash: hashOf(key),
    disabled: false,
    expiresAt: null,
    deletedAt: null,
    allowedModels: null,
    ipAllowlist: null,
    quotaMicroUsd: null,
    quotaPeriod: null,
    lanes: {},
    rpm: null,
    tpm: null,
    accountStatus: 'active',
    accountTier: null,
    accountRpm: null,
    accountTpm: null,
    ...changes,
  };
}

describe('key ring', () => {
  let pool: FakePool;
  let feed: FakeFeed;
  let ring: KeyRing;

  beforeEach(() => {
    pool = new FakePool();
    feed = new FakeFeed();
    ring = new KeyRing({ pool } as never, feed as never, { keyStalenessMaxMs: 60_000 } as Config);
  });
  afterEach(() => ring.onModuleDestroy());

  const present = (key: string) => ring.find(hashOf(key));
  const eventually = async (what: () => boolean) => {
    for (let i = 0; i < 100 && !what(); i++) await sleep(10);
    expect(what()).toBe(true);
  };

  it('loads every living key at start, in pages', async () => {
    const keys = Array.from({ length: 5200 }, (_, i) => `sk-lazu-${i}`);
    pool.rows = keys.map(key => rowOf(key));
    pool.rows.push(rowOf('sk-lazu-deleted', { deletedAt: new Date() }));
    await ring.onModuleInit();
    expect(ring.size).toBe(5200);
    expect(keys.every(present)).toBe(true);
    expect(pool.queries).toHaveLength(2);
  });

  it('gives the lower of the limits of key and account', async () => {
    pool.rows = [
      rowOf('k', { rpm: 10, accountRpm: 5, tpm: 7, accountTpm: null, quotaMicroUsd: '90', lanes: { openai: 'cheap' } }),
    ];
    await ring.onModuleInit();
    expect(present('k')).toMatchObject({
      rpm: 5,
      tpm: 7,
      quotaMicroUsd: 90n,
      quotaPeriod: 'total',
      lanes: { openai: 'cheap' },
    });
  });

  it('looks a missing key up once, however many ask at the same time', async () => {
    await ring.onModuleInit();
    const row = rowOf('late');
    pool.rows = [row];
    const before = pool.queries.length;
    const found = await Promise.all(Array.from({ length: 50 }, () => ring.lookUp(row.hash)));
    expect(new Set(found)).toEqual(new Set([present('late')]));
    expect(pool.queries.length - before).toBeLessThanOrEqual(2);
  });

  it('asks about many unknown keys with few queries', async () => {
    await ring.onModuleInit();
    const before = pool.queries.length;
    await Promise.all(Array.from({ length: 900 }, (_, i) => ring.lookUp(hashOf(`unknown-${i}`))));
    expect(pool.queries.length - before).toBeLessThanOrEqual(2);
  });

  it('sheds look-ups beyond its bound with service_unavailable, not with a refusal of the key', async () => {
    await ring.onModuleInit();
    const answers = await Promise.allSettled(Array.from({ length: 3000 }, (_, i) => ring.lookUp(hashOf(`flood-${i}`))));
    const refused = answers.filter(answer => answer.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) expect(answer.reason).toMatchObject({ code: 'service_unavailable', retryAfter: 1 });
  });

  it('remembers unknown keys, within a bound, and not for long', () => {
    const unknown = new UnknownKeys(100, 1000);
    for (let i = 0; i < 5000; i++) unknown.add(`hash-${i}`, 0);
    expect(unknown.size).toBe(100);
    expect([unknown.has('hash-4999', 999), unknown.has('hash-4999', 1000), unknown.has('hash-0', 1)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('a key that appears is no longer unknown', async () => {
    await ring.onModuleInit();
    const row = rowOf('new');
    await ring.lookUp(row.hash);
    expect(ring.unknown.has(row.hash, Date.now())).toBe(true);
    pool.rows = [row];
    feed.listeners['api_keys']!(`api_keys:${row.id}`);
    await eventually(() => present('new') !== undefined);
    expect(ring.unknown.has(row.hash, Date.now())).toBe(false);
  });

  it('keeps one object per key, and flips revoked on it', async () => {
    const row = rowOf('k');
    pool.rows = [row];
    await ring.onModuleInit();
    const held = present('k')!;
    pool.rows = [{ ...row, rpm: 3 }];
    await ring.changed({ id: row.id });
    expect(present('k')).toBe(held);
    expect(held).toMatchObject({ rpm: 3, revoked: false });
    pool.rows = [{ ...row, deletedAt: new Date() }];
    await ring.changed({ id: row.id });
    expect(held.revoked).toBe(true);
    expect(present('k')).toBeUndefined();
    expect(ring.unknown.has(row.hash, Date.now() + 1e9)).toBe(true);
  });

  it('suspends every key of an account, and lets them back', async () => {
    pool.rows = [rowOf('a'), rowOf('b'), rowOf('c', { accountId: 'acct_2' })];
    await ring.onModuleInit();
    pool.rows = pool.rows.map(row => (row.accountId === 'acct_1' ? { ...row, accountStatus: 'suspended' } : row));
    feed.listeners['accounts']!('accounts:acct_1');
    await eventually(() => present('a')!.refusal === 'account_suspended' && present('b')!.revoked);
    expect(present('c')!.revoked).toBe(false);
    pool.rows = pool.rows.map(row => ({ ...row, accountStatus: 'active' }));
    await ring.changed({ accountId: 'acct_1' });
    expect([present('a')!.revoked, present('b')!.refusal]).toEqual([false, undefined]);
  });

  it('a read that began before a revocation does not undo it', async () => {
    const row = rowOf('k');
    pool.rows = [row];
    await ring.onModuleInit();
    let open = () => {};
    pool.gate = new Promise(resolve => (open = resolve));
    const reading = ring.changed({ id: row.id }); // reads the row as it still was
    await sleep(10);
    ring.revoke({ id: row.id }, 'token_disabled');
    open();
    await reading;
    expect(present('k')).toMatchObject({ revoked: true, refusal: 'token_disabled' });
  });

  it('a deleted key does not come back from an old read', async () => {
    const row = rowOf('k');
    pool.rows = [row];
    await ring.onModuleInit();
    ring.revoke({ id: row.id }, 'invalid_api_key');
    await ring.changed({ id: row.id });
    expect(present('k')).toBeUndefined();
    expect(await ring.lookUp(row.hash)).toBeUndefined();
  });

  it('tries again what it could not read, and counts as stale meanwhile', async () => {
    const row = rowOf('k');
    pool.rows = [row];
    await ring.onModuleInit();
    pool.broken = true;
    pool.rows = [{ ...row, disabled: true }];
    feed.listeners['api_keys']!(`api_keys:${row.id}`);
    await sleep(30);
    feed.freshAt = Date.now() + 120_000;
    expect(() => ring.assertFresh(Date.now() + 61_000)).toThrow(
      expect.objectContaining({ code: 'service_unavailable' }),
    );
    expect(present('k')!.revoked).toBe(false);
    pool.broken = false;
    await eventually(() => present('k')!.revoked);
    ring.assertFresh(Date.now() + 61_000);
  });

  it('a feed that missed something has everything read again: what is gone is gone', async () => {
    pool.rows = [rowOf('stays'), rowOf('goes')];
    await ring.onModuleInit();
    const held = present('goes')!;
    pool.rows = pool.rows.map(row => (row.hash === hashOf('goes') ? { ...row, deletedAt: new Date() } : row));
    feed.listeners['api_keys']!('api_keys:');
    await eventually(() => present('goes') === undefined);
    expect(held.revoked).toBe(true);
    expect(present('stays')).toBeDefined();
  });

  it('holds no more than its capacity: the least recently used goes, and comes back by look-up', async () => {
    ring.capacity = 3;
    pool.rows = ['a', 'b', 'c', 'd'].map(key => rowOf(key));
    await ring.onModuleInit();
    expect(ring.size).toBe(3);
    const missing = ['a', 'b', 'c', 'd'].find(key => !present(key))!;
    expect((await ring.lookUp(hashOf(missing)))?.hash).toBe(hashOf(missing));
    expect(ring.size).toBe(3);
    const [used, ...others] = ['a', 'b', 'c', 'd'].filter(key => present(key) !== undefined);
    for (const other of others) present(other);
    const { key } = mintKey();
    pool.rows.push(rowOf(key));
    await ring.lookUp(hashOf(key));
    expect(present(used!)).toBeUndefined();
    expect(others.every(other => present(other))).toBe(true);
  });

  it('trap 18: a look-up that fails is service_unavailable, never a refusal, and is not remembered', async () => {
    await ring.onModuleInit();
    const row = rowOf('k');
    pool.rows = [row];
    pool.broken = true;
    await expect(ring.lookUp(row.hash)).rejects.toMatchObject({
      code: 'service_unavailable',
      status: 503,
      retryAfter: 1,
    });
    pool.broken = false;
    expect((await ring.lookUp(row.hash))?.keyId).toBe(row.id);
  });
});
