import pg from 'pg';
import { loadConfig } from '../../src/config.js';
import { ChangeFeed, type Topic } from '../../src/database/change-feed.js';
import { Database } from '../../src/database/database.js';
import { PrismaService } from '../../src/database/prisma.service.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

describe('the change feed', () => {
  let database: TestDatabase;
  let opened: Database;
  let prisma: PrismaService;
  let feed: ChangeFeed;
  let heard: string[];

  beforeEach(async () => {
    database = await createTestDatabase();
    opened = await Database.open(loadConfig({ DATABASE_URL: database.url }));
    prisma = new PrismaService(opened);
    feed = await ChangeFeed.open(opened);
    heard = [];
    for (const topic of ['accounts', 'api_keys', 'admin_keys', 'catalog', 'channels'] as Topic[]) {
      feed.on(topic, payload => heard.push(payload));
    }
  });
  afterEach(async () => {
    await opened.close();
    await database.drop();
  });

  const account = (id: string) => prisma.account.create({ data: { id, name: id } });
  const hears = (payload: string, within = 1_000) => until(() => heard.includes(payload), within);

  it('tells of each change within a second, once, with the row', async () => {
    await account('acct_1');
    await hears('accounts:acct_1');
    await prisma.apiKey.create({
      data: { id: 'key_1', accountId: 'acct_1', name: 'k', hash: Buffer.from('x'), prefix: 'p', last4: 'l' },
    });
    await hears('api_keys:key_1');
    await prisma.apiKey.update({ where: { id: 'key_1' }, data: { disabled: true } });
    await prisma.adminKey.create({
      data: { id: 'adm_1', name: 'a', role: 'owner', hash: Buffer.from('y'), prefix: 'p', last4: 'l' },
    });
    await prisma.vendor.create({ data: { id: 'acme', name: 'Acme' } });
    await prisma.catalogModel.create({
      data: { name: 'm:8b', vendorId: 'acme', modality: {}, supportedEndpointTypes: [], defaultEndpointType: 'openai' },
    });
    await prisma.modelAlias.create({ data: { alias: 'm', modelName: 'm:8b' } });
    await prisma.price.create({ data: { id: 'price_1', modelName: 'm:8b', lane: 'direct', rates: {} } });
    await prisma.channel.create({
      data: { id: 'chan_1', name: 'c', provider: 'acme', models: { create: { modelName: 'm:8b' } } },
    });
    await prisma.catalogModel.delete({ where: { name: 'm:8b' } });
    await hears('admin_keys:adm_1');
    await pause(1_500); // Longer than a poll, which must find nothing to add.
    expect(heard).toEqual([
      'accounts:acct_1',
      'api_keys:key_1',
      'api_keys:key_1',
      'admin_keys:adm_1',
      'catalog:acme',
      'catalog:m:8b',
      'catalog:m:8b',
      'catalog:m:8b',
      'channels:chan_1', // the row and its model: one payload, which NOTIFY does not repeat within a transaction
      'catalog:m:8b',
      'channels:chan_1',
    ]);
    expect(Date.now() - feed.freshAt).toBeLessThan(1_500);
  });

  it('is silent about updates that change nothing and about what was rolled back', async () => {
    await account('acct_1');
    await hears('accounts:acct_1');
    await opened.pool.query(`UPDATE accounts SET name = name`);
    await prisma
      .$transaction(async tx => {
        await tx.account.create({ data: { id: 'acct_2', name: 'two' } });
        throw new Error('no');
      })
      .catch(() => undefined);
    await account('acct_3');
    await hears('accounts:acct_3');
    expect(heard).toEqual(['accounts:acct_1', 'accounts:acct_3']);
  });

  it('survives the loss of its connection and then tells to read everything anew', async () => {
    await terminate(database.url, 'lazu-change-feed');
    await account('acct_lost');
    await hears('accounts:', 2_000);
    await hears('api_keys:', 2_000);
    heard.length = 0;
    await account('acct_2');
    await hears('accounts:acct_2');
  });

  it('finds by polling what a deaf listener missed, and listens again', async () => {
    const before = feed.freshAt;
    // As if the notification had been lost: the version moved and nothing was said.
    await opened.pool.query(`UPDATE change_versions SET version = version + 1 WHERE topic = 'api_keys'`);
    await hears('api_keys:', 2_500);
    await until(() => feed.freshAt > before, 1_500);
    await hears('accounts:', 2_000); // reconnected
    heard.length = 0;
    await account('acct_1');
    await hears('accounts:acct_1');
  });

  it('does not let two transactions that change several topics lock each other out', async () => {
    await account('acct_1');
    const work = Array.from({ length: 20 }, (_, i) =>
      prisma.$transaction(async tx => {
        const topics = [
          () => tx.account.create({ data: { id: `acct_x${i}`, name: 'x' } }),
          () => tx.vendor.create({ data: { id: `v${i}`, name: 'v' } }),
        ];
        for (const change of i % 2 ? topics : topics.reverse()) await change();
      }),
    );
    await Promise.all(work);
    await until(() => heard.filter(payload => payload.startsWith('accounts:acct_x')).length === 20, 1_000);
  });

  it('says by freshAt that it is blind while the database is away', async () => {
    const admin = new pg.Client({ connectionString: process.env['LAZU_TEST_DATABASE_URL'] });
    await admin.connect();
    const name = new URL(database.url).pathname.slice(1);
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
    const blindSince = Date.now();
    await pause(2_200);
    expect(feed.freshAt).toBeLessThanOrEqual(blindSince);
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    await admin.end();
    await until(() => feed.freshAt > blindSince, 3_000);
    await hears('accounts:', 6_000);
  }, 15_000);
});

async function terminate(url: string, application: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()',
    [application],
  );
  await client.end();
}

const pause = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds));

async function until(condition: () => boolean, within: number): Promise<void> {
  const deadline = Date.now() + within;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${within} ms: ${String(condition)}`);
    await pause(10);
  }
}
