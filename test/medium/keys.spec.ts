import { hashOf, mintKey } from '../../src/auth/key-format.js';
import { AuthRooms, eventually } from '../support/auth-rooms.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { DatabaseLink } from '../support/database-link.js';

describe('caller keys on a real database', () => {
  let database: TestDatabase;
  let link: DatabaseLink;
  /** `here` reaches the database through a wire that can be cut, `there` directly. */
  let here: AuthRooms;
  let there: AuthRooms;
  let accountId: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    link = await DatabaseLink.open(database.url);
    [here, there] = await Promise.all([AuthRooms.open(link.url), AuthRooms.open(database.url)]);
    accountId = (await here.accounts.create({ name: 'one' }, here.trail)).id;
  });
  afterAll(async () => {
    await Promise.all([here.close(), there.close()]);
    await link.cut();
    await database.drop();
  });

  it('keeps the fingerprint of a key, never the key', async () => {
    const made = await here.keys.create(accountId, { name: 'k', labels: { team: 'a' } }, here.trail);
    expect(made).toMatchObject({
      object: 'api_key',
      name: 'k',
      prefix: made.key.slice(0, 12),
      last4: made.key.slice(-4),
      disabled: false,
      allowed_models: null,
      quota_micro_usd: null,
      lanes: {},
      labels: { team: 'a' },
    });
    expect(JSON.stringify(await here.keys.get(made.id))).not.toContain(made.key);
    const row = await here.prisma.apiKey.findUniqueOrThrow({ where: { id: made.id } });
    expect(Buffer.from(row.hash).toString('hex')).toBe(hashOf(made.key));
  });

  it('a caller is what key and account say together', async () => {
    const account = await here.accounts.create({ name: 'limits', rpm: 100, tpm: 5000 }, here.trail);
    const input = {
      name: 'k',
      rpm: 300,
      tpm: 40,
      allowed_models: ['gpt-4o'],
      lanes: { openai: 'cheap' as const },
      quota_micro_usd: 9_007_199_254_740_991,
      quota_period: 'month' as const,
    };
    const { key, id } = await here.keys.create(account.id, input, here.trail);
    const expected = {
      keyId: id,
      accountId: account.id,
      rpm: 100,
      tpm: 40,
      allowedModels: new Set(['gpt-4o']),
      lanes: { openai: 'cheap' },
      quotaMicroUsd: 9_007_199_254_740_991n,
      quotaPeriod: 'month',
      revoked: false,
    };
    expect(await here.identify(key)).toMatchObject(expected);
    expect(await there.identify(key)).toMatchObject(expected);
    await here.keys.update(id, { rpm: 7, allowed_models: null, quota_micro_usd: null }, here.trail);
    const changed = { rpm: 7, allowedModels: undefined, quotaMicroUsd: undefined, quotaPeriod: undefined };
    expect(await here.identify(key)).toMatchObject(changed);
    await eventually(async () => expect(await there.identify(key)).toMatchObject(changed), 1000);
  });

  it('trap 16: a key made on one host works on another at once', async () => {
    const { key, id } = await here.keys.create(accountId, { name: 'k' }, here.trail);
    expect(await there.identify(key)).toMatchObject({ keyId: id });
  });

  it('trap 16: also when the other host was asked for it in vain before', async () => {
    const { key, fingerprint } = mintKey();
    await expect(there.identify(key)).rejects.toMatchObject({ code: 'invalid_api_key', status: 401 });
    await here.prisma.apiKey.create({ data: { id: 'key_LATE', accountId, name: 'late', ...fingerprint } });
    await eventually(() => there.identify(key), 1000);
  });

  it.each(['delete', 'disable', 'suspend'] as const)(
    'trap 17: after %s has answered, the key is refused here at once and elsewhere within a second',
    async how => {
      const account = await here.accounts.create({ name: how }, here.trail);
      const { key, id } = await here.keys.create(account.id, { name: 'k' }, here.trail);
      const [running, runningThere] = [await here.identify(key), await there.identify(key)];
      if (how === 'delete') await here.keys.delete(id, here.trail);
      else if (how === 'disable') await here.keys.update(id, { disabled: true }, here.trail);
      else await here.accounts.update(account.id, { status: 'suspended' }, here.trail);

      const code = { delete: 'invalid_api_key', disable: 'token_disabled', suspend: 'account_suspended' }[how];
      await expect(here.identify(key)).rejects.toMatchObject({ code });
      expect(running.revoked).toBe(true);
      await eventually(() => expect(there.identify(key)).rejects.toMatchObject({ code }), 1000);
      expect(runningThere.revoked).toBe(true);
    },
  );

  it('a key that is enabled again works again, as the same caller', async () => {
    const { key, id } = await here.keys.create(accountId, { name: 'k' }, here.trail);
    const caller = await here.identify(key);
    await here.keys.update(id, { disabled: true }, here.trail);
    await here.keys.update(id, { disabled: false }, here.trail);
    expect(await here.identify(key)).toBe(caller);
    expect(caller.revoked).toBe(false);
  });

  it('an expiry can be set, reached and cleared', async () => {
    const { key, id } = await here.keys.create(
      accountId,
      { name: 'k', expires_at: '2020-01-01T00:00:00Z' },
      here.trail,
    );
    await expect(here.identify(key)).rejects.toMatchObject({ code: 'token_expired', status: 401 });
    await expect(there.identify(key)).rejects.toMatchObject({ code: 'token_expired' });
    await here.keys.update(id, { expires_at: null }, here.trail);
    expect(await here.identify(key)).toMatchObject({ keyId: id });
  });

  it('an allowlist holds on every host', async () => {
    const { key } = await here.keys.create(accountId, { name: 'k', ip_allowlist: ['10.0.0.0/8'] }, here.trail);
    await expect(there.identify(key, '192.0.2.1')).rejects.toMatchObject({ code: 'ip_not_allowed' });
    expect(await there.identify(key, '::ffff:10.0.0.1')).toBeDefined();
  });

  it('a deleted key is gone from lists, and cannot be deleted twice', async () => {
    const account = await here.accounts.create({ name: 'lists' }, here.trail);
    const [a, b, c] = [
      await here.keys.create(account.id, { name: 'a' }, here.trail),
      await here.keys.create(account.id, { name: 'b' }, here.trail),
      await here.keys.create(account.id, { name: 'c' }, here.trail),
    ];
    await here.keys.delete(b.id, here.trail);
    const names = (await here.keys.list(account.id, { after: undefined, take: 10 })).map(key => key.name);
    expect(names).toEqual(['c', 'a']);
    expect((await here.keys.list(account.id, { after: c.id, take: 10 })).map(key => key.id)).toEqual([a.id]);
    await expect(here.keys.delete(b.id, here.trail)).rejects.toMatchObject({ code: 'not_found' });
    await expect(here.keys.update(b.id, { disabled: false }, here.trail)).rejects.toMatchObject({ code: 'not_found' });
  });

  describe('trap 18: while the database is away', () => {
    let known: { key: string; id: string };
    let unknownHere: { key: string; id: string };

    beforeAll(async () => {
      known = await here.keys.create(accountId, { name: 'known' }, here.trail);
      await link.cut();
      unknownHere = await there.keys.create(accountId, { name: 'elsewhere' }, there.trail);
    });
    afterAll(() => link.mend());

    it('known keys keep working', async () => {
      expect(await here.identify(known.key)).toMatchObject({ keyId: known.id });
    });

    it('an unknown key is 503 with Retry-After, never 401', async () => {
      for (const key of [unknownHere.key, mintKey().key]) {
        await expect(here.identify(key)).rejects.toMatchObject({
          code: 'service_unavailable',
          status: 503,
          retryAfter: 1,
        });
      }
    });

    it('so is an admin key, and revoking fails rather than pretends', async () => {
      await new Promise(resolve => setTimeout(resolve, 2100)); // the proof that admin keys are fresh runs out
      await expect(here.adminRing.find('00')).rejects.toMatchObject({ code: 'service_unavailable' });
      await expect(here.keys.delete(known.id, here.trail)).rejects.toThrow();
      expect(await here.identify(known.key)).toMatchObject({ revoked: false });
    });

    it('what was revoked elsewhere meanwhile is refused soon after it is back, what was made works', async () => {
      await there.keys.delete(known.id, there.trail);
      await link.mend();
      await eventually(() => here.identify(unknownHere.key), 10_000);
      await eventually(
        () => expect(here.identify(known.key)).rejects.toMatchObject({ code: 'invalid_api_key' }),
        10_000,
      );
    });
  });

  it('trap 18: last-known-good ends after KEY_STALENESS_MAX', async () => {
    const wire = await DatabaseLink.open(database.url);
    const host = await AuthRooms.open(wire.url, { KEY_STALENESS_MAX: '2500' });
    const { key } = await there.keys.create(accountId, { name: 'k' }, there.trail);
    try {
      await eventually(() => host.identify(key), 2000);
      await wire.cut();
      await eventually(
        () => expect(host.identify(key)).rejects.toMatchObject({ code: 'service_unavailable', status: 503 }),
        8000,
      );
    } finally {
      await wire.mend();
      await host.close();
      await wire.cut();
    }
  });
});
