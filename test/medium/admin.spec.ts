import { hashOf, mintKey } from '../../src/auth/key-format.js';
import { actor, AuthRooms, eventually } from '../support/auth-rooms.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

describe('administration on a real database', () => {
  let database: TestDatabase;
  let rooms: AuthRooms;
  beforeEach(async () => {
    database = await createTestDatabase();
    rooms = await AuthRooms.open(database.url);
  });
  afterEach(async () => {
    await rooms.close();
    await database.drop();
  });

  const audited = () => rooms.audit.list({ after: undefined, take: 100 });

  describe('first start', () => {
    it('makes an owner key, an account and a caller key that work at once', async () => {
      const made = (await rooms.firstStart.run())!;
      expect(made.adminKeyGiven).toBe(false);
      expect(await rooms.identify(made.apiKey)).toMatchObject({ accountId: made.accountId });
      expect(await rooms.adminRing.find(hashOf(made.adminKey))).toMatchObject({ role: 'owner' });
      expect(await rooms.accounts.get(made.accountId)).toMatchObject({ name: 'default', status: 'active' });
    });

    it('makes nothing the second time', async () => {
      await rooms.firstStart.run();
      expect(await rooms.firstStart.run()).toBeUndefined();
    });

    it('of hosts that start at once, one makes the keys', async () => {
      const others = await Promise.all([1, 2, 3].map(() => AuthRooms.open(database.url)));
      const made = await Promise.all([rooms, ...others].map(host => host.firstStart.run()));
      expect(made.filter(keys => keys !== undefined)).toHaveLength(1);
      expect([
        await rooms.prisma.account.count(),
        await rooms.prisma.adminKey.count(),
        await rooms.prisma.apiKey.count(),
      ]).toEqual([1, 1, 1]);
      await Promise.all(others.map(host => host.close()));
    });

    it('takes LAZU_ADMIN_KEY as the owner', async () => {
      const { key } = mintKey('sk-lazu-admin-');
      const host = await AuthRooms.open(database.url, { LAZU_ADMIN_KEY: key });
      expect(await host.firstStart.run()).toMatchObject({ adminKey: key, adminKeyGiven: true });
      expect(await rooms.adminRing.find(hashOf(key))).toMatchObject({ role: 'owner' });
      await host.close();
    });
  });

  describe('admin keys', () => {
    it('a deleted one is refused at once, on another host within a second', async () => {
      const other = await AuthRooms.open(database.url);
      await rooms.adminKeys.create({ name: 'stays', role: 'owner' }, rooms.trail);
      const { key, id } = await rooms.adminKeys.create({ name: 'goes', role: 'admin' }, rooms.trail);
      const hash = hashOf(key);
      expect(await rooms.adminRing.find(hash)).toEqual({ keyId: id, name: 'goes', role: 'admin' });
      expect(await other.adminRing.find(hash)).toBeDefined();
      await rooms.adminKeys.delete(id, rooms.trail);
      expect(await rooms.adminRing.find(hash)).toBeUndefined();
      await eventually(async () => expect(await other.adminRing.find(hash)).toBeUndefined(), 1000);
      await other.close();
    });

    it('the last owner cannot be deleted, not even by two owners who delete each other', async () => {
      const a = await rooms.adminKeys.create({ name: 'a', role: 'owner' }, rooms.trail);
      await expect(rooms.adminKeys.delete(a.id, rooms.trail)).rejects.toMatchObject({ code: 'conflict', status: 409 });
      const b = await rooms.adminKeys.create({ name: 'b', role: 'owner' }, rooms.trail);
      const ends = await Promise.allSettled([a, b].map(key => rooms.adminKeys.delete(key.id, rooms.trail)));
      expect(ends.map(end => end.status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(await rooms.adminKeys.list({ after: undefined, take: 10 })).toHaveLength(1);
    });
  });

  describe('audit', () => {
    it('says who, what, before and after', async () => {
      const account = await rooms.accounts.create({ name: 'one' }, rooms.trail);
      await rooms.accounts.update(account.id, { rpm: 5 }, rooms.trail);
      const key = await rooms.keys.create(account.id, { name: 'k' }, rooms.trail);
      await rooms.keys.update(key.id, { quota_micro_usd: 10 }, rooms.trail);
      await rooms.keys.delete(key.id, rooms.trail);
      const events = await audited();
      expect(events.map(event => event.action)).toEqual([
        'key.delete',
        'key.update',
        'key.create',
        'account.update',
        'account.create',
      ]);
      expect(events[3]).toMatchObject({
        actor: { key_id: actor.keyId, name: actor.name },
        target: { type: 'account', id: account.id },
        before: { rpm: null },
        after: { rpm: 5 },
        ip: '127.0.0.1',
      });
      expect(events[1]).toMatchObject({ before: { quota_micro_usd: null }, after: { quota_micro_usd: 10 } });
      const mine = await rooms.audit.list({ after: undefined, take: 100, targetType: 'api_key', targetId: key.id });
      expect(mine).toHaveLength(3);
    });

    it('stands or falls with the change', async () => {
      const failing = () => Promise.reject(new Error('no audit, no change'));
      await expect(rooms.accounts.create({ name: 'never' }, failing)).rejects.toThrow('no audit');
      expect(await rooms.prisma.account.count()).toBe(0);
      const account = await rooms.accounts.create({ name: 'one' }, rooms.trail);
      await expect(rooms.keys.create(account.id, { name: 'k' }, failing)).rejects.toThrow('no audit');
      await expect(
        rooms.ledger.topUp(account.id, { amountMicroUsd: 5_000_000, reference: 'r' }, failing),
      ).rejects.toThrow();
      expect(await rooms.ledger.balance(account.id)).toBe(0n);
      await expect(rooms.keys.delete('key_none', rooms.trail)).rejects.toMatchObject({ code: 'not_found' });
      expect(await audited()).toHaveLength(1);
    });

    it('a change of nothing is no event', async () => {
      const account = await rooms.accounts.create({ name: 'one' }, rooms.trail);
      await rooms.accounts.update(account.id, {}, rooms.trail);
      expect(await audited()).toHaveLength(1);
    });

    it('trap 39: no key, and nothing it could be looked up by, is anywhere in the audit table', async () => {
      const account = await rooms.accounts.create({ name: 'one' }, rooms.trail);
      const admin = await rooms.adminKeys.create({ name: 'a', role: 'viewer' }, rooms.trail);
      const caller = await rooms.keys.create(account.id, { name: 'k' }, rooms.trail);
      await rooms.keys.update(caller.id, { name: `pasted ${caller.key}` }, rooms.trail);
      await rooms.keys.delete(caller.id, rooms.trail);
      await rooms.audit.record(rooms.prisma, actor, 'test', { type: 't', id: 'i' }, { credential: 'hunter2' }, [
        { hash: 'feed', key: caller.key, amount: 5n },
      ]);
      const { rows } = await rooms.database.pool.query<{ text: string }>(
        'SELECT row_to_json(a)::text AS text FROM audit_events a',
      );
      const table = rows.map(row => row.text).join('\n');
      expect(rows.length).toBeGreaterThanOrEqual(6);
      for (const { key } of [admin, caller]) {
        expect(table).not.toContain(key);
        expect(table).not.toContain(hashOf(key));
        expect(table).not.toContain(Buffer.from(hashOf(key), 'hex').toString('base64'));
      }
      expect(table).not.toMatch(/hunter2|feed/);
    });
  });
});
