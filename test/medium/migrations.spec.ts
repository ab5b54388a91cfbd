import pg from 'pg';
import { migrate } from '../../src/database/migrate.js';
import { readMigrations } from '../../src/database/migrations.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { schemaDiff } from '../support/schema-diff.js';

describe('migrations', () => {
  let database: TestDatabase;
  const names = readMigrations().migrationDirectories.map(directory => directory.path);

  beforeEach(async () => {
    database = await createTestDatabase({ empty: true });
  });
  afterEach(() => database.drop());

  it('turn an empty database into the schema, and are found missing when it changes', async () => {
    expect(await migrate(database.url)).toEqual(names);
    expect(await schemaDiff(database.url)).toBe('');
    await run(database.url, 'ALTER TABLE accounts DROP COLUMN tier');
    expect(await schemaDiff(database.url)).toContain('ADD COLUMN');
  });

  it('applied twice do nothing the second time', async () => {
    await migrate(database.url);
    expect(await migrate(database.url)).toEqual([]);
  });

  it('started by several hosts at once are applied by one', async () => {
    const applied = await Promise.all([1, 2, 3, 4].map(() => migrate(database.url)));
    expect(applied.flat()).toEqual(names);
    expect(await schemaDiff(database.url)).toBe('');
  });

  it('begun by a process that was killed are applied by the next', async () => {
    await migrate(database.url);
    await run(database.url, 'DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    await migrate(database.url);
    await run(database.url, 'UPDATE _prisma_migrations SET finished_at = NULL');
    await run(
      database.url,
      `DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'
         LOOP EXECUTE 'DROP TABLE IF EXISTS ' || t || ' CASCADE'; END LOOP;
       DROP FUNCTION lazu_changed, ledger_is_append_only, ledger_must_balance; END $$`,
    );
    expect(await migrate(database.url)).toEqual(names);
    expect(await schemaDiff(database.url)).toBe('');
  });
});

it('prices that followed a list of official rates say them whole afterwards', async () => {
  const database = await createTestDatabase({ empty: true });
  const scripts = readMigrations().migrationDirectories.map(({ path, migrationFile }) => {
    if (migrationFile.content.tag !== 'ok') throw new Error(`${path} cannot be read`);
    return { path, sql: migrationFile.content.value };
  });
  const at = scripts.findIndex(({ path }) => path === '20261128010000_price_rules');
  for (const { sql } of scripts.slice(0, at)) await run(database.url, sql);
  const model = (name: string, official: object, source: string) =>
    `INSERT INTO models (name, vendor_id, modality, default_endpoint_type, official_prices, source, updated_at)
     VALUES ('${name}', 'v', '{}', 'chat', '${JSON.stringify(official)}', '${source}', now());`;
  const tiers = [{ above_input_tokens: 9, rates: { input: '300000' } }];
  await run(
    database.url,
    `INSERT INTO vendors VALUES ('v', 'V');
     ${model('seeded', { input: '0.15', tool_web_search: '0.01', requests: '0.000001' }, 'seed')}
     ${model('mine', { input: '0.000001' }, 'admin')}
     ${model('unknown', {}, 'admin')}
     INSERT INTO prices (id, model_name, lane, rates, source)
     VALUES ('p', 'seeded', 'direct', '${JSON.stringify({ rates: { input: '1' }, tiers })}', 'seed');`,
  );
  await run(database.url, scripts[at]!.sql);
  const rows = await run(database.url, 'SELECT name, official, official_source AS source FROM models ORDER BY name');
  await database.drop();
  expect(rows).toEqual([
    { name: 'mine', official: { rates: { input: '1' } }, source: 'admin' },
    {
      name: 'seeded',
      official: { rates: { input: '150000', tool_web_search: '10000000000', requests: '1000000' }, tiers },
      source: 'seed',
    },
    { name: 'unknown', official: null, source: null },
  ]);
});

async function run(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
