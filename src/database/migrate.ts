import pg from 'pg';
import { LazuError } from '../errors.js';
import { readMigrations } from './migrations.js';
import { ScriptAdapter, openSchemaEngine } from './schema-engine.js';

/** Held while migrating; the same two numbers on every host (the first spells LAZU). */
const LOCK = [0x4c415a55, 2] as const;

/**
 * Brings a database to the newest schema. Hosts may start at once: one migrates, the others wait for it.
 * @returns the names of the migrations that were applied, oldest first
 */
export async function migrate(url: string): Promise<string[]> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    application_name: 'lazu-migrate',
  });
  client.on('error', () => undefined); // A lost connection also fails the query under way, which is reported.
  await client.connect().catch((cause: NodeJS.ErrnoException) => {
    throw new LazuError('service_unavailable', `DATABASE_URL cannot be used: ${cause.message || cause.code}`, {
      cause,
    });
  });
  try {
    await client.query('SELECT pg_advisory_lock($1, $2)', [...LOCK]);
    if ((await pendingMigrations(client)).length === 0) return [];
    await forgetUnfinished(client);
    return await apply(url);
  } finally {
    await client.end(); // Gives the lock back too.
  }
}

/** Names of migrations that this database still lacks. */
export async function pendingMigrations(client: pg.ClientBase | pg.Pool): Promise<string[]> {
  const names = readMigrations().migrationDirectories.map(directory => directory.path);
  if (!(await hasHistory(client))) return names;
  const applied = await client.query<{ migration_name: string }>(
    'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  );
  const done = new Set(applied.rows.map(row => row.migration_name));
  return names.filter(name => !done.has(name));
}

async function hasHistory(client: pg.ClientBase | pg.Pool): Promise<boolean> {
  const found = await client.query<{ name: string | null }>(`SELECT to_regclass('_prisma_migrations')::text AS name`);
  return found.rows[0]?.name != null;
}

/** Begun and never finished: killed on the way, or failed. A migration is one transaction, so nothing of them stayed. */
async function forgetUnfinished(client: pg.Client): Promise<void> {
  if (!(await hasHistory(client))) return;
  await client.query(
    'UPDATE _prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL AND rolled_back_at IS NULL',
  );
}

async function apply(url: string): Promise<string[]> {
  const adapter = new ScriptAdapter(url);
  const engine = await openSchemaEngine(adapter);
  try {
    const filters = { externalTables: [], externalEnums: [] };
    const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList: readMigrations(), filters });
    return appliedMigrationNames;
  } catch (cause) {
    throw new LazuError('service_unavailable', `A migration failed: ${(adapter.failure ?? (cause as Error)).message}`, {
      cause,
    });
  } finally {
    engine.free();
    await adapter.close();
  }
}
