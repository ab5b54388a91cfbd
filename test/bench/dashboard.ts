// What a dashboard waits for over ten million usage records: `npm run bench:dashboard`. Records and their daily sums are made inside the
// embedded PostgreSQL, then every shape of GET /api/admin/usage, GET /api/usage and GET /api/admin/requests is asked of the service.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CheckpointsService } from '../../src/billing/checkpoints.service.js';
import { LedgerService } from '../../src/billing/ledger.service.js';
import { TiersService } from '../../src/billing/tiers.service.js';
import { loadConfig } from '../../src/config.js';
import { Database } from '../../src/database/database.js';
import { EmbeddedServer } from '../../src/database/embedded/embedded-server.js';
import { PrismaService } from '../../src/database/prisma.service.js';
import { RecordQueue } from '../../src/usage/record-queue.js';
import { UsageService } from '../../src/usage/usage.service.js';
import { dashboards, fill } from '../support/dashboard.js';
import { manyPostings } from '../support/many-postings.js';
import { searches } from '../support/searches.js';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '10000000' },
    days: { type: 'string', default: '90' },
    minutes: { type: 'string', default: '15' },
    /** A folder to keep the database in; filled when it is new. */
    data: { type: 'string' },
  },
});
const [records, days, minutes] = [Number(values.records), Number(values.days), Number(values.minutes)];
const spread = { records, days, accounts: 200, models: 20 };
const ROUNDS = 9;

const dataDir = values.data ?? (await mkdtemp(join(tmpdir(), 'lazu-dashboard-')));
// Filling is not what is measured: it need not survive a power cut.
const settings = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  max_wal_size: '8GB',
  max_parallel_workers_per_gather: '0',
};
const server = await EmbeddedServer.start({ dataDir, settings });
const config = loadConfig({ DATABASE_URL: server.url, BILLING: 'prepaid' });
const database = await Database.open(config);
try {
  const begun = performance.now();
  const { rows } = await database.pool.query('SELECT FROM usage_rollups LIMIT 1');
  if (rows.length === 0) {
    await fill(database, spread, made => {
      process.stderr.write(`\r${made} records in ${Math.round((performance.now() - begun) / 1_000)} s `);
      return performance.now() - begun < minutes * 60_000; // what is there by then is what is measured
    });
    process.stderr.write('\n');
  }
  const [size] = (
    await database.pool.query<Record<string, string>>(`SELECT (SELECT sum(requests) FROM usage_rollups) AS records,
      (SELECT count(*) FROM usage_rollups) AS rollups, pg_size_pretty(pg_database_size(current_database())) AS size`)
  ).rows;
  console.log(`${size!['records']} records, ${size!['rollups']} rollups, ${size!['size']}`);

  const usage = new UsageService(database, new RecordQueue());
  for (const { name, filter, groupings } of dashboards(days))
    await measure(name, () => usage.report(filter, groupings));
  for (const { name, filter } of searches(days)) await measure(`search: ${name}`, () => usage.search(filter));

  const ledger = new LedgerService(new PrismaService(database), new TiersService(config, database));
  const accountId = await manyPostings(database.pool, 200_000);
  await database.pool.query('DELETE FROM ledger_checkpoints');
  await measure('balance of 200,000 postings, no checkpoint', () => ledger.balance(accountId));
  await new CheckpointsService(config, database).run(Date.now() + 3_600_000);
  await measure('balance of 200,000 postings, checkpoint', () => ledger.balance(accountId));
} finally {
  await database.close();
  await server.stop();
  if (values.data === undefined) await rm(dataDir, { recursive: true, force: true });
}

/** ms: the median of nine, and the slowest. */
async function measure(name: string, work: () => Promise<unknown>): Promise<void> {
  await work();
  const took: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now();
    await work();
    took.push(performance.now() - begun);
  }
  console.log(`| ${name} | ${middle(took).toFixed(0)} | ${Math.max(...took).toFixed(0)} |`);
}

function middle(figures: readonly number[]): number {
  return [...figures].sort((one, other) => one - other)[figures.length >> 1]!;
}
