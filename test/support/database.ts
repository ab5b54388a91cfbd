import { randomBytes } from 'node:crypto';
import pg from 'pg';

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** A database of its own, already migrated: a clone of the template, made in some 30 ms. `empty`: without any table. */
export async function createTestDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const server = process.env['LAZU_TEST_DATABASE_URL'];
  if (server === undefined)
    throw new Error('There is no test server: run this through jest with test/support/global-setup.ts');
  const name = `test_${randomBytes(6).toString('hex')}`;
  // FILE_COPY is the faster way for a small template where nothing has to reach the disk.
  await administer(
    server,
    `CREATE DATABASE ${name} TEMPLATE ${options.empty ? 'template0' : 'lazu_template'} STRATEGY FILE_COPY`,
  );
  const url = new URL(server);
  url.pathname = name;
  return { url: url.href, drop: () => administer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function administer(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
