import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import pg from 'pg';
import { loadConfig } from '../../src/config.js';
import { Database } from '../../src/database/database.js';
import { Instances } from '../../src/database/instances.js';
import { migrateOnly } from '../../src/database/migrate-only.js';
import { PrismaService } from '../../src/database/prisma.service.js';
import { isUnavailable } from '../../src/database/unavailable.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

describe('the database', () => {
  let database: TestDatabase;
  let opened: Database;
  const open = (env: Record<string, string> = {}) => Database.open(loadConfig({ DATABASE_URL: database.url, ...env }));

  beforeEach(async () => {
    database = await createTestDatabase();
    opened = await open();
  });
  afterEach(async () => {
    await opened.close();
    await database.drop();
  });

  it('is shared by Prisma and plain SQL, and gives its pool as many connections as it may, less the listener', async () => {
    const prisma = new PrismaService(opened);
    await prisma.account.create({ data: { id: 'acct_1', name: 'one' } });
    const { rows } = await opened.pool.query('SELECT name FROM accounts');
    expect(rows).toEqual([{ name: 'one' }]);
    expect(opened.pool.options.max).toBe(9);
  });

  it('outlives the loss of all its idle connections', async () => {
    await Promise.all([1, 2, 3].map(() => opened.pool.query('SELECT pg_sleep(0.05)')));
    await terminateAll();
    const answer = await retry(() => opened.pool.query('SELECT 1 AS one'));
    expect(answer.rows).toEqual([{ one: 1 }]);
  });

  it('trap 18: what it throws while PostgreSQL is away is told from a wrong query', async () => {
    const prisma = new PrismaService(opened);
    const running = opened.pool.query('SELECT pg_sleep(10)').catch((error: unknown) => error);
    const transacting = prisma
      .$transaction(async tx => {
        await tx.$executeRaw`SELECT 1`;
        await terminateAll();
        await tx.account.count();
      })
      .catch((error: unknown) => error);
    expect(isUnavailable(await running)).toBe(true);
    expect(isUnavailable(await transacting)).toBe(true);

    const wrong = [
      opened.pool.query('SELECT nonsense'),
      prisma.$queryRaw`SELECT nonsense`,
      prisma.account.findUniqueOrThrow({ where: { id: 'no' } }),
    ];
    for (const result of await Promise.allSettled(wrong)) {
      expect(result.status).toBe('rejected');
      expect(isUnavailable((result as PromiseRejectedResult).reason)).toBe(false);
    }
  });

  it('trap 18: an exhausted pool, a closed port and a silent server count as away, for pg and for Prisma', async () => {
    const limited = new pg.Pool({ connectionString: database.url, max: 1, connectionTimeoutMillis: 100 });
    const held = await limited.connect();
    expect(isUnavailable(await limited.query('SELECT 1').catch((error: unknown) => error))).toBe(true);
    const prisma = new PrismaService({ pool: limited, beforeClose: () => undefined } as unknown as Database);
    expect(isUnavailable(await prisma.account.count().catch((error: unknown) => error))).toBe(true);
    held.release();
    await limited.end();

    const sockets: Socket[] = [];
    const silent = createServer(socket => void sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const away = async () => {
      const pool = new pg.Pool({
        connectionString: `postgres://u:p@127.0.0.1:${port}/d`,
        connectionTimeoutMillis: 200,
      });
      const plain = await pool.query('SELECT 1').catch((error: unknown) => error);
      const byPrisma = new PrismaService({ pool, beforeClose: () => undefined } as unknown as Database);
      const model = await byPrisma.account.count().catch((error: unknown) => error);
      await pool.end();
      return [isUnavailable(plain), isUnavailable(model)];
    };
    expect(await away()).toEqual([true, true]);
    for (const socket of sockets) socket.destroy();
    silent.close();
    await once(silent, 'close');
    expect(await away()).toEqual([true, true]);
  });

  it('with MIGRATE_ON_START=off says what to run, and `npm run migrate` is what it says', async () => {
    const empty = await createTestDatabase({ empty: true });
    const env = { DATABASE_URL: empty.url, MIGRATE_ON_START: 'off' };
    await expect(open(env)).rejects.toThrow(/lacks \d+ migration\(s\).*npm run migrate/);
    await migrateOnly(loadConfig(env));
    await (await open(env)).close();
    await empty.drop();
  });

  it('that cannot be used stops the start with one line and without the password', async () => {
    const url = new URL(database.url);
    url.password = 'not-it';
    const refused = await open({ DATABASE_URL: url.href }).catch((error: Error) => error);
    expect((refused as Error).message).toMatch(/^DATABASE_URL cannot be used: password authentication failed.*$/);
    expect((refused as Error).message).not.toContain('not-it');
  });

  it('starts an embedded one when no URL is given, in a process of its own session', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lazu-medium-'));
    const embedded = await Database.open(loadConfig({ LAZU_DATA_DIR: folder }));
    const { rows } = await embedded.pool.query<{ n: number }>('SELECT count(*)::int AS n FROM change_versions');
    expect(rows[0]?.n).toBe(5);
    await embedded.close();
    await expect(embedded.pool.query('SELECT 1')).rejects.toThrow();
    await rm(folder, { recursive: true, force: true });
  }, 30_000);

  describe('instances', () => {
    const errors = (instances: Instances) => instances.otherInstances;

    it('see each other while they beat, and forget those that stopped or died', async () => {
      const first = await Instances.open(opened);
      expect(errors(first)).toBe(0);
      const other = await open();
      const second = await Instances.open(other);
      await first.beat();
      await second.beat();
      expect([errors(first), errors(second)]).toEqual([1, 1]);

      await opened.pool.query(`UPDATE instances SET seen_at = now() - interval '16 s' WHERE id = $1`, [second.id]);
      await first.beat();
      expect(errors(first)).toBe(0);
      await second.beat();
      await first.beat();
      expect(errors(first)).toBe(1);
      await other.close();
      await first.beat();
      expect(errors(first)).toBe(0);
    });

    it('do not take a killed predecessor for company', async () => {
      await opened.pool.query(`INSERT INTO instances (id, seen_at) VALUES ('inst_killed', now() - interval '1 s')`);
      const instances = await Instances.open(opened);
      await instances.beat();
      expect(errors(instances)).toBe(0);
    });
  });

  async function terminateAll(): Promise<void> {
    const client = new pg.Client({ connectionString: database.url, application_name: 'test' });
    await client.connect();
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    await client.end();
  }

  async function retry<T>(work: () => Promise<T>): Promise<T> {
    return work().catch(() => work());
  }
});
