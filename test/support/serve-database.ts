import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { EmbeddedServer } from '../../src/database/embedded/embedded-server.js';
import { migrate } from '../../src/database/migrate.js';

/**
 * The tests' PostgreSQL, in a process of its own: prints the server's URL as its one line, and stops the server when its standard
 * input ends, so even a jest that was killed leaves nothing behind.
 */
const TEMPLATE = 'lazu_template';

/** What a crash of the machine would lose, a test does not need. */
const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '64MB',
  max_connections: '300',
};

const folder = await mkdtemp(join(tmpdir(), 'lazu-test-'));
const server = await EmbeddedServer.start({ dataDir: folder, settings }).catch(async (error: unknown) => {
  await rm(folder, { recursive: true, force: true });
  throw error;
});
const stopped = new Promise(resolve => process.stdin.once('close', resolve).resume());
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined); // Jest decides when it is over.
try {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query(`CREATE DATABASE ${TEMPLATE}`);
  await client.end();
  const template = new URL(server.url);
  template.pathname = TEMPLATE;
  await migrate(template.href);
  process.stdout.write(`${server.url}\n`);
  await stopped;
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
