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

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
}
